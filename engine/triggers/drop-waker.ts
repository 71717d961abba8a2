import type { Clock } from '../core/contracts/services.ts'

/** However often a folder changes, it is listed no more than about ten times a second, and a tenth of the time. */
const leastGapMs = 100
const gapFactor = 9

export interface Waker {
  /** Whose sleep a hint cuts short. */
  clock: Clock
  /** Brings the next look forward. */
  wake(): void
  /** Looks, and returns how long it is until the next poll. `isPoll`: it was its turn. */
  round(look: (isPoll: boolean) => Promise<void>): Promise<number>
}

export function createWaker(clock: Clock, everyMs: number): Waker {
  const nowMs = () => clock.now().getTime()
  let awake = new AbortController()
  let pollAtMs = Number.NEGATIVE_INFINITY
  let readyAtMs = Number.NEGATIVE_INFINITY

  async function sleep(ms: number, signal: AbortSignal): Promise<void> {
    const woken = awake.signal
    try {
      await clock.sleep(ms, AbortSignal.any([signal, woken]))
    } catch (error) {
      if (signal.aborted || !woken.aborted) throw error
      const restMs = Math.min(readyAtMs - nowMs(), everyMs)
      if (restMs > 0) await clock.sleep(restMs, signal)
    }
  }

  return {
    clock: { now: () => clock.now(), sleep },
    wake: () => awake.abort(),
    async round(look) {
      // What changes from here on is worth another look.
      awake = new AbortController()
      const beganMs = nowMs()
      // A clock that was set back must not put the polls off.
      const isPoll = beganMs >= pollAtMs || pollAtMs - beganMs > everyMs
      await look(isPoll)
      const endedMs = nowMs()
      const tookMs = Math.max(0, endedMs - beganMs)
      readyAtMs = endedMs + Math.max(leastGapMs, gapFactor * tookMs)
      // Counted from its begin; a folder that takes long to list is left alone for as long.
      if (isPoll) pollAtMs = Math.max(beganMs + everyMs, endedMs + Math.min(tookMs, everyMs))
      return Math.min(everyMs, Math.max(0, pollAtMs - endedMs))
    },
  }
}
