/** When a step that threw is tried again. */
import { parseDuration } from './duration.ts'
import type { Step } from './model.ts'

/** What a step without `retry` gets. */
const defaults = { maxAttempts: 3, delay: '30s', backoffFactor: 2, maxDelay: '1h' }

/**
 * The wait in milliseconds after `attempts` failed ones, or undefined when there is none left.
 * Up to a fifth is taken off by `spread` (0 to 1, fixed for the run), so that many runs do not come back in one moment.
 */
export function retryDelay(retry: Step['retry'], attempts: number, spread: number): number | undefined {
  const { maxAttempts, delay, backoffFactor, maxDelay } = { ...defaults, ...retry }
  if (attempts >= maxAttempts) return undefined
  const wait = Math.min(parseDuration(delay) * backoffFactor ** (attempts - 1), parseDuration(maxDelay))
  return Math.round(wait * (1 - spread / 5))
}

/** A fixed number from 0 to 1 out of a hexadecimal id. */
export function spreadOf(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16) / 0xffffffff
}
