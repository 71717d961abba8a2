/** What operators hold against the source: suspend and resume, pin and unpin. */
import { checkAuditText } from '../core/audit-text.ts'
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Audit, Hold } from '../core/contracts/sync.ts'
import { JobsdError } from '../core/errors.ts'
import type { JobId } from '../core/model.ts'
import { unknownJob } from '../core/unknown-job.ts'
import type { Reconciler } from './reconciler.ts'

/** Something to be done to a job by hand; `revision` only of a pin. */
export interface HoldRequest {
  job: string
  revision?: string
  who: string
  why: string
}

export interface Holds {
  /** Nothing but runs by hand begins until it is resumed. Throws JOB_UNKNOWN, BAD_REQUEST. */
  suspend(request: HoldRequest): Promise<void>
  resume(request: HoldRequest): Promise<void>
  /** What runs, or ran at the revision, goes on until a newer commit touches the job. */
  pin(request: HoldRequest): Promise<{ revision: string }>
  unpin(request: HoldRequest): Promise<void>
}

/** `apply` puts a new hold in force where jobs are watched. */
export function createHolds(
  ledger: Ledger,
  reconciler: Pick<Reconciler, 'jobs' | 'newest'>,
  now: () => string,
  apply: (kind: Hold['kind'], job: JobId) => Promise<void>,
): Holds {
  function findJob(job: string): JobId {
    if (!reconciler.jobs().has(job as JobId)) throw unknownJob(job, reconciler.jobs().keys())
    return job as JobId
  }

  async function letGo({ job, who, why }: HoldRequest, kind: Hold['kind']): Promise<void> {
    const wasHeld = await ledger.letGo(job as JobId, kind, audit(who, why, now()))
    if (!wasHeld) throw new JobsdError('BAD_REQUEST', { reason: `${findJob(job)} is not ${kind}` })
    await apply(kind, job as JobId)
  }

  async function suspend({ job, who, why }: HoldRequest): Promise<void> {
    await ledger.hold({ job: findJob(job), kind: 'suspended', pin: null, ...audit(who, why, now()) })
    await apply('suspended', job as JobId)
  }

  async function pin({ job, revision, who, why }: HoldRequest): Promise<{ revision: string }> {
    const id = findJob(job)
    const version = await findVersion(id, revision)
    const newest = reconciler.newest().get(id) ?? null
    await ledger.hold({ job: id, kind: 'pinned', pin: { ...version, newest }, ...audit(who, why, now()) })
    await apply('pinned', id)
    return { revision: version.revision }
  }

  async function findVersion(job: JobId, revision: string | undefined) {
    const running = reconciler.jobs().get(job)
    if (revision === undefined) return { revision: running!.revision, snapshot: running!.snapshot.digest }
    // Of two or three characters nobody knows which revision they meant.
    if (revision.length < 4)
      throw new JobsdError('BAD_REQUEST', { reason: 'a revision is named by four characters at least' })
    const meant = await ledger.revisionsLike(revision)
    if (meant.length > 1) {
      const listed = meant.slice(0, 5).join(', ')
      throw new JobsdError('BAD_REQUEST', {
        reason: `${revision} may be one of several revisions: ${listed}`,
      })
    }
    const found = meant[0] === undefined ? undefined : await ledger.versionAt(job, meant[0])
    if (!found) throw await refuseRevision(job, revision)
    const [snapshot] = await ledger.snapshots([found.snapshot])
    if (snapshot?.job !== job) {
      const reason = `${job} was called ${snapshot?.job} at revision ${revision}: it cannot be pinned to that name`
      throw new JobsdError('BAD_REQUEST', { reason })
    }
    return { revision: found.revision, snapshot: found.snapshot }
  }

  async function refuseRevision(job: JobId, revision: string): Promise<JobsdError> {
    const revisions = new Set((await ledger.jobVersions(job)).map((version) => version.revision))
    const known = [...revisions].slice(0, 5).join(', ')
    const reason = `${job} ran nothing at revision ${revision}; its last versions came with ${known}`
    return new JobsdError('BAD_REQUEST', { reason })
  }

  return {
    suspend,
    resume: (request) => letGo(request, 'suspended'),
    pin,
    unpin: (request) => letGo(request, 'pinned'),
  }
}

function audit(who: string, why: string, at: string): Audit {
  return { who: checkAuditText('who', who), why: checkAuditText('why', why), at }
}
