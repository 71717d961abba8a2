import { type Command, InvalidArgumentError } from 'commander'
import { toRunJson } from '../core/run-json.ts'
import type { AddCommand, EngineClient } from './parts.ts'
import { readEngine } from './parts.ts'
import { describeProvenance } from './provenance-words.ts'
import { describeRun, describeRuns } from './run-words.ts'

interface RunsOptions {
  job?: string
  limit: number
  provenance?: boolean
  data?: string
}

/** `jobsd runs [ID]`: what was. */
export const addRuns: AddCommand = (program, parts, done) => {
  program
    .command('runs')
    .summary('what was: the last runs, or one with its steps and deliveries')
    .argument('[id]', 'a run')
    .option('--job <job>', 'only this job, client/name')
    .option('--limit <n>', 'how many', toCount, 20)
    .option('--provenance', 'of one run: what was delivered, because of whose commit, and who signed it')
    .option('--data <dir>', "the engine's data folder; default $JOBSD_DATA or ./.jobsd")
    .action(async (id: string | undefined, options: RunsOptions, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      if (options.provenance && id === undefined) command.error('error: --provenance needs the id of a run')
      const text = await readEngine(parts, options.data, (engine) => read(engine, id, options, json ?? false))
      parts.print(text)
      done(0)
    })
}

async function read(
  engine: EngineClient,
  id: string | undefined,
  { job, limit, provenance }: RunsOptions,
  json: boolean,
): Promise<string> {
  if (id !== undefined && provenance) {
    const found = await engine.provenance(id)
    return json ? JSON.stringify(found, null, 2) : describeProvenance(found)
  }
  if (id !== undefined) {
    const run = await engine.runDetail(id)
    return json
      ? JSON.stringify({ runs: [toRunJson(run)] }, null, 2)
      : describeRun(run, await engine.repeats(id))
  }
  const runs = await engine.runs({ ...(job && { job }), limit })
  return json ? JSON.stringify({ runs: runs.map(toRunJson) }, null, 2) : describeRuns(runs)
}

function toCount(text: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(text)) throw new InvalidArgumentError('It is not a number from 1 to 99999.')
  return Number(text)
}
