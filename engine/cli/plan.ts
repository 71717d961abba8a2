import { type Command, Option } from 'commander'
import { loadConfigAside } from '../config/load.ts'
import { createManifestReader } from '../config/manifest-reader.ts'
import type { Plan } from '../core/changes/model.ts'
import { planChanges } from '../core/changes.ts'
import type { ConfigSource, SourceTree } from '../core/contracts/config-source.ts'
import type { AddCommand } from './parts.ts'
import { formatPlanJson } from './plan-json.ts'
import { formatPlanMarkdown } from './plan-markdown.ts'
import { formatPlanText } from './plan-text.ts'
import { incumbentsOf, toPlannedSide } from './planned-side.ts'

const formats = { text: formatPlanText, json: formatPlanJson, markdown: formatPlanMarkdown }

interface PlanSources {
  /** The folder as it is. */
  head: ConfigSource
  /** The same folder at the revision to compare with. */
  readBase(signal: AbortSignal): Promise<SourceTree>
  /** The package's own templates/. */
  standard: ConfigSource
  /** Takes the place of jobs.d/platform on both sides. */
  platform: ConfigSource | undefined
}

interface PlanOptions {
  base: string
  format: keyof typeof formats
  platform?: string
}

/** `jobsd plan [DIR] --base REV`: what the change would do. Exits 1 when the folder as it is has errors. */
export const addPlan: AddCommand = (program, parts, done) => {
  program
    .command('plan')
    .summary('tell what a change would do: jobs, schedules, recipients, targets, problems')
    .argument('[dir]', 'the config repository, in a Git clone', '.')
    .requiredOption('--base <revision>', 'the commit to compare with, such as origin/main')
    .addOption(
      new Option('--format <format>', 'how to print it').choices(Object.keys(formats)).default('text'),
    )
    .option('--platform <dir>', "take the operators' documents from here instead of jobs.d/platform")
    .action(async (dir: string, options: PlanOptions, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const platform = options.platform ?? parts.env.JOBSD_PLATFORM
      const sources: PlanSources = {
        head: parts.source(dir),
        readBase: (signal) => parts.gitTree(dir, options.base, signal),
        standard: parts.standard,
        platform: platform === undefined ? undefined : parts.platform(platform),
      }
      const plan = await readPlan(sources, parts.now().getTime())
      parts.print(formats[json ? 'json' : options.format](plan))
      done(plan.problems.some(({ severity }) => severity === 'error') ? 1 : 0)
    })
}

/** Reads both sides and compares them. Nothing else is read: no ledger, no secret, no network. */
async function readPlan(sources: PlanSources, nowMs: number): Promise<Plan> {
  const { signal } = new AbortController()
  const head = await sources.head.read(signal)
  const [base, standard, platform] = await Promise.all([
    sources.readBase(signal),
    sources.standard.read(signal),
    sources.platform?.read(signal),
  ])
  // One reader for both sides: what did not change is parsed once.
  const options = { standard, reader: createManifestReader(), ...(platform ? { platform } : {}) }
  const before = toPlannedSide(await loadConfigAside(base, options))
  const after = toPlannedSide(await loadConfigAside(head, { ...options, incumbents: incumbentsOf(before) }))
  // Where there was nothing yet, nothing was wrong either.
  const isNew = ![...base.files.keys()].some((path) => path.startsWith('jobs.d/'))
  return planChanges(isNew ? { ...before, problems: [] } : before, after, nowMs)
}
