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
  const late = new AbortController()
  const done = new AbortController()
  const signal = AbortSignal.any([late.signal, outer])
  const timer = clock.sleep(timeoutMs, done.signal).then(
    () => late.abort(describeLate()),
    () => undefined,
  )
  const running = work(signal)
  try {
    return await Promise.race([running, whenAborted(signal, clock, done.signal)])
  } catch (error) {
    // Whatever a library makes of the abort, its cause is what happened.
    throw signal.aborted ? signal.reason : error
  } finally {
    done.abort(over)
    await timer
    running.catch(() => undefined) // Settled above, or given up on after its grace.
  }
}

/** Rejects once the signal has aborted and the work had its grace to clean up. */
function whenAborted(signal: AbortSignal, clock: Clock, done: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener(
      'abort',
      () => {
        clock.sleep(graceMs, done).then(
          () => reject(signal.reason),
          () => undefined,
        )
      },
      { once: true },
    )
  })
}
