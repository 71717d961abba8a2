/** One attempt of one step: ended by its timeout or the engine's stop, whichever comes first. */
import type { Clock } from '../core/contracts/services.ts'
import type { JobsdError } from '../core/errors.ts'

/** How long an attempt that was told to stop may take to do so. */
const graceMs = 5_000

/** Made once: an abort without a reason makes an error each time. */
const over = new Error('the attempt is over')

/** Runs `work` with a signal that aborts after `timeoutMs` (then `late()` is thrown) or with `outer` (then its reason). */
export async function attempt<T>(
  { timeoutMs, late: describeLate }: { timeoutMs: number; late(): JobsdError },
  clock: Clock,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer.throwIfAborted()
  const stop = new AbortController()
  const done = new AbortController()
  const result = Promise.withResolvers<T>()
  /** The work is told, and has its grace to clean up. */
  const end = (reason: unknown): void => {
    if (stop.signal.aborted) return
    stop.abort(reason)
    clock.sleep(graceMs, done.signal).then(
      () => result.reject(reason),
      () => undefined,
    )
  }
  const endWithOuter = () => end(outer.reason)
  outer.addEventListener('abort', endWithOuter, { once: true })
  const timer = clock.sleep(timeoutMs, done.signal).then(
    () => end(describeLate()),
    () => undefined,
  )
  // Given up on after its grace, it settles for nobody.
  work(stop.signal).then(result.resolve, result.reject)
  try {
    return await result.promise
  } catch (error) {
    // Whatever a library makes of the abort, its cause is what happened.
    throw stop.signal.aborted ? stop.signal.reason : error
  } finally {
    outer.removeEventListener('abort', endWithOuter)
    done.abort(over)
    await timer
  }
}
