import { type Command, InvalidArgumentError } from 'commander'
import type { AddCommand } from './parts.ts'
import { readEngine } from './parts.ts'
import { describeRun, describeRuns, toRunJson } from './run-words.ts'

/** `jobsd runs [ID]`: what was. */
export const addRuns: AddCommand = (program, parts, done) => {
  program
    .command('runs')
    .summary('what was: the last runs, or one with its steps and deliveries')
    .argument('[id]', 'a run')
    .option('--job <job>', 'only this job, client/name')
    .option('--limit <n>', 'how many', toCount, 20)
    .option('--data <dir>', "the engine's data folder; default $JOBSD_DATA or ./.jobsd")
    .action(
      async (
        id: string | undefined,
        options: { job?: string; limit: number; data?: string },
        command: Command,
      ) => {
        const { json } = command.optsWithGlobals<{ json?: boolean }>()
        const runs = await readEngine(parts, options.data, async (engine) =>
          id
            ? [await engine.runDetail(id)]
            : engine.runs({ ...(options.job && { job: options.job }), limit: options.limit }),
        )
        const [only] = runs
        if (json) parts.print(JSON.stringify({ runs: runs.map(toRunJson) }, null, 2))
        else parts.print(id && only ? describeRun(only) : describeRuns(runs))
        done(0)
      },
    )
}

function toCount(text: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(text)) throw new InvalidArgumentError('It is not a number from 1 to 99999.')
  return Number(text)
}
