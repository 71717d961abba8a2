import type { Clock } from '../core/contracts/services.ts'

/** Node fires longer timers at once. */
const longestTimerMs = 2 ** 31 - 1

/** The machine's time. */
export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted()
      let leftMs = ms
      let timer: NodeJS.Timeout
      const wait = (): void => {
        const nowMs = Math.min(leftMs, longestTimerMs)
        leftMs -= nowMs
        timer = setTimeout(leftMs > 0 ? wait : wake, nowMs)
      }
      const wake = (): void => {
        signal.removeEventListener('abort', stop)
        resolve()
      }
      const stop = (): void => {
        clearTimeout(timer)
        reject(signal.reason)
      }
      signal.addEventListener('abort', stop, { once: true })
      wait()
    }),
}
