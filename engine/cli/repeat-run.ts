/** What `resend`, `rerun` and `cancel` share: who asks why, and of which engine. */
import type { Command } from 'commander'
import { toRunJson } from '../core/run-json.ts'
import { followRuns } from './follow-run.ts'
import { type CliParts, dataFolder, type EngineClient } from './parts.ts'
import { homeOf, readSources } from './source-address.ts'
import type { GivenSteps } from './steps-option.ts'

export interface AuditedOptions extends GivenSteps {
  why: string
  as?: string
  data?: string
  dir?: string
  platform?: string
}

/** Adds the options that every audited command on a run has. */
export function addAuditedOptions(command: Command): Command {
  return command
    .requiredOption('--why <text>', 'why; kept with the action and shown by runs and status')
    .option('--as <name>', 'who; default $SUDO_USER, or the user of the operating system')
    .option('--dir <dir>', 'the config repository, where no engine runs; default $JOBSD_REPO or .')
    .option('--platform <dir>', "the operators' documents, where no engine runs")
    .option('--data <dir>', "the engine's data folder; default $JOBSD_DATA or DIR/.jobsd")
}

/** Who asks for it, as `--as` or the environment says. */
export function whoAsks({ as }: AuditedOptions, parts: CliParts): string {
  return as ?? (parts.env.SUDO_USER || parts.user())
}

/** Lets `use` act through the running engine, or through a short-lived one. */
export async function withEngine<T>(
  { data, dir, platform, steps }: AuditedOptions,
  command: Command,
  parts: CliParts,
  use: (engine: EngineClient) => Promise<T>,
): Promise<T> {
  const sources = readSources({ dir, platform }, parts.env, command)
  const folder = dataFolder(data, homeOf(sources), parts.env)
  const engine = await parts.connect({ data: folder, sources, needs: 'hold', ...(steps && { steps }) })
  try {
    return await use(engine)
  } finally {
    await engine.close()
  }
}

/** Has `begin` start one run, follows it to its end, and returns the exit code as `run` does. */
export async function repeatRun(
  options: AuditedOptions,
  command: Command,
  parts: CliParts,
  begin: (engine: EngineClient) => Promise<string>,
): Promise<number> {
  const { json } = command.optsWithGlobals<{ json?: boolean }>()
  return withEngine(options, command, parts, async (engine) => {
    const runs = await followRuns(engine, await begin(engine), parts)
    if (json) parts.print(JSON.stringify({ runs: runs.map(toRunJson) }, null, 2))
    return runs.some(({ state }) => state === 'failed' || state === 'cancelled') ? 1 : 0
  })
}
