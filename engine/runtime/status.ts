/** What is: both axes of every job, never mixed. */
import type { LastRevision } from '../core/contracts/ledger.ts'
import type { Health, Instant, JobId, JobRecord, Reason, Run, SyncState } from '../core/model.ts'
import { nextSlot } from '../core/slots.ts'
import type { ActiveJob } from './trigger-set.ts'

export interface JobStatus {
  job: JobId
  sync: SyncState
  health: Health
  reason: Reason
  /** Why it is Invalid: `file:line:column: message [rule]`; otherwise a sentence or nothing. */
  message: string
  nextRunAt: Instant | null
}

export interface Status {
  revision: { attempted: string | null; applied: string | null; source: string }
  jobs: JobStatus[]
}

/** Pure: from the ledger's records, the jobs in force and each job's newest runs. */
export function describeStatus(
  source: string,
  revision: LastRevision | null,
  records: JobRecord[],
  active: ReadonlyMap<JobId, ActiveJob>,
  latest: Run[],
  nowMs: number,
): Status {
  const present = records.filter((record) => !record.removedAt)
  return {
    revision: { attempted: revision?.attempted ?? null, applied: revision?.applied ?? null, source },
    jobs: present.map((record) =>
      describeJob(
        record,
        active.get(record.job),
        latest.filter((run) => run.job === record.job),
        nowMs,
      ),
    ),
  }
}

function describeJob(record: JobRecord, job: ActiveJob | undefined, runs: Run[], nowMs: number): JobStatus {
  const [health, reason] = healthOf(record, job, runs)
  return {
    job: record.job,
    sync: record.sync,
    health,
    reason: record.sync === 'Invalid' ? (record.snapshot ? 'InvalidManifest' : 'NeverValid') : reason,
    message: record.message,
    nextRunAt: job?.snapshot.manifest.enabled ? nextRunOf(job, nowMs) : null,
  }
}

function healthOf(record: JobRecord, job: ActiveJob | undefined, runs: Run[]): [Health, Reason] {
  if (!record.snapshot) return ['Degraded', 'NeverValid']
  if (job && !job.snapshot.manifest.enabled) return ['Suspended', 'Disabled']
  if (runs.some((run) => run.state === 'queued' || run.state === 'running'))
    return ['Progressing', 'RunInProgress']
  if (runs.some((run) => run.state === 'failed')) return ['Degraded', 'LastRunFailed']
  return ['Healthy', 'Applied']
}

function nextRunOf({ snapshot }: ActiveJob, nowMs: number): Instant | null {
  const slots = snapshot.schedules.flatMap((schedule) => nextSlot(schedule, nowMs)?.at ?? [])
  return slots.length > 0 ? new Date(Math.min(...slots)).toISOString() : null
}
