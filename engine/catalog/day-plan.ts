/** What each job is expected to do on each day: the ground of the calendar, its feed and the overview. */
import { civilDay, dayNumber } from '../core/civil.ts'
import type { Snapshot } from '../core/model.ts'
import { enumerateSlots } from '../core/slots.ts'
import { localDayAt, startOfLocal } from '../core/zone.ts'

/** This month and so many after it. */
const monthsAhead = 1

/** The moments of one schedule on one day of the client's. */
export interface PlannedDay {
  /** Its number, see civil.ts. */
  day: number
  schedule: string
  /** Of the first, in epoch milliseconds. */
  atMs: number
  /** How many there are. */
  times: number
  /** What a day off or a clock change does; may be empty. */
  note: string
  /** Nothing happens, for the reason in `note`. */
  isSkipped: boolean
}

/** The first days of the months that are planned, and of the one after them. */
export function plannedMonths(timezone: string, nowMs: number): number[] {
  const { year, month } = civilDay(localDayAt(timezone, nowMs))
  return Array.from({ length: monthsAhead + 2 }, (_, at) => dayNumber(year, month + at, 1))
}

/** Everything of an enabled job from now to the end of the planned months. */
export function planDays(snapshot: Snapshot, timezone: string, nowMs: number): PlannedDay[] {
  if (!snapshot.manifest.enabled) return []
  const end = civilDay(plannedMonths(timezone, nowMs).at(-1) ?? 0)
  const untilMs = startOfLocal(timezone, end.year, end.month, end.day, 0, 0) - 1
  return snapshot.schedules.flatMap((schedule) => {
    const days: PlannedDay[] = []
    let last: PlannedDay | undefined
    // The day that the last moment was on: most moments of a day are asked no more than this.
    let dayEndMs = 0
    for (const { startsAt, outcome, note } of enumerateSlots(schedule, nowMs, untilMs)) {
      const isSkipped = outcome === 'skipped'
      if (last && startsAt < dayEndMs && last.isSkipped === isSkipped) {
        last.times += 1
        last.note ||= note
        continue
      }
      const day = localDayAt(timezone, startsAt)
      const next = civilDay(day + 1)
      dayEndMs = startOfLocal(timezone, next.year, next.month, next.day, 0, 0)
      last = { day, schedule: schedule.name, atMs: startsAt, times: 1, note, isSkipped }
      days.push(last)
    }
    return days
  })
}
