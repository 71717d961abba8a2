/** What the ledger holds of jobs, slots and runs, read beside the engine. */
import Database from 'better-sqlite3'
import type { Instant, JobId } from '../../engine/core/model.ts'

export interface JobRow {
  id: JobId
  snapshot: string | null
  sync: string
  applied: string | null
}

export interface SlotRow {
  job: JobId
  schedule: string
  at: Instant
  callCenter: string
  outcome: string
  runId: string | null
  /** Of its run. */
  snapshot: string | null
  state: string | null
}

export interface LedgerRows {
  /** Those that were not removed. */
  jobs(): JobRow[]
  /** After one moment up to another. */
  slots(after: Instant, until: Instant): SlotRow[]
  /** One slot's outcome. */
  outcome(job: JobId, schedule: string, at: Instant, callCenter: string): string | undefined
  /** Slots of each job, all in all. */
  countSlots(): Map<JobId, number>
  /** Runs that a dropped file started, by the file's name. */
  fileRuns(): Map<string, number>
  countRuns(): number
  close(): void
}

export function openLedgerRows(file: string): LedgerRows {
  const database = new Database(file, { readonly: true, fileMustExist: true })
  const ofJobs = database.prepare(
    'select id, snapshot, sync, applied_revision as applied from job where removed_at is null order by id',
  )
  const ofSlots = database.prepare(
    `select slot.job, slot.schedule, slot.at, slot.call_center as callCenter, slot.outcome,
       slot.run_id as runId, run.snapshot, run.state
     from slot left join run on run.id = slot.run_id where slot.at > ? and slot.at <= ?`,
  )
  const ofSlot = database.prepare(
    'select outcome from slot where job = ? and schedule = ? and at = ? and call_center = ?',
  )
  const ofCounts = database.prepare('select job, count(*) as count from slot group by job')
  const ofFiles = database.prepare(
    `select json_extract(due.body, '$.file.fileName') as name, count(run.id) as count
     from due join run on run.trigger_type = due.type and run.trigger_key = due.key and run.job = due.job
     where due.type = 'ftp-in' group by name`,
  )
  const ofRuns = database.prepare('select count(*) as count from run')
  return {
    jobs: () => ofJobs.all() as JobRow[],
    slots: (after, until) => ofSlots.all(after, until) as SlotRow[],
    outcome: (...key) => (ofSlot.get(...key) as { outcome: string } | undefined)?.outcome,
    countSlots() {
      const rows = ofCounts.all() as { job: JobId; count: number }[]
      return new Map(rows.map(({ job, count }) => [job, count]))
    },
    fileRuns() {
      const rows = ofFiles.all() as { name: string; count: number }[]
      return new Map(rows.map(({ name, count }) => [name, count]))
    },
    countRuns: () => (ofRuns.get() as { count: number }).count,
    close: () => void database.close(),
  }
}
