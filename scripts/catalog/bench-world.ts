/** What is measured: one client with many jobs of every kind, 90 days of outcomes, and up to so many runs of each. */
import type { ClientInput } from '../../engine/catalog/views.ts'
import { randomWorld } from '../../test/fixtures/catalog-random.ts'

export const benchNow = '2026-11-23T20:15:00.000Z'

export function benchWorld(seed: string, jobs: number, runs: number, index = 1): ClientInput {
  return randomWorld({ seed, index, jobs, runs, now: benchNow }).input
}
