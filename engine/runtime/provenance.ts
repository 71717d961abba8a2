/** Where a delivery comes from: artifact → run → snapshot → commit → author → signature. */
import type { CommitFacts } from '../core/contracts/config-source.ts'
import type { Ledger } from '../core/contracts/ledger.ts'
import { JobsdError } from '../core/errors.ts'
import type { DeliveryState, Instant, JobId, Sha256 } from '../core/model.ts'

export interface Provenance {
  run: string
  job: JobId
  deliveries: {
    target: string
    fileName: string | null
    sha256: Sha256 | null
    state: DeliveryState
    at: Instant
  }[]
  snapshot: Sha256
  /** The revision in force when the run began; `commit` is null where it came out of a plain folder. */
  revision: { id: string; commit: CommitFacts | null }
  /** The revision that brought this version of the job into force; null for a run by hand without an engine. */
  changedBy: { id: string; at: Instant; commit: CommitFacts | null } | null
}

/** Throws RUN_UNKNOWN. */
export async function describeProvenance(ledger: Ledger, runId: string): Promise<Provenance> {
  const run = await ledger.run(runId)
  if (!run) throw new JobsdError('RUN_UNKNOWN', { run: runId })
  const versions = await ledger.jobVersions(run.job)
  const version = versions.find(({ snapshot, at }) => snapshot === run.snapshot && at <= run.createdAt)
  const deliveries = run.steps.flatMap((step) => step.deliveries)
  return {
    run: run.id,
    job: run.job,
    deliveries: deliveries.map(({ target, artifact, state, at }) => ({
      target,
      fileName: artifact?.fileName ?? null,
      sha256: artifact?.sha256 ?? null,
      state,
      at,
    })),
    snapshot: run.snapshot,
    revision: { id: run.revision, commit: await ledger.commit(run.revision) },
    changedBy: version
      ? { id: version.revision, at: version.at, commit: await ledger.commit(version.revision) }
      : null,
  }
}
