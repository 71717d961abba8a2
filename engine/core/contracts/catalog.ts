/** What a client's pages are made of besides runs and manifests. */
import type { Delivery, Instant, JobId, Run, Sha256 } from '../model.ts'

/** How one run came out, without its details. */
export interface RunOutcome {
  job: JobId
  /** When it began, or was recorded where it has not begun. */
  at: Instant
  state: Run['state']
}

/** A version of a job and when it came into force. */
export interface AppliedVersion {
  job: JobId
  snapshot: Sha256
  at: Instant
}

/** One judged moment of `expectBy`. */
export interface JudgedMoment {
  job: JobId
  at: Instant
  outcome: 'met' | 'late' | 'missing' | 'skipped' | 'came-late'
}

/** All of one client; what is removed or a dry run is left out. */
export interface CatalogFacts {
  /** Since that moment, oldest first. */
  outcomes: RunOutcome[]
  /** Newest first. */
  versions: AppliedVersion[]
  /** The newest of each job. */
  expectations: JudgedMoment[]
  /** When each job was first in force. */
  since: Record<JobId, Instant>
}

/** A delivery that somebody has to look at: it failed or is in doubt, and no repeat of its run by hand ended well. */
export interface TroubledDelivery extends Pick<Delivery, 'runId' | 'step' | 'target' | 'note' | 'at'> {
  job: JobId
  state: 'failed' | 'in-doubt'
}
