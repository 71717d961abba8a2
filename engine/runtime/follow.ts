/** Reconciles on every hint, and now and then without one. */
import type { ConfigSource } from '../core/contracts/config-source.ts'
import type { Clock, Log } from '../core/contracts/services.ts'
import type { Reconciler } from './reconciler.ts'

export interface Follower {
  /** Reconciles until the signal aborts. Never rejects. */
  follow(signal: AbortSignal): Promise<void>
  /** Asks for a reconcile soon. */
  hint(): void
}

export interface FollowParts {
  source: ConfigSource
  platform: ConfigSource | undefined
  clock: Clock
  log: Log
}

export function createFollower(
  { source, platform, clock, log }: FollowParts,
  reconciler: Reconciler,
): Follower {
  let hinted = false
  let wake: () => void = () => undefined

  function hint(): void {
    hinted = true
    wake()
  }

  /** Watches a source; where that cannot be, rescans alone have to do. */
  async function watch(watched: ConfigSource | undefined): Promise<(() => Promise<void>) | undefined> {
    try {
      return await watched?.watch(hint)
    } catch (error) {
      const reason = (error as Error).message
      const everyS = (watched?.rescanMs ?? 0) / 1000
      log.warn({ source: watched?.description, reason }, `no hints of changes: it is read every ${everyS} s`)
      return undefined
    }
  }

  async function waitForHint(signal: AbortSignal): Promise<void> {
    const woken = new AbortController()
    wake = () => woken.abort()
    // Many engines that were started together do not ask one server in the same moment for ever.
    const forMs = reconciler.restMs() * (0.8 + 0.2 * Math.random())
    await clock.sleep(forMs, AbortSignal.any([signal, woken.signal])).catch(() => undefined)
  }

  return {
    hint,
    async follow(signal) {
      const stops = await Promise.all([watch(source), watch(platform)])
      while (!signal.aborted) {
        hinted = false
        try {
          await reconciler.reconcile(signal)
        } catch (error) {
          const { message: reason, stack } = error as Error
          if (!signal.aborted)
            log.error(
              { source: source.description, reason, stack },
              'it could not be applied: the last good jobs run on',
            )
        }
        if (!hinted && !signal.aborted) await waitForHint(signal)
      }
      for (const stop of stops) await stop?.()
    },
  }
}
