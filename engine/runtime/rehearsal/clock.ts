import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../core/contracts/services.ts'

/**
 * A clock that stands still. A wait between attempts is over at once; while a step works the sleeper guards its
 * time limit, so that one passes in real time.
 */
export function createStillClock(atMs: number, real: Clock, isWorking: () => boolean): Clock {
  return {
    now: () => new Date(atMs),
    async sleep(ms, signal) {
      // An attempt sets its limit right before its work begins: only afterwards can the two be told apart.
      await setImmediate()
      signal.throwIfAborted()
      if (isWorking()) await real.sleep(ms, signal)
    },
  }
}
