/** `jobsd bounces`: who does not get their mails, and `--clear` once they do again. */
import type { Command } from 'commander'
import type { BounceRecord, ReturnedRecipient } from '../core/contracts/bounces.ts'
import type { BounceList } from '../runtime/bounces.ts'
import { toOneLine } from './one-line.ts'
import type { AddCommand } from './parts.ts'
import { readEngine } from './parts.ts'
import { whoAsks, withEngine } from './repeat-run.ts'
import { formatTable } from './table.ts'

interface BouncesOptions {
  clear?: string
  connection?: string
  why?: string
  as?: string
  dir?: string
  platform?: string
  data?: string
}

const summary = 'recipients whose mails came back, and the last mails that did'

export const addBounces: AddCommand = (program, parts, done) => {
  program
    .command('bounces')
    .summary(summary)
    .option('--clear <address>', 'take the flag of this recipient away')
    .option('--connection <name>', 'of which mail connection; with --clear')
    .option('--why <text>', 'why; kept with the action and shown by status; with --clear')
    .option('--as <name>', 'who; default $SUDO_USER, or the user of the operating system')
    .option('--dir <dir>', 'the config repository, where no engine runs; default $JOBSD_REPO or .')
    .option('--platform <dir>', "the operators' documents, where no engine runs")
    .option('--data <dir>', "the engine's data folder; default $JOBSD_DATA or ./.jobsd")
    .action(async (options: BouncesOptions, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const { clear: address, connection, why } = options
      if (address === undefined && (connection !== undefined || why !== undefined))
        command.error('error: --connection and --why go with --clear')
      if (address !== undefined && (connection === undefined || why === undefined))
        command.error('error: --clear needs --connection and --why')
      if (address !== undefined && connection !== undefined && why !== undefined) {
        const asked = { ...options, why }
        const who = whoAsks(asked, parts)
        const list = await withEngine(asked, command, parts, async (engine) => {
          await engine.clearBounces({ address, connection, who, why })
          return engine.bounces()
        })
        parts.print(json ? JSON.stringify(list, null, 2) : `${toOneLine(address)} is not flagged any more`)
      } else {
        const list = await readEngine(parts, options.data, (engine) => engine.bounces())
        parts.print(json ? JSON.stringify(list, null, 2) : describeList(list))
      }
      done(0)
    })
}

function describeList({ recipients, last }: BounceList): string {
  return [
    recipients.length > 0 ? describeReturned(recipients) : 'no recipient is flagged',
    ...(last.length > 0 ? [describeLast(last)] : []),
  ].join('\n\n')
}

/** Flagged recipients, as a table. */
export function describeReturned(recipients: readonly ReturnedRecipient[]): string {
  return formatTable(
    ['RETURNED FROM', 'CONNECTION', 'CLIENT', 'MAILS', 'FIRST', 'LAST', 'SERVER'],
    recipients.map(({ address, connection, client, count, firstAt, lastAt, status, diagnostic }) => [
      toOneLine(address),
      connection,
      client || '(alerts)',
      String(count),
      firstAt,
      lastAt,
      toOneLine(diagnostic || status) || '-',
    ]),
  )
}

function describeLast(last: readonly BounceRecord[]): string {
  return formatTable(
    ['CAME IN', 'CONNECTION', 'WHAT', 'RECIPIENT', 'RUN', 'WHY'],
    last.map(({ at, connection, outcome, recipient, runId, reason, diagnostic, status }) => [
      at,
      connection,
      outcome,
      toOneLine(recipient) || '-',
      runId ?? '-',
      toOneLine(reason || diagnostic || status) || '-',
    ]),
  )
}
