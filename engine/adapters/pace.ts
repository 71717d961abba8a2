/** Keeps to what an endpoint bears: so many calls at a time, and so many within a minute. */
import { setMaxListeners } from 'node:events'
import type { Clock } from '../core/contracts/services.ts'
import { createSlots } from './slots.ts'

const WINDOW_MS = 60_000

/** Resolves when it is one's turn; first come, first served. Rejects with the signal's reason. */
export type Turn = (signal: AbortSignal) => Promise<void>

/**
 * At most `perMinute` turns within any minute, by elapsed time: a clock that is set changes nothing. Turns that are
 * given stay counted until their minute is over, or `closed` aborts. Not remembered over a restart.
 */
export function createPace(perMinute: number, clock: Clock, closed: AbortSignal): Turn {
  const takePlace = createSlots(perMinute)
  setMaxListeners(0, closed)
  return async (signal) => {
    const leave = await takePlace(signal)
    // It rejects only when nobody is going to ask again.
    clock.sleep(WINDOW_MS, closed).then(leave, () => undefined)
  }
}

/** The same calls, of which at most `atOnce` are under way; each of them ends in its signal. */
export function limitCalls<T extends object, Name extends keyof T>(
  target: T,
  names: readonly Name[],
  { atOnce, turn }: { atOnce: number; turn?: Turn | undefined },
): T {
  const takePlace = createSlots(atOnce)
  const limited = { ...target }
  for (const name of names) {
    const call = target[name] as (...values: unknown[]) => Promise<unknown>
    limited[name] = (async (...values: unknown[]) => {
      const signal = values.at(-1) as AbortSignal
      const leave = await takePlace(signal)
      try {
        await turn?.(signal)
        return await call(...values)
      } finally {
        leave()
      }
    }) as T[Name]
  }
  return limited
}
