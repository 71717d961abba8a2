/** Dispatch of runs. The ledger is the truth; a queue only says what to work on, in which order, and how many at once. */
import type { Instant } from '../model.ts'

/** What a queue must know of a run that has not ended. */
export interface QueuedRun {
  id: string
  client: string
  dueAt: Instant
  createdAt: Instant
  /** Of its group the smallest limit that a run of it gives holds. */
  group: { name: string; limit: number } | null
  /** It was worked on before, so it holds its group's place already. */
  hasBegun: boolean
  /** Those that its current step uses, by name. */
  connections: string[]
}

/** How many runs at once: of all, of a client, and of those whose current step uses a connection. */
export interface LaneLimits {
  runs: number
  /** undefined: no own limit. */
  runsPerClient?: number | undefined
  runsPerConnection?: number | undefined
}

/** A run that has its lanes and is about to be recorded as begun. */
export interface Admission {
  /** It is recorded: it is worked on. */
  begin(): void
  /** It is not: all that it held is free. */
  withdraw(): void
}

/**
 * A run waits until every lane that it needs has room. Within a client the run that was due first begins first; one that
 * is held up by its group or connection holds up no other. Clients take turns.
 */
export interface Queue {
  /** Hands over a run; one that is waiting is not queued again, one that is worked on is, once that has ended. */
  send(run: QueuedRun): void
  /**
   * Takes the lanes of a run of no group that is new and would begin at once, before it is recorded; undefined where it
   * would have to wait, nothing changed then. What is admitted is worked on as far as `drain` and `end` are concerned.
   */
  admit(run: QueuedRun): Admission | undefined
  /**
   * Begins to work. A handler that rejects is reported to `onError` and done. When it has settled, the run gives back its
   * lanes, but not its group's place.
   */
  work(
    limits: LaneLimits,
    handler: (run: QueuedRun, signal: AbortSignal) => Promise<void>,
    onError: (runId: string, error: unknown) => void,
  ): void
  /** Other limits from now on; what is worked on goes on. */
  limit(limits: LaneLimits): void
  /** A run that is worked on goes on to a step of these connections; false where they have no room, nothing changed then. */
  move(runId: string, connections: string[]): boolean
  /**
   * All that is left of the run is to record its end: it gives back its lanes, but not its group's place, so that who
   * comes next can be recorded in the same transaction.
   */
  release(runId: string): void
  /** The run has ended: all that it held is free. With a `reason` whoever works on it is told by its signal. */
  end(runId: string, reason?: Error): void
  /** Gives up on whoever works on the run: aborts its signal and gives back its lanes, whatever becomes of the handler. */
  abandon(runId: string, reason: Error): void
  /** The runs of a group that have not ended. */
  members(group: string): string[]
  /** Takes nothing more, gives what is worked on `graceMs`, then aborts it; resolves when all have ended. */
  drain(graceMs: number): Promise<void>
  size(): { waiting: number; working: number }
}
