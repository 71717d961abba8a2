/** The days of schedules as bits, so that which of them meet is a matter of words and not of walks. */
import { DAY, HOUR, MINUTE } from '../core/civil.ts'
import type { Calendar } from '../core/manifest.ts'
import type { CompiledSchedule, CronFields } from '../core/model.ts'
import { plannedDays } from '../core/planned-days.ts'
import { offsetMsAt } from '../core/zone.ts'

/** One bit a day, over the 28 years in which dates and weekdays repeat. */
export type DaySet = Uint32Array

const firstDay = Date.UTC(2024, 0, 1) / DAY
const dayCount = 28 * 365 + 7
const wordCount = Math.ceil(dayCount / 32)

const noCalendar = {}
// Weak in both: calendars and cron texts are replaced when the engine reloads.
const known = new WeakMap<Calendar | typeof noCalendar, WeakMap<CronFields, Map<string, DaySet>>>()

/** The local days on which a schedule has slots, as its calendar leaves them. The caller changes nothing in it. */
export function daysOf(schedule: CompiledSchedule): DaySet {
  const { calendar, fields, onHoliday } = schedule
  const ofCalendar = known.get(calendar ?? noCalendar) ?? new WeakMap<CronFields, Map<string, DaySet>>()
  known.set(calendar ?? noCalendar, ofCalendar)
  const ofFields = ofCalendar.get(fields) ?? new Map<string, DaySet>()
  ofCalendar.set(fields, ofFields)
  let days = ofFields.get(onHoliday)
  if (!days) {
    days = new Uint32Array(wordCount)
    for (const { day, off } of plannedDays(schedule, firstDay, firstDay + dayCount - 1)) {
      if (off === null) addDay(days, day - firstDay)
    }
    ofFields.set(onHoliday, days)
  }
  return days
}

function addDay(days: DaySet, index: number): void {
  if (index >= 0 && index < dayCount) days[index >>> 5]! |= 1 << (index & 31)
}

function hasDay(days: DaySet, index: number): boolean {
  return index >= 0 && index < dayCount && (days[index >>> 5]! & (1 << (index & 31))) !== 0
}

/** Whether some day is in `a`, that day + `shift` in `b`, and the day itself in `within` (null: all days). */
export function meet(a: DaySet, b: DaySet, shift: number, within: DaySet | null): boolean {
  for (let word = 0; word < wordCount; word++) {
    let bits = within ? a[word]! & within[word]! : a[word]!
    for (; bits !== 0; bits &= bits - 1) {
      if (hasDay(b, word * 32 + (31 - Math.clz32(bits & -bits)) + shift)) return true
    }
  }
  return false
}

/** Whether every day of `inner` is one of `outer`. */
export function isSubset(inner: DaySet, outer: DaySet): boolean {
  return inner.every((word, index) => (word & ~outer[index]!) === 0)
}

/** How far two zones' clocks are apart, and on which days (null: on all). */
export interface ClockDifference {
  /** The wall time of the first zone less that of the second. */
  minutes: number
  days: DaySet | null
}

const differences = new Map<string, ClockDifference[]>()

/** The differences between two zones' clocks. The same zone, or one that always agrees, gives a single 0. */
export function clockDifferences(zone: string, other: string): ClockDifference[] {
  if (zone === other) return [{ minutes: 0, days: null }]
  const key = `${zone} ${other}`
  let found = differences.get(key)
  if (!found) {
    const byMinutes = new Map<number, DaySet>()
    for (let index = 0; index < dayCount; index++) {
      const noon = (firstDay + index) * DAY + 12 * HOUR
      const minutes = (offsetMsAt(zone, noon) - offsetMsAt(other, noon)) / MINUTE
      const days = byMinutes.get(minutes) ?? new Uint32Array(wordCount)
      byMinutes.set(minutes, days)
      addDay(days, index)
    }
    const single = byMinutes.size === 1
    found = [...byMinutes].map(([minutes, days]) => ({ minutes, days: single ? null : days }))
    differences.set(key, found)
  }
  return found
}
