/** How many events of a client are taken in a minute. */
import type { Clock } from '../core/contracts/services.ts'
import type { ClientPolicy } from '../core/manifest.ts'

const minuteMs = 60_000
const defaultPerMinute = 6000

interface Bucket {
  left: number
  atMs: number
}

/**
 * Takes one event of a client off what it may send: a minute's worth at once, filled again evenly. Returns 0, or after
 * how many seconds there is room again. Clients do not know of each other.
 */
export function createEventRate(
  policies: () => ReadonlyMap<string, Pick<ClientPolicy, 'eventsPerMinute'>>,
  clock: Clock,
): (client: string) => number {
  const buckets = new Map<string, Bucket>()
  return (client) => {
    const perMinute = policies().get(client)?.eventsPerMinute ?? defaultPerMinute
    const nowMs = clock.now().getTime()
    const before = buckets.get(client) ?? { left: perMinute, atMs: nowMs }
    // A clock that was set back fills nothing, and takes nothing away.
    const filled = (Math.max(0, nowMs - before.atMs) / minuteMs) * perMinute
    const left = Math.min(perMinute, before.left + filled)
    const isRoom = left >= 1
    buckets.set(client, { left: isRoom ? left - 1 : left, atMs: nowMs })
    return isRoom ? 0 : Math.ceil(((1 - left) / perMinute) * (minuteMs / 1000))
  }
}
