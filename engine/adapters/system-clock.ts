import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../core/contracts/services.ts'

/** Node fires longer timers at once. */
const longestTimerMs = 2 ** 31 - 1

/** The machine's time. */
export const systemClock: Clock = {
  now: () => new Date(),
  async sleep(ms, signal) {
    signal.throwIfAborted()
    for (let left = ms; left > 0; left -= longestTimerMs) {
      try {
        await setTimeout(Math.min(left, longestTimerMs), undefined, { signal })
      } catch (error) {
        throw signal.aborted ? signal.reason : error
      }
    }
  },
}
