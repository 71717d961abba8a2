/** Mails that were accepted and came back later, and what is kept of them. Everything here is plain JSON. */
import type { Connection, SmtpConnection } from '../manifest.ts'
import type { Instant, JobId } from '../model.ts'

/** What a delivery status notification says was done for a recipient (RFC 3464, section 2.3.3). */
export type BounceAction = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded'

/** What a returned mail says of one recipient. Whoever can write to the mailbox may have made it up. */
export interface ReturnedReport {
  /** Of the mail that came back, `<...>`; empty where it is not told. */
  messageId: string
  /** Whom the server could not give it to; empty where it is not told. */
  recipient: string
  /** Whom it was first meant for; empty where it is not told. */
  original: string
  action: BounceAction
  /** `5.1.1`; empty where it is not told. */
  status: string
  /** The server's words: one line of at most 300 characters, no secret in it. */
  diagnostic: string
}

/** What a returned mail turned out to be. `other`: a mail, but no delivery status, such as an absence note. */
export type ReturnedMail =
  | { kind: 'report'; reports: ReturnedReport[] }
  | { kind: 'other' | 'unreadable'; why: string }

/** Reads a returned mail's bytes, or the first of them. Never throws for what is in them. */
export type ReadReturnedMail = (bytes: Uint8Array) => Promise<ReturnedMail>

/** A returned mail as it came in. */
export interface GivenBounces {
  /** The mail connection whose mailbox or hook it came by. */
  connection: string
  source: 'mailbox' | 'hook'
  /** Stands for its content: what is no report is known by it. */
  digest: string
  mail: ReturnedMail
}

/**
 * returned: it flags the recipient · noted: it was late, or arrived after all · alert: an alert mail came back ·
 * unmatched: no mail of this engine's to that recipient · other, unreadable: see ReturnedMail.
 */
export type BounceOutcome = 'returned' | 'noted' | 'alert' | 'unmatched' | 'other' | 'unreadable'

/** A returned mail's part for one recipient, as the ledger has it. */
export interface BounceRecord extends Omit<ReturnedReport, 'original' | 'action'> {
  at: Instant
  connection: string
  source: GivenBounces['source']
  outcome: BounceOutcome
  /** Why it flags nobody, a sentence; empty where it does. */
  reason: string
  /** null where it is no report. */
  action: BounceAction | null
  /** The run whose mail it was; null where it is none's. */
  runId: string | null
  job: JobId | null
  step: string | null
}

/** A recipient whose mails came back, until somebody clears it. Mails to it are sent as before. */
export interface ReturnedRecipient {
  connection: string
  /** Lower case. */
  address: string
  /** Whose mails; empty for alerts. */
  client: string
  /** How many mails came back. */
  count: number
  firstAt: Instant
  lastAt: Instant
  status: string
  /** The server's words of the last one. */
  diagnostic: string
}

/** One recipient of a delivered mail that came back. */
export interface ReturnedFrom {
  address: string
  status: string
  diagnostic: string
  at: Instant
}

/** What came of a returned mail: new records only, those that were known are left out. */
export interface RecordedBounces {
  records: BounceRecord[]
  /** Parts that were recorded before. */
  known: number
}

/** Takes a recipient's flag away, of every client. */
export interface ClearRequest {
  address: string
  connection: string
  who: string
  why: string
}

/** Where a mail connection's returned mails come in, as it is in force. */
export interface BounceWatch {
  connection: SmtpConnection
  /** The folder or sftp connection of its mailbox; null where it has none. */
  mailbox: Connection | null
}
