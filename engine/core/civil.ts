/** The proleptic Gregorian calendar without zones: a day is a number, 1970-01-01 is 0. Years 100 to 9999. */

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

export interface CivilDay {
  year: number
  /** 1 to 12 */
  month: number
  day: number
}

/** The number of a day. Months and days beyond their range carry over: month 13 is January of the next year. */
export function dayNumber(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / DAY
}

export function civilDay(number: number): CivilDay {
  const date = new Date(number * DAY)
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
}

/** 0 is Sunday. */
export function weekdayOf(number: number): number {
  return (((number + 4) % 7) + 7) % 7
}

export function weekdayName(number: number): string {
  return weekdays[weekdayOf(number)] ?? ''
}

export function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0')
}

/** `2026-11-22` */
export function isoDay(number: number): string {
  const { year, month, day } = civilDay(number)
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}`
}

/** `22 Nov 2026` */
export function peopleDay(number: number): string {
  const { year, month, day } = civilDay(number)
  return `${day} ${months[month - 1]} ${year}`
}

/** `22 Nov 2026`, `16–22 Nov 2026`, `30 Nov – 6 Dec 2026` or `28 Dec 2026 – 3 Jan 2027`; both days inclusive. */
export function peopleDays(first: number, last: number): string {
  const end = peopleDay(last)
  if (last <= first) return end
  const [a, b] = [civilDay(first), civilDay(last)]
  if (a.year !== b.year) return `${peopleDay(first)} – ${end}`
  if (a.month !== b.month) return `${a.day} ${months[a.month - 1]} – ${end}`
  return `${a.day}–${end}`
}

/** `18:30`, from milliseconds since midnight. */
export function timeOfDay(ms: number): string {
  return `${pad(Math.floor(ms / HOUR))}:${pad(Math.floor((ms % HOUR) / MINUTE))}`
}
