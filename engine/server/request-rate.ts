/** How often somebody may do something: so many at once, filled again evenly. */
import type { Clock } from '../core/contracts/services.ts'

/** Who was not heard of for longest is forgotten beyond that: their bucket is full again by then, or somebody floods. */
const most = 10_000

export interface Rate {
  atOnce: number
  perSecond: number
}

/** Takes `count` off what `who` may do, where there is as much: true. With 0 it only looks whether one is left. */
export function createRequestRate(
  { atOnce, perSecond }: Rate,
  clock: Clock,
): (who: string, count: 0 | 1) => boolean {
  const buckets = new Map<string, { left: number; atMs: number }>()
  return (who, count) => {
    const nowMs = clock.now().getTime()
    const before = buckets.get(who) ?? { left: atOnce, atMs: nowMs }
    // A clock that was set back fills nothing.
    const filled = (Math.max(0, nowMs - before.atMs) / 1000) * perSecond
    const left = Math.min(atOnce, before.left + filled)
    const isRoom = left >= 1
    buckets.delete(who)
    buckets.set(who, { left: isRoom ? left - count : left, atMs: nowMs })
    if (buckets.size > most) buckets.delete(buckets.keys().next().value ?? '')
    return isRoom
  }
}
