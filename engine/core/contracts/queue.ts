/** Dispatch of runs: first come, first served. The ledger is the truth; a queue only says what to look at. */

export interface Queue {
  /** Hands over a run; one that is waiting or worked on already is not queued again. */
  send(runId: string): void
  /** Begins to work: at most `limit` at the same time. A handler that rejects is reported to `onError` and done. */
  work(
    limit: number,
    handler: (runId: string, signal: AbortSignal) => Promise<void>,
    onError: (runId: string, error: unknown) => void,
  ): void
  /** Takes nothing more, gives what is worked on `graceMs`, then aborts it; resolves when all have ended. */
  drain(graceMs: number): Promise<void>
  size(): { waiting: number; working: number }
}
