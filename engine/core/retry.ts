/** When a step that threw is tried again. */
import { parseDuration } from './duration.ts'
import type { Step } from './model.ts'

/** What a step without `retry` gets. */
const defaults = { maxAttempts: 3, delay: '30s', backoffFactor: 2, maxDelay: '1h' }

/**
 * The wait in milliseconds after `attempts` failed ones, or undefined when there is none left.
 * Up to a fifth is taken off by `spread` (0 to 1, fixed for the run), so that many runs do not come back in one moment.
 * A longer wait that the other side asked for is kept, up to `maxDelay`.
 */
export function retryDelay(
  retry: Step['retry'],
  attempts: number,
  spread: number,
  askedMs = 0,
): number | undefined {
  const { maxAttempts, delay, backoffFactor, maxDelay } = { ...defaults, ...retry }
  if (attempts >= maxAttempts) return undefined
  const longest = parseDuration(maxDelay)
  const wait = Math.min(parseDuration(delay) * backoffFactor ** (attempts - 1), longest)
  return Math.max(Math.round(wait * (1 - spread / 5)), Math.min(askedMs, longest))
}

/** A fixed number from 0 to 1 out of a hexadecimal id. Ids begin with their moment: its end is what tells them apart. */
export function spreadOf(id: string): number {
  return Number.parseInt(id.slice(-8), 16) / 0xffffffff
}
