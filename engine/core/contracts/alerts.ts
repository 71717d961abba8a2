/** What the ledger keeps of alerts, of failures in a row, and of the moments of `expectBy`. Everything here is plain JSON. */
import type { Instant, JobId, Run } from '../model.ts'
import type { SlotRecord } from './ledger.ts'

/** Whom an alert is for. Alerts of different routes never share a mail. */
export interface AlertRecipients {
  /** `operators`, `client/<client>` or `job/<client>/<name>`. */
  route: string
  /** null: those of the operators' route that is in force when it is sent. */
  to: string[] | null
}

/** How a step's end counts for alerts. */
export interface StepAlert {
  facts: Pick<AlertFacts, 'job' | 'client' | 'callCenter' | 'row' | 'run' | 'step'>
  /** null: nothing is wrong, so that failures in a row may be over. */
  failure: Pick<AlertFacts, 'error' | 'next'> | null
  /** Of failures in a row the first is told, and then every so many. */
  everyNth: number
  /** Who is told beside the operators. */
  copies: AlertRecipients[]
  /** false: it is told whatever came before, and ends nothing. */
  countsInRow: boolean
}

/** Failures of a job and call center in a row, or of a step whose run goes on without it. */
export interface Streak {
  failures: number
  since: Instant
}

/** What is told when a job works again. */
export type RecoveryFacts = StepAlert['facts'] & {
  streak: Streak
  /** Only the step had failed, its runs went on. */
  isStep: boolean
}

/** What is told of a failed step, with the names that its template may use. */
export interface AlertFacts {
  job: { id: JobId; title: string }
  client: { name: string; title: string; timezone: string }
  callCenter: string | null
  /** The key of a fan-out's row; absent where the run is for none. */
  row?: string
  run: { id: string; slot: Instant; revision: string }
  step: { name: string; type: string; attempts: number }
  error: { code: string; message: string; hint: string }
  /** How it goes on, a sentence. */
  next: string
  /** null where it does not count; the failure told is the last one in it. */
  streak: Streak | null
}

/** What the operators are told of anything else than a failed step. */
export interface NoticeFacts {
  /** One word for what it is, with its colour; none: something to know. */
  kind?: 'late' | 'missing' | 'recovered' | 'warning'
  title: string
  /** What happened, sentences. */
  message: string
  facts: { name: string; value: string }[]
  /** One line each, such as problems with their places. */
  list: string[]
  /** How it goes on, or what to do. */
  next: string
}

/** What a step tells people that is no failure. The operators are told too. */
export interface StepNotice {
  facts: NoticeFacts
  /** Who is told beside the operators. */
  copies: AlertRecipients[]
}

export interface AlertRecord {
  id: string
  /** null: it is about no run. */
  runId: string | null
  recipients: AlertRecipients
  /** Tells which template: a failed step's, or that of notices. */
  about: { step: AlertFacts } | { recovery: RecoveryFacts } | { notice: NoticeFacts }
  state: 'pending' | 'sent'
  createdAt: Instant
}

export interface DueWindow {
  job: JobId
  /** Exclusive. */
  after: Instant
  /** Inclusive. */
  until: Instant
  /** The names of the job's schedules. */
  schedules: string[]
}

export interface DueWork {
  /** Their slots are in the window. */
  runs: Run[]
  /** Slots in the window that no run was started for. */
  missed: Pick<SlotRecord, 'schedule' | 'at' | 'callCenter' | 'note'>[]
}

export interface JudgedExpectation {
  job: JobId
  at: Instant
  outcome: 'met' | 'late' | 'missing' | 'skipped' | 'came-late'
  note: string
  /** A late or missing one that is waited for: its end will be recorded and told. */
  isOpen: boolean
  notices: RaisedNotice[]
  now: Instant
}

/** What was waited for came in the end. */
export interface EndedExpectation {
  job: JobId
  at: Instant
  note: string
  notices: RaisedNotice[]
  now: Instant
}

export interface OpenExpectation {
  job: JobId
  at: Instant
  outcome: 'late' | 'missing'
}

export interface RaisedNotice {
  recipients: AlertRecipients
  notice: NoticeFacts
}
