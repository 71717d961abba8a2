import type { Command } from 'commander'
import { JobsdError } from '../core/errors.ts'
import { type Explanation, explain, type Question } from '../runtime/explain.ts'
import { toOneLine } from './one-line.ts'
import { type AddCommand, dataFolder } from './parts.ts'

interface ExplainOptions {
  slot?: string
  file?: string
  data?: string
}

/** `jobsd explain JOB`: why it ran or did not, out of the ledger, whether an engine runs or not. */
export const addExplain: AddCommand = (program, parts, done) => {
  program
    .command('explain')
    .summary('why a job ran or did not run for a moment, or for a posted file')
    .argument('<job>', 'the job, client/name')
    .option(
      '--slot <moment>',
      "a due moment: 2026-11-20T18:30 on the schedule's clock, or with Z or an offset",
    )
    .option('--file <path>', 'a posted file, by its path at its connection')
    .option('--data <dir>', "the engine's data folder; default $JOBSD_DATA or ./.jobsd")
    .action(async (job: string, options: ExplainOptions, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const question = readQuestion(options, command)
      const folder = dataFolder(options.data, '.', parts.env)
      const ledger = await parts.openLedger(folder)
      if (!ledger) throw new JobsdError('ENGINE_NOT_RUNNING', { folder })
      try {
        const { whyUnwanted, now } = parts
        const found = await explain({ ledger, whyUnwanted, now }, job, question)
        parts.print(json ? JSON.stringify(found, null, 2) : describeExplanation(found))
        done(0)
      } finally {
        await ledger.close()
      }
    })
}

function readQuestion({ slot, file }: ExplainOptions, command: Command): Question {
  if (slot !== undefined && file === undefined) return { slot }
  if (file !== undefined && slot === undefined) return { file }
  return command.error('error: one of --slot and --file says what is asked')
}

/** Names of files and answers of servers are in it, so each is kept to its line. */
export function describeExplanation({ sentence, evidence }: Explanation): string {
  return [sentence, ...evidence.map(({ text }) => `  ${text}`)].map(toOneLine).join('\n')
}
