/** What the ledger keeps of reconciles, and of what operators hold. Everything here is plain JSON. */
import type { ClientPolicy, Connection, Settings } from '../manifest.ts'
import type { Instant, JobId, MailTemplate, Sha256, Snapshot } from '../model.ts'
import type { BounceWatch } from './bounces.ts'
import type { CommitFacts } from './config-source.ts'

/** One job's part of a reconcile. */
export interface JobChange {
  job: JobId
  /** null: the record keeps the snapshot that it has. */
  snapshot: Snapshot | null
  /** Invalid: it did not compile. OutOfSync: something other than the newest version runs, on purpose. */
  sync: 'Synced' | 'OutOfSync' | 'Invalid'
  message: string
  /** The revision that the snapshot came with; default the one that is applied. */
  revision?: string
  /** The job whose history and debts it takes over. */
  renamedFrom?: JobId
}

/** Where alerts go, and by which templates; one that is missing or broken is not there. */
export interface AlertRoute {
  settings: Settings
  connection: Connection
  templates: Record<string, MailTemplate>
}

/** What the operators keep apart from any job; each part is the last one that was good. */
export interface OperatorFacts {
  settings: Settings | null
  /** Where alerts go. */
  route: AlertRoute | null
  policies: ClientPolicy[]
  /** Where returned mails come in; absent of facts from before there were any. */
  bounces?: BounceWatch[]
}

/** How many jobs a reconcile found in which state. */
export interface SyncCounts {
  added: number
  changed: number
  renamed: number
  removed: number
  /** Gone from the source, but run on: a guard holds their removal. */
  kept: number
  invalid: number
  unchanged: number
}

/** Why a sync is not simply applied. A closed set. */
export type SyncReason =
  | 'Applied'
  | 'InvalidManifests'
  | 'RemovalsHeld'
  | 'NoJobs'
  | 'SourceUnreachable'
  | 'SourceRefused'
  | 'BranchMissing'
  | 'PathMissing'
  | 'SourceTooLarge'
  | 'CommitUntrusted'
  | 'PlatformUntrusted'
  | 'NotFastForward'
  | 'ReadFailed'

/** One attempt to make a revision what runs. */
export interface Sync {
  /** null: the source could not be read. */
  revision: string | null
  /** applied: all of it; partly: but for what its reason says; refused, unread: nothing changed. */
  outcome: 'applied' | 'partly' | 'refused' | 'unread'
  reason: SyncReason
  /** What is wrong, a sentence; empty where nothing is. */
  message: string
  counts: SyncCounts
  /** Of a Git source. */
  commit: CommitFacts | null
  startedAt: Instant
  endedAt: Instant
  /** From the begin of reading to all of it being safe in the ledger; of a repeated one the last. */
  durationMs: number
  /** How many times in a row the same was found. */
  times: number
}

/** A reconcile that changes what runs, all of it in one transaction. */
export interface Applied {
  revision: string
  /** Only jobs whose record changes; every other job that is in sync moves on to the revision with it. */
  changes: JobChange[]
  removed: JobId[]
  /** Pins that the revision ends. */
  ended: Hold[]
  operators: OperatorFacts
  sync: Sync
}

/** A job's version and when it came into force. */
export interface JobVersion {
  job: JobId
  revision: string
  snapshot: Sha256
  at: Instant
}

/** Who did something by hand, and why. */
export interface Audit {
  who: string
  why: string
  at: Instant
}

/** Something that people did by hand, in the order in which it happened. */
export interface Action extends Audit {
  /** suspend, resume, pin, unpin ... */
  name: string
  /** A job, a run, or `<connection>:<address>`. */
  subject: string
}

/** What an operator holds against what the source says, until it is let go. */
export interface Hold extends Audit {
  job: JobId
  kind: 'suspended' | 'pinned'
  /** What a pinned job runs, and what the source had when it was pinned: a newer version ends the pin. */
  pin: { revision: string; snapshot: Sha256; newest: Sha256 | null } | null
}
