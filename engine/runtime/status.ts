/** What is: both axes of every job, never mixed. */
import type { ReturnedRecipient } from '../core/contracts/bounces.ts'
import type { KnownEvent, LastRevision, Ledger, WaitingStep } from '../core/contracts/ledger.ts'
import type { Action, Hold, Sync, SyncReason } from '../core/contracts/sync.ts'
import type { Health, Instant, JobId, JobRecord, Reason, Run, SyncState } from '../core/model.ts'
import { nextSlot } from '../core/slots.ts'
import { describeUncoded, type StepCodes } from './step-codes.ts'
import type { ActiveJob } from './trigger-set.ts'

export interface JobStatus {
  job: JobId
  sync: SyncState
  health: Health
  reason: Reason
  /** Why it is Invalid: `file:line:column: message [rule]`; otherwise sentences, as on what its runs wait for, or nothing. */
  message: string
  nextRunAt: Instant | null
  lastAttemptedRevision: string
  lastAppliedRevision: string | null
  holds: Pick<Hold, 'kind' | 'who' | 'why' | 'at'>[]
}

export interface Status {
  revision: { attempted: string | null; applied: string | null; source: string }
  /** The source as of the last look at it. */
  source: {
    /** Whether the last look at it could read it and nothing of it was refused. */
    ok: boolean
    reason: SyncReason | null
    message: string
    /** When it could last be read; null: never. */
    lastReadAt: Instant | null
  }
  /** The last ones, newest first. */
  syncs: Sync[]
  jobs: JobStatus[]
  /** Jobs that are gone from the source; their history stays. */
  removed: { job: JobId; at: Instant }[]
  /** What people did last, newest first. */
  actions: Action[]
  /** Events of the last 30 days that started nothing, newest first; at most 20. */
  unusedEvents: UnusedEvent[]
  /** Recipients whose mails came back, until somebody clears them; the newest 100. */
  returned: ReturnedRecipient[]
}

export type UnusedEvent = Pick<
  KnownEvent,
  'client' | 'source' | 'id' | 'type' | 'receivedAt' | 'outcome' | 'note'
>

export interface StatusFacts {
  sources: string[]
  revision: LastRevision | null
  records: JobRecord[]
  active: ReadonlyMap<JobId, ActiveJob>
  held: readonly Hold[]
  /** Each job's newest runs. */
  latest: Run[]
  /** What runs wait for. */
  waits?: readonly WaitingStep[]
  /** Newest first. */
  syncs: Sync[]
  /** Newest first. */
  actions: Action[]
  /** Newest first. */
  unused: KnownEvent[]
  returned?: ReturnedRecipient[]
  readMs: number | null
  /** Without it no job is told to lack code. */
  stepCodes?: StepCodes
}

/** Syncs and actions that are shown. */
const shown = 20
const shownReturned = 100
const unusedMs = 30 * 86_400_000

/** Reads what the ledger knows, and describes it with what is in force. */
export async function readStatus(
  ledger: Ledger,
  facts: Pick<StatusFacts, 'sources' | 'active' | 'held' | 'readMs' | 'stepCodes'>,
  nowMs: number,
): Promise<Status> {
  const since = new Date(nowMs - unusedMs).toISOString()
  const [revision, records, latest, waits, syncs, actions, unused, returned] = await Promise.all([
    ledger.lastRevision(),
    ledger.jobs(),
    ledger.latestRuns(),
    ledger.waitingSteps(),
    ledger.syncs(shown),
    ledger.actions({ limit: shown }),
    ledger.events({ unused: true, since, limit: shown }),
    ledger.returnedRecipients(),
  ])
  const read = { revision, records, latest, waits, syncs, actions, unused, returned }
  return describeStatus({ ...facts, ...read }, nowMs)
}

