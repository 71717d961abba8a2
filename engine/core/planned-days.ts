import { dayOffReason, nearestBusinessDay } from './calendar.ts'
import { matchingDays } from './cron-days.ts'
import type { CompiledSchedule } from './model.ts'

/** A local day on which a schedule has slots, by day numbers (see civil.ts). */
export interface PlannedDay {
  day: number
  /** The days of the cron expression that it stands for, ascending: itself, and those that were moved to it. */
  sources: number[]
  /** Why nothing is due on it; null where something is. */
  off: string | null
}

/**
 * The days of a schedule from `first` to `last`, ascending, after its calendar has skipped or moved them.
 * A day stands for all that was moved to it, also from outside of the range.
 */
export function* plannedDays(schedule: CompiledSchedule, first: number, last: number): Generator<PlannedDay> {
  const { calendar, onHoliday, fields } = schedule
  if (!calendar || onHoliday === 'skip') {
    for (const day of matchingDays(fields, first, last))
      yield { day, sources: [day], off: calendar && dayOffReason(calendar, day) }
    return
  }
  const direction = onHoliday === 'next' ? 1 : -1
  const from = direction === 1 ? nearestBusinessDay(calendar, first, -1) + 1 : first
  const to = direction === -1 ? nearestBusinessDay(calendar, last, 1) - 1 : last
  let planned: PlannedDay | undefined
  for (const source of matchingDays(fields, from, to)) {
    const isOff = dayOffReason(calendar, source) !== null
    const day = isOff ? nearestBusinessDay(calendar, source, direction) : source
    if (planned?.day === day) planned.sources.push(source)
    else {
      if (planned) yield planned
      planned = { day, sources: [source], off: null }
    }
  }
  if (planned) yield planned
}
