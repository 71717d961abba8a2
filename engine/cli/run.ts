import { type Command, InvalidArgumentError } from 'commander'
import type { ParameterValue } from '../core/model.ts'
import { toRunJson } from '../core/run-json.ts'
import { collectParameter } from './fields.ts'
import { followRuns } from './follow-run.ts'
import type { AddCommand } from './parts.ts'
import { dataFolder } from './parts.ts'
import { homeOf, readSources } from './source-address.ts'
import { addStepsOption, type GivenSteps } from './steps-option.ts'

interface RunOptions extends GivenSteps {
  slot?: string
  callCenter?: string
  dryRun?: boolean
  param?: Record<string, ParameterValue>
  data?: string
  dir?: string
  platform?: string
}

/** `jobsd run JOB`: one run now, progress shown. Exits 1 when a run failed. */
export const addRun: AddCommand = (program, parts, done) => {
  const run = program
    .command('run')
    .summary('run a job now, and show its progress')
    .argument('<job>', 'the job, client/name')
    .option(
      '--slot <instant>',
      'the due moment to run it for, such as 2026-11-22T23:30:00Z; default now',
      toInstant,
    )
    .option('--call-center <name>', 'only this call center')
    .option('--param <name=value>', 'a parameter of the job; give it again for more', collectParameter)
    .option('--dry-run', 'render everything, send nothing')
    .option('--dir <dir>', 'the config repository, where no engine runs; default $JOBSD_REPO or .')
    .option('--platform <dir>', "the operators' documents, where no engine runs")
    .option('--data <dir>', "the engine's data folder; default $JOBSD_DATA or DIR/.jobsd")
  addStepsOption(run, ', where no engine runs').action(
    async (job: string, options: RunOptions, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const { dir, platform, steps } = options
      const sources = readSources({ dir, platform }, parts.env, command)
      const data = dataFolder(options.data, homeOf(sources), parts.env)
      const engine = await parts.connect({ data, sources, needs: 'run', ...(steps && { steps }) })
      try {
        const ids = await engine.run({
          job,
          ...(options.slot && { slot: options.slot }),
          ...(options.callCenter && { callCenter: options.callCenter }),
          ...(options.param && { parameters: options.param }),
          ...(options.dryRun && { dryRun: true }),
        })
        const runs = (await Promise.all(ids.map((id) => followRuns(engine, id, parts)))).flat()
        if (json) parts.print(JSON.stringify({ runs: runs.map(toRunJson) }, null, 2))
        done(runs.some((run) => run.state === 'failed' || run.state === 'cancelled') ? 1 : 0)
      } finally {
        await engine.close()
      }
    },
  )
}

function toInstant(text: string): string {
  const ms = /^\d{4}-\d\d-\d\dT/.test(text) && /(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw new InvalidArgumentError('It is not an instant such as 2026-11-22T23:30:00Z.')
  return new Date(ms).toISOString()
}