/** Pure: from the ledger's records, the jobs in force and each job's newest runs. */
export function describeStatus(facts: StatusFacts, nowMs: number): Status {
  const { sources, revision, records, active, held, latest, syncs, actions, unused, readMs, stepCodes } =
    facts
  const [last] = syncs
  const runs = Map.groupBy(latest, ({ job }) => job)
  const holds = Map.groupBy(held, ({ job }) => job)
  const waits = Map.groupBy(facts.waits ?? [], ({ job }) => job)
  return {
    revision: {
      attempted: last?.revision ?? revision?.attempted ?? null,
      applied: revision?.applied ?? null,
      source: sources.join(' + '),
    },
    source: {
      ok: last?.outcome === 'applied' || last?.outcome === 'partly',
      reason: last?.reason ?? null,
      message: last?.message ?? '',
      lastReadAt: readMs === null ? null : new Date(readMs).toISOString(),
    },
    syncs,
    jobs: records
      .filter((record) => !record.removedAt)
      .map((record) =>
        describeJob(
          record,
          active.get(record.job),
          runs.get(record.job) ?? [],
          holds.get(record.job) ?? [],
          waits.get(record.job) ?? [],
          stepCodes,
          nowMs,
        ),
      ),
    returned: (facts.returned ?? []).slice(0, shownReturned),
    removed: records.flatMap(({ job, removedAt }) => (removedAt ? [{ job, at: removedAt }] : [])),
    actions,
    unusedEvents: unused.map(({ client, source, id, type, receivedAt, outcome, note }) => ({
      client,
      source,
      id,
      type,
      receivedAt,
      outcome,
      note,
    })),
  }
}

function describeJob(
  record: JobRecord,
  job: ActiveJob | undefined,
  runs: Run[],
  holds: Hold[],
  waits: readonly WaitingStep[],
  stepCodes: StepCodes,
  nowMs: number,
): JobStatus {
  const uncoded = job ? describeUncoded(job.snapshot, stepCodes) : ''
  const [health, reason] = healthOf(record, job, runs, holds, uncoded !== '')
  const isSuspended = holds.some(({ kind }) => kind === 'suspended')
  return {
    job: record.job,
    sync: record.sync,
    health,
    reason: syncReason(record, holds) ?? reason,
    message: record.message || [holdWords(holds), uncoded, waitWords(waits)].filter(Boolean).join('; '),
    nextRunAt: job?.snapshot.manifest.enabled && !isSuspended ? nextRunOf(job, nowMs) : null,
    lastAttemptedRevision: record.attemptedRevision,
    lastAppliedRevision: record.appliedRevision,
    holds: holds.map(({ kind, who, why, at }) => ({ kind, who, why, at })),
  }
}

/** What the source and the job have between them comes before how its runs went. */
function syncReason(record: JobRecord, holds: Hold[]): Reason | undefined {
  if (record.sync === 'Invalid') return record.snapshot ? 'InvalidManifest' : 'NeverValid'
  if (record.sync === 'Synced') return undefined
  return holds.some(({ kind }) => kind === 'pinned') ? 'PinnedByHand' : 'RemovalHeld'
}

function holdWords(holds: Hold[]): string {
  return holds.map(({ kind, who, why }) => `${kind} by ${who}: ${why}`).join('; ')
}

const shownWaits = 3

/** `dallas: await waits for ...`; of many runs the oldest. */
function waitWords(waits: readonly WaitingStep[]): string {
  const told = waits.slice(0, shownWaits).map(({ callCenter, name, note }) => {
    return `${callCenter === null ? '' : `${callCenter}: `}${name} ${note}`
  })
  const more = waits.length - told.length
  return [...told, ...(more > 0 ? [`${more} more wait`] : [])].join('; ')
}

function healthOf(
  record: JobRecord,
  job: ActiveJob | undefined,
  runs: Run[],
  holds: Hold[],
  isUncoded: boolean,
): [Health, Reason] {
  if (!record.snapshot) return ['Degraded', 'NeverValid']
  if (holds.some(({ kind }) => kind === 'suspended')) return ['Suspended', 'SuspendedByHand']
  if (job && !job.snapshot.manifest.enabled) return ['Suspended', 'Disabled']
  if (runs.some((run) => run.state === 'queued' || run.state === 'running'))
    return ['Progressing', 'RunInProgress']
  if (isUncoded) return ['Degraded', 'StepCodeMissing']
  if (runs.some((run) => run.state === 'failed')) return ['Degraded', 'LastRunFailed']
  return ['Healthy', 'Applied']
}

function nextRunOf({ snapshot }: ActiveJob, nowMs: number): Instant | null {
  const slots = snapshot.schedules.flatMap((schedule) => nextSlot(schedule, nowMs)?.startsAt ?? [])
  return slots.length > 0 ? new Date(Math.min(...slots)).toISOString() : null
}
