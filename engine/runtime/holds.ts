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
  apply: (kind: Hold['kind']) => Promise<void>,
): Holds {
  function findJob(job: string): JobId {
    if (!reconciler.jobs().has(job as JobId)) throw unknownJob(job, reconciler.jobs().keys())
    return job as JobId
  }

  async function letGo({ job, who, why }: HoldRequest, kind: Hold['kind']): Promise<void> {
    const wasHeld = await ledger.letGo(job as JobId, kind, audit(who, why, now()))
    if (!wasHeld) throw new JobsdError('BAD_REQUEST', { reason: `${findJob(job)} is not ${kind}` })
    await apply(kind)
  }

  async function suspend({ job, who, why }: HoldRequest): Promise<void> {
    await ledger.hold({ job: findJob(job), kind: 'suspended', pin: null, ...audit(who, why, now()) })
    await apply('suspended')
  }

  async function pin({ job, revision, who, why }: HoldRequest): Promise<{ revision: string }> {
    const id = findJob(job)
    if (reconciler.newest().size === 0) {
      // The pin would end with the next read, whatever that finds.
      const reason =
        'the source could not be read, so nobody can tell which commit will be newer than the pin'
      throw new JobsdError('BAD_REQUEST', { reason })
    }
    const version = await findVersion(id, revision)
    const newest = reconciler.newest().get(id) ?? null
    await ledger.hold({ job: id, kind: 'pinned', pin: { ...version, newest }, ...audit(who, why, now()) })
    await apply('pinned')
    return { revision: version.revision }
  }

  async function findVersion(job: JobId, revision: string | undefined) {
    const running = reconciler.jobs().get(job)
    if (revision === undefined) return { revision: running!.revision, snapshot: running!.snapshot.digest }
    // Of two or three characters nobody knows which revision they meant.
    if (revision.length < 4)
      throw new JobsdError('BAD_REQUEST', { reason: 'a revision is named by four characters at least' })
    const found = await ledger.versionAt(job, revision)
    if (found) return { revision: found.revision, snapshot: found.snapshot }
    const revisions = new Set((await ledger.jobVersions(job)).map((version) => version.revision))
    const known = [...revisions].slice(0, 5).join(', ')
    const reason = `${job} ran nothing at revision ${revision}; its last versions came with ${known}`
    throw new JobsdError('BAD_REQUEST', { reason })
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
