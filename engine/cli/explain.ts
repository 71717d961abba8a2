import type { Command } from 'commander'
import { JobsdError } from '../core/errors.ts'
import { type Explanation, explain, type Question } from '../runtime/explain.ts'
import type { LiveLook } from '../runtime/look-at-file.ts'
import { toOneLine } from './one-line.ts'
import { type AddCommand, type CliParts, dataFolder } from './parts.ts'

interface ExplainOptions {
  slot?: string
  file?: string
  event?: string
  data?: string
}

/** `jobsd explain JOB`: why it ran or did not, out of the ledger; where an engine runs it looks at drop folders, too. */
export const addExplain: AddCommand = (program, parts, done) => {
  program
    .command('explain')
    .summary('why a job ran or did not run for a moment, a posted file or an event')
    .argument('<job>', 'the job, client/name')
    .option(
      '--slot <moment>',
      "a due moment: 2026-11-20T18:30 on the schedule's clock, or with Z or an offset",
    )
    .option('--file <path>', 'a posted file, by its path at its connection')
    .option('--event <id>', 'an event of the client, by its id')
    .option('--data <dir>', "the engine's data folder; default $JOBSD_DATA or ./.jobsd")
    .action(async (job: string, options: ExplainOptions, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const question = readQuestion(options, command)
      const folder = dataFolder(options.data, '.', parts.env)
      const ledger = await parts.openLedger(folder)
      if (!ledger) throw new JobsdError('ENGINE_NOT_RUNNING', { folder })
      try {
        const { whyUnwanted, now } = parts
        const lookAtFile = (of: string, path: string) => askEngine(parts, folder, of, path)
        const found = await explain({ ledger, whyUnwanted, now, lookAtFile }, job, question)
        parts.print(json ? JSON.stringify(found, null, 2) : describeExplanation(found))
        done(0)
      } finally {
        await ledger.close()
      }
    })
}

/** What the running engine finds at that path of the job's drop folders; without one nobody looks. */
async function askEngine(parts: CliParts, data: string, job: string, path: string): Promise<LiveLook> {
  const client = await parts.connect({ data, needs: 'read' })
  try {
    if (client.isRunning && client.lookAtFile) return await client.lookAtFile(job, path)
  } catch (error) {
    // Such as a job that is in force no more: what the ledger holds is told all the same.
    if (!(error instanceof JobsdError)) throw error
    return {
      at: parts.now().toISOString(),
      sentence: null,
      facts: [`nobody looked at its server: ${error.message}`],
    }
  } finally {
    await client.close()
  }
  const facts = ['no engine runs, so nobody looked whether it lies there now']
  return { at: parts.now().toISOString(), sentence: null, facts }
}

function readQuestion({ slot, file, event }: ExplainOptions, command: Command): Question {
  const asked = [
    ...(slot === undefined ? [] : [{ slot }]),
    ...(file === undefined ? [] : [{ file }]),
    ...(event === undefined ? [] : [{ event }]),
  ]
  const [question] = asked
  if (asked.length === 1 && question) return question
  return command.error('error: one of --slot, --file and --event says what is asked')
}

/** Names of files and answers of servers are in it, so each is kept to its line. */
export function describeExplanation({ sentence, evidence }: Explanation): string {
  return [sentence, ...evidence.map(({ text }) => `  ${text}`)].map(toOneLine).join('\n')
}
