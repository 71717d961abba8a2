import { dayNumber, weekdayName, weekdayOf } from './civil.ts'
import type { Calendar } from './manifest.ts'

interface DaysOff {
  weekdays: Set<number>
  holidays: Map<number, string>
}

const weekdayNumbers = { sun: 0, mon: 1, tue: 2, wed: 3, thu: 4, fri: 5, sat: 6 }
const known = new WeakMap<Calendar, DaysOff>()

/** Why a day (its number, see civil.ts) is off: the holiday's title or the weekday's name; null on a business day. */
export function dayOffReason(calendar: Calendar, day: number): string | null {
  const daysOff = daysOffOf(calendar)
  const holiday = daysOff.holidays.get(day)
  if (holiday !== undefined) return holiday
  return daysOff.weekdays.has(weekdayOf(day)) ? weekdayName(day) : null
}

/** The nearest business day after (1) or before (-1) a day. Throws RangeError for a calendar without business days. */
export function nearestBusinessDay(calendar: Calendar, day: number, direction: 1 | -1): number {
  // The schema's 1,000 holidays and six weekend days can hold up at most some 7,000 days.
  for (let distance = 1; distance < 10_000; distance++) {
    const candidate = day + direction * distance
    if (dayOffReason(calendar, candidate) === null) return candidate
  }
  throw new RangeError(`calendar ${calendar.name} has no business day`)
}

/** Whether every one of these weekdays (0 is Sunday) is a weekend day. */
export function areWeekends(calendar: Calendar, weekdays: number[]): boolean {
  const off = daysOffOf(calendar).weekdays
  return weekdays.every((weekday) => off.has(weekday))
}

function daysOffOf(calendar: Calendar): DaysOff {
  const read = known.get(calendar)
  if (read) return read
  const daysOff = {
    weekdays: new Set(calendar.weekends?.map((name) => weekdayNumbers[name])),
    holidays: new Map(calendar.holidays?.map(({ date, title }) => [numberOf(date), title])),
  }
  known.set(calendar, daysOff)
  return daysOff
}

function numberOf(isoDate: string): number {
  const [year = Number.NaN, month = Number.NaN, day = Number.NaN] = isoDate.split('-').map(Number)
  return dayNumber(year, month, day)
}
