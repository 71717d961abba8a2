import type { Sync } from '../core/contracts/sync.ts'
import type { Instant } from '../core/model.ts'

/**
 * Counts syncs by looking now and then at the last ones: gives what is new since the last look, a repeated one with how
 * often it was repeated since. Those from before `begin` do not count. More syncs between two looks than there are to be
 * seen are lost.
 */
export function createSyncCounter(
  begin: Instant,
): (syncs: readonly Sync[]) => Pick<Sync, 'outcome' | 'reason' | 'times'>[] {
  let seen: Map<string, number> | undefined
  return (syncs) => {
    const before = seen
    seen = new Map(syncs.map((sync) => [idOf(sync), sync.times]))
    return syncs.flatMap((sync) => {
      const known = before ? (before.get(idOf(sync)) ?? 0) : sync.startedAt < begin ? sync.times : 0
      const times = sync.times - known
      return times > 0 ? [{ outcome: sync.outcome, reason: sync.reason, times }] : []
    })
  }
}

/** A repeated sync keeps when it began. */
function idOf({ startedAt, revision, reason, message }: Sync): string {
  return JSON.stringify([startedAt, revision, reason, message])
}
