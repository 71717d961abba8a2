/** A clock that the harness drives, and that knows when everything that woke up is done. */
import type { Clock } from '../../engine/core/contracts/services.ts'

/** A real hang of the engine ends the harness after that long. */
const patienceMs = 30_000

interface Sleeper {
  atMs: number
  loop: boolean
  wake(): void
}

export interface DrivenClock extends Clock {
  /** A clock for the loops of one watch, until it is stopped: each that woke is waited for until it sleeps again. */
  loops(stop: AbortSignal): Clock
  /** Says that so many loops will soon sleep for the first time. */
  expect(loops: number): void
  /**
   * Lets time pass: wakes whoever is due, all of one moment together, and waits until they are done. A loop that is
   * awake already may call it in its own round.
   */
  advance(ms: number): Promise<void>
  /** Resolves once no loop is awake and `isIdle` holds. */
  settle(): Promise<void>
}

/** `isIdle` tells whether nothing else works either. `kind` tells loops among those that sleep on the clock itself. */
export function createDrivenClock(
  start: string,
  isIdle: () => boolean,
  kind: (ms: number) => { loop: boolean; ms: number },
): DrivenClock {
  let nowMs = Date.parse(start)
  let awake = 0
  const sleepers = new Set<Sleeper>()

  function sleep(ms: number, signal: AbortSignal, loop: boolean, stop?: AbortSignal): Promise<void> {
    // A hint that came while it was awake: it goes on at once.
    const goesOn = signal.aborted && stop?.aborted === false
    if (loop && !goesOn) awake -= 1
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const end = (): void => {
        sleepers.delete(sleeper)
        signal.removeEventListener('abort', abort)
      }
      const abort = (): void => {
        end()
        // A loop that is stopped never sleeps again; one of a watch that was only woken by a hint does.
        if (stop?.aborted === false) awake += 1
        reject(signal.reason)
      }
      const wake = (): void => {
        end()
        if (loop) awake += 1
        resolve()
      }
      const sleeper: Sleeper = { atMs: nowMs + Math.max(0, ms), loop, wake }
      signal.addEventListener('abort', abort, { once: true })
      sleepers.add(sleeper)
    })
  }

  async function settle(already = 0): Promise<void> {
    const deadline = performance.now() + patienceMs
    for (let quiet = 0; quiet < 3; ) {
      await new Promise((resolve) => setImmediate(resolve))
      quiet = awake <= already && isIdle() ? quiet + 1 : 0
      if (performance.now() > deadline) throw new Error(`the engine is not idle: ${awake} loops are awake`)
    }
  }

  return {
    now: () => new Date(nowMs),
    sleep(ms, signal) {
      const { loop, ms: wanted } = kind(ms)
      return sleep(wanted, signal, loop)
    },
    loops: (stop) => ({
      now: () => new Date(nowMs),
      sleep: (ms, signal) => sleep(ms, signal, true, stop),
    }),
    expect(loops) {
      awake += loops
    },
    settle: () => settle(),
    async advance(ms) {
      const untilMs = nowMs + ms
      const already = awake
      for (;;) {
        const nextMs = Math.min(...[...sleepers].map(({ atMs }) => atMs))
        if (nextMs > untilMs) break
        nowMs = Math.max(nowMs, nextMs)
        for (const { atMs, wake } of [...sleepers]) if (atMs <= nowMs) wake()
        await settle(already)
      }
      nowMs = untilMs
    },
  }
}
