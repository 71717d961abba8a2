import type { Clock, Log } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'

const longestRetryMs = 5 * 60_000

/**
 * Repeats `round` until the signal aborts; a round returns how many ms to wait before the next one. A round that
 * throws is logged with `about` and tried again after 1 s, 2 s, 4 s ... at most 5 min. Never throws.
 */
export function repeatInBackground(
  round: () => Promise<number>,
  { clock, log }: { clock: Clock; log: Log },
  signal: AbortSignal,
  about: Record<string, unknown>,
): void {
  let failures = 0
  const attemptRound = async (): Promise<number> => {
    try {
      const waitMs = await round()
      failures = 0
      return waitMs
    } catch (error) {
      const retryMs = Math.min(longestRetryMs, 1000 * 2 ** failures++)
      if (!signal.aborted) log.error({ ...about, ...describeError(error), retryMs }, 'the trigger failed')
      return retryMs
    }
  }
  const repeat = async (): Promise<void> => {
    while (!signal.aborted) await clock.sleep(await attemptRound(), signal)
  }
  // A round's error ends in attemptRound and sleep only rejects with the abort: nothing is left to report.
  repeat().catch(() => undefined)
}

/** An error as log fields; one that is not of the table is a bug, so its stack is kept. */
export function describeError(error: unknown): Record<string, unknown> {
  if (error instanceof JobsdError) return { code: error.code, error: error.message }
  return { code: 'BUG', error: error instanceof Error ? error.stack : String(error) }
}
