/** Which days the day fields of a cron expression match, by day numbers (see civil.ts). */
import { civilDay, dayNumber, weekdayOf } from './civil.ts'
import type { CronFields } from './model.ts'

/** The lists of a cron expression as bits: bit n of `dates` is the nth day of a month, of `weekdays` 0 is Sunday. */
interface Bits {
  months: number
  dates: number
  weekdays: number
}

// Weak: cron texts are replaced when the engine reloads.
const known = new WeakMap<CronFields, Bits>()

/** The matching days from `first` to `last`, ascending. */
export function* matchingDays(fields: CronFields, first: number, last: number): Generator<number> {
  const { months, dates, weekdays } = bitsOf(fields)
  const { lastDays, nthDays, eitherDay } = fields
  for (let start = first; start <= last; ) {
    const { year, month, day } = civilDay(start)
    const nextMonth = dayNumber(year, month + 1, 1)
    if (months & (1 << month)) {
      const length = nextMonth - start + day - 1
      const onDates = lastDays ? dates | lastDates(lastDays, length) : dates
      const onNths = nthDays ? nthDates(nthDays, weekdayOf(nextMonth - length), length) : 0
      const end = Math.min(last + 1, nextMonth)
      for (let number = start, date = day; number < end; number++, date++) {
        const onDate = (onDates >>> date) & 1
        const onWeekday = ((weekdays >>> weekdayOf(number)) | (onNths >>> date)) & 1
        if (eitherDay ? onDate | onWeekday : onDate & onWeekday) yield number
      }
    }
    start = nextMonth
  }
}

/** Whether the day fields match some day of some year. */
export function hasMatchingDay(fields: CronFields): boolean {
  if (fields.lastDays || fields.nthDays) {
    // Dates and weekdays repeat after 28 years.
    const first = dayNumber(2024, 1, 1)
    return !matchingDays(fields, first, dayNumber(2052, 1, 0)).next().done
  }
  if (fields.eitherDay && fields.months.length > 0 && fields.daysOfWeek.length > 0) return true
  if (fields.daysOfWeek.length === 0) return false
  // 2024 is a leap year, and every date falls on every weekday in some year.
  return fields.months.some((month) =>
    fields.daysOfMonth.some((day) => civilDay(dayNumber(2024, month, day)).month === month),
  )
}

/** Every weekday (0 is Sunday) that the weekday field can match. */
export function namedWeekdays({ daysOfWeek, nthDays = [] }: CronFields): number[] {
  return [...new Set([...daysOfWeek, ...nthDays.map(({ weekday }) => weekday)])]
}

function bitsOf(fields: CronFields): Bits {
  let bits = known.get(fields)
  if (!bits) {
    const [months, dates, weekdays] = [fields.months, fields.daysOfMonth, fields.daysOfWeek].map((values) =>
      values.reduce((sum, value) => sum | (1 << value), 0),
    ) as [number, number, number]
    bits = { months, dates, weekdays }
    known.set(fields, bits)
  }
  return bits
}

/** The dates in a month of that length, as bits. */
function lastDates(lastDays: number[], length: number): number {
  return lastDays.reduce(
    (bits, distance) => (distance < length ? bits | (1 << (length - distance)) : bits),
    0,
  )
}

/** The dates in a month of that length whose first day is that weekday, as bits. */
function nthDates(nthDays: NonNullable<CronFields['nthDays']>, firstWeekday: number, length: number): number {
  return nthDays.reduce((bits, { weekday, nth }) => {
    const first = 1 + ((weekday - firstWeekday + 7) % 7)
    const date = nth > 0 ? first + 7 * (nth - 1) : first + 7 * Math.floor((length - first) / 7)
    return date <= length ? bits | (1 << date) : bits
  }, 0)
}
