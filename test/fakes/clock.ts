import type { Clock } from '../../engine/core/contracts/services.ts'

/** A clock that only tests move. Sleepers count elapsed time, as timers do; `jump` sets the wall clock alone. */
export interface ManualClock extends Clock {
  /** Sets the wall clock forward or back; nobody wakes. */
  jump(ms: number): void
  /** Lets time pass: wakes each sleeper at its moment, in order, and lets it run on before the next. */
  advance(ms: number): Promise<void>
  /** Resolves once that many sleep: all background loops have done their round. */
  asleep(sleepers?: number): Promise<void>
  /** Lets time pass in which each woken loop does its whole round, asleep again, before time goes on. */
  live(ms: number, sleepers?: number): Promise<void>
}

interface Sleeper {
  atMs: number
  wake: () => void
}

export function createManualClock(start: string): ManualClock {
  let wallMs = Date.parse(start)
  let elapsedMs = 0
  const sleepers = new Set<Sleeper>()
  const watchers = new Set<() => void>()

  function pass(ms: number): void {
    wallMs += ms
    elapsedMs += ms
  }

  function nextSleeper(untilMs: number): Sleeper | undefined {
    return [...sleepers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
  }

  async function passUntil(ms: number, afterWake: () => Promise<void>): Promise<void> {
    const untilMs = elapsedMs + ms
    for (let next = nextSleeper(untilMs); next !== undefined; next = nextSleeper(untilMs)) {
      pass(next.atMs - elapsedMs)
      next.wake()
      await afterWake()
    }
    pass(untilMs - elapsedMs)
  }

  function asleep(count = 1): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (sleepers.size < count) return
        watchers.delete(check)
        resolve()
      }
      watchers.add(check)
      check()
    })
  }

  return {
    now: () => new Date(wallMs),
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const end = (): void => {
          sleepers.delete(sleeper)
          signal.removeEventListener('abort', abort)
        }
        const abort = (): void => {
          end()
          reject(signal.reason)
        }
        const wake = (): void => {
          end()
          resolve()
        }
        const sleeper: Sleeper = { atMs: elapsedMs + Math.max(0, ms), wake }
        signal.addEventListener('abort', abort, { once: true })
        sleepers.add(sleeper)
        for (const check of watchers) check()
      })
    },
    jump(ms) {
      wallMs += ms
    },
    async advance(ms) {
      await passUntil(ms, settle)
      await settle()
    },
    asleep,
    async live(ms, count = 1) {
      await asleep(count)
      await passUntil(ms, () => asleep(count))
    },
  }
}

/** Lets everything that does not wait for real I/O run on. */
async function settle(): Promise<void> {
  for (let round = 0; round < 10; round++) await new Promise((resolve) => setImmediate(resolve))
}
