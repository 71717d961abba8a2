/** The period before a report's, as its figures are compared with. Pure. */
import type { Period } from './model.ts'
import { type PeriodKind, periodDays, periodOf } from './period.ts'
import { firstInstantOfWall, wallMsAt } from './zone.ts'

/**
 * Complete kinds: the one that ends where this one begins, of as many days. Kinds that end at the slot: the day, week
 * or month before, up to the same time of the clock on the same day of it. Null for a campaign: it has none before.
 */
export function previousPeriod(kind: PeriodKind, period: Period, dayCutOff: string): Period | null {
  const { timezone: zone } = period
  const startMs = Date.parse(period.start)
  switch (kind) {
    case 'campaign':
      return null
    case 'hour':
    case 'week':
    case 'month':
      return periodOf(kind, startMs, zone, dayCutOff)
    case 'day':
      return periodOf('day', startMs, zone, dayCutOff, { skippedDays: countDays(period) - 1 })
    case 'day-so-far':
      return beginningOf(periodOf('day', startMs, zone, dayCutOff), period)
    case 'week-to-date':
      return beginningOf(periodOf('week', startMs, zone, dayCutOff), period)
    case 'month-to-date':
      return beginningOf(periodOf('month', startMs, zone, dayCutOff), period)
  }
}

function countDays(period: Period): number {
  const { first, last } = periodDays(period)
  return last - first + 1
}

/** As much of a whole period as has passed of the other one; all of it where it is shorter. */
function beginningOf(whole: Period, passed: Period): Period {
  const { timezone: zone } = whole
  const wallAt = (instant: string) => wallMsAt(zone, Date.parse(instant))
  // By the clock on the wall: with a day of 23 or 25 hours between, the time of the day is still the same.
  const passedMs = wallAt(passed.end) - wallAt(passed.start)
  const end = firstInstantOfWall(zone, wallAt(whole.start) + passedMs)
  const endMs = Math.min(end, Date.parse(whole.end))
  return endMs > Date.parse(whole.start) ? { ...whole, end: new Date(endMs).toISOString() } : whole
}
