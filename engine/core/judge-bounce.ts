/** What a returned mail is worth: it flags only a recipient of a mail that this engine sent by that connection. */
import type { BounceRecord, ReturnedMail, ReturnedReport } from './contracts/bounces.ts'
import type { DeliveryState, Instant, JobId, Sha256 } from './model.ts'

/** A mail of the engine's own, found by its Message-ID. */
export interface KnownMail {
  /** Of the mail, however a report writes its Message-ID. */
  id: string
  connection: string
  recipients: string[]
  state: DeliveryState
  /** null: an alert mail. */
  run: MailedRun | null
}

/** The run whose mail it was. */
export interface MailedRun {
  id: string
  job: JobId
  client: string
  callCenter: string | null
  slot: Instant
  step: string
  snapshot: Sha256
}

type Judged = Omit<BounceRecord, 'at' | 'connection' | 'source'>

const sentStates: readonly DeliveryState[] = ['sending', 'confirmed', 'in-doubt']

/** `address` is the recipient as it is flagged: lower case. */
export function judgeReport(
  report: ReturnedReport,
  known: KnownMail | undefined,
  connection: string,
): Judged & { address: string; flags: boolean } {
  const { messageId, recipient, original, action, status, diagnostic } = report
  const told = recipient || original
  const address = findRecipient(report, known)
  const run = known?.run ?? null
  const base = { messageId, action, status, diagnostic, runId: null, job: null, step: null }
  const fault = faultOf(report, known, address, connection)
  if (fault !== undefined || address === undefined) {
    const reason = fault ?? ''
    return { ...base, recipient: told, outcome: 'unmatched', reason, address: '', flags: false }
  }
  const isLost = action === 'failed'
  return {
    ...base,
    recipient: address,
    outcome: run === null ? 'alert' : isLost ? 'returned' : 'noted',
    reason: run === null ? reasons.alert : isLost ? '' : notedReasons[action],
    ...(run && { runId: run.id, job: run.job, step: run.step }),
    address,
    flags: isLost,
  }
}

/** What is no report. */
export function setAside({ kind, why }: Exclude<ReturnedMail, { kind: 'report' }>): Judged {
  const nothing = { messageId: '', recipient: '', action: null, status: '', diagnostic: '' }
  return { ...nothing, outcome: kind, reason: why, runId: null, job: null, step: null }
}

const reasons = { alert: 'it is an alert mail, of which no alert is sent' }
const notedReasons = {
  failed: '',
  delayed: 'it is late: its server goes on trying',
  delivered: 'it arrived',
  relayed: 'it was passed on to a server that sends no such reports',
  expanded: 'it arrived at a list, which passed it on',
}

/** Whom we wrote to may not be whom it came back from: an alias stands between the two. */
function findRecipient({ recipient, original }: ReturnedReport, known?: KnownMail): string | undefined {
  const recipients = new Set(known?.recipients.map((each) => each.toLowerCase()))
  return [original, recipient].map((each) => each.toLowerCase()).find((each) => recipients.has(each))
}

function faultOf(
  { messageId }: ReturnedReport,
  known: KnownMail | undefined,
  address: string | undefined,
  connection: string,
): string | undefined {
  if (messageId === '') return 'it does not tell the Message-ID of the mail that came back'
  if (!known) return 'this engine sent no mail of that Message-ID, or has forgotten it'
  if (known.connection !== connection) return `that mail was sent by connection ${known.connection}`
  if (!sentStates.includes(known.state)) return 'that mail was not sent'
  return address === undefined ? 'it names no recipient of that mail' : undefined
}
