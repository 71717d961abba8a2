/** What the ledger forgets, and when. */
import type { Instant } from '../model.ts'

/** What is older than these moments goes; what has not ended, and what could start a second run, stays. */
export interface PruneLimits {
  /** Runs that ended, with their steps, files and deliveries; slots, told alerts, versions and syncs of that time. */
  runsBefore: Instant
  /** Events by when they were received. */
  eventsBefore: Instant
  /** The keys by which a due thing is known. */
  duesBefore: Instant
  /** Rows that one call deletes at most. */
  rows: number
}

/** Rows that went. */
export interface Pruned {
  runs: number
  /** Steps, files and deliveries of runs. */
  parts: number
  dues: number
  slots: number
  events: number
  alerts: number
  /** Mails that came back, and those of alerts. */
  bounces: number
  expectations: number
  versions: number
  snapshots: number
  syncs: number
  more: boolean
}
