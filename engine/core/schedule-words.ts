/** When a schedule is due, as a sentence. */
import { MINUTE, timeOfDay } from './civil.ts'
import type { CronFields } from './model.ts'

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const
/** January first. */
export const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const
const places = ['last', '', 'first', 'second', 'third', 'fourth', 'fifth']
const minutesADay = 24 * 60
const maxListedTimes = 6
// British: no comma before the last word.
const list = new Intl.ListFormat('en-GB', { type: 'conjunction' })

/** Describes when cron fields are due: `Monday to Friday at 18:30`. The zone is not part of it. */
export function describeFields(fields: CronFields): string {
  const days = `${describeDays(fields)}${describeMonths(fields.months)}`
  const times = describeTimes(fields)
  const words = days === 'every day' && times.startsWith('every ') ? times : `${days} ${times}`
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function describeTimes({ hours, minutes }: CronFields): string {
  const times = hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute))
  const [first = 0, second = 0] = times
  const last = times.at(-1) ?? 0
  const step = second - first
  const isEven = times.length > 2 && times.every((time, index) => time === first + index * step)
  if (isEven && last + step === first + minutesADay) {
    return `${describeStep(step)}${first === 0 ? '' : `, starting at ${spellTime(first)}`}`
  }
  if (times.length <= maxListedTimes) return `at ${list.format(times.map(spellTime))}`
  if (isEven) return `${describeStep(step)} from ${spellTime(first)} to ${spellTime(last)}`
  return `${times.length} times between ${spellTime(first)} and ${spellTime(last)}`
}

function describeStep(minutes: number): string {
  if (minutes === 1) return 'every minute'
  if (minutes === 60) return 'every hour'
  return minutes % 60 === 0 ? `every ${minutes / 60} hours` : `every ${minutes} minutes`
}

function describeDays(fields: CronFields): string {
  const ofMonth = describeDates(fields)
  const ofWeek = describeWeekdays(fields)
  if (ofMonth === '') return ofWeek === '' ? 'every day' : ofWeek
  if (ofWeek === '') return ofMonth
  if (!fields.eitherDay) return `${ofMonth} if it is ${ofWeek}`
  return fields.nthDays ? `${ofMonth} and on ${ofWeek}` : `${ofMonth} and every ${ofWeek}`
}

/** Empty where every date will do. */
function describeDates({ daysOfMonth, lastDays = [] }: CronFields): string {
  if (daysOfMonth.length === 31) return ''
  const dates = `day${daysOfMonth.length === 1 ? '' : 's'} ${joinRanges(daysOfMonth, String)}`
  const ends = lastDays.map((distance) => {
    if (distance === 0) return 'the last day'
    return `${distance === 1 ? 'the day' : `${distance} days`} before the last`
  })
  return `on ${list.format([...(daysOfMonth.length > 0 ? [dates] : []), ...ends])} of the month`
}

/** Empty where every weekday will do. */
function describeWeekdays({ daysOfWeek, nthDays = [] }: CronFields): string {
  if (daysOfWeek.length === 7) return ''
  const plain = daysOfWeek.length > 0 ? [joinRanges(mondayFirst(daysOfWeek), spellWeekday)] : []
  if (nthDays.length === 0) return plain.join('')
  const counted = nthDays.map(({ weekday, nth }) => `the ${places[nth + 1]} ${spellWeekday(weekday)}`)
  return `${list.format([...plain, ...counted])} of the month`
}

function spellTime(minute: number): string {
  return timeOfDay(minute * MINUTE)
}

function describeMonths(numbers: number[]): string {
  return numbers.length === 12 ? '' : ` in ${joinRanges(numbers, (month) => monthNames[month - 1] ?? '')}`
}

/** Joins ascending numbers, three or more in a row as `first to last`. */
function joinRanges(numbers: number[], spell: (value: number) => string): string {
  const ranges: number[][] = []
  for (const value of numbers) {
    const range = ranges.at(-1)
    if (range !== undefined && range.at(-1) === value - 1) range.push(value)
    else ranges.push([value])
  }
  return list.format(
    ranges.flatMap((range) =>
      range.length < 3 ? range.map(spell) : [`${spell(range[0] ?? 0)} to ${spell(range.at(-1) ?? 0)}`],
    ),
  )
}

/** Sunday as 7, so that a weekend and Monday to Sunday are in order. */
function mondayFirst(days: number[]): number[] {
  return days.map((day) => (day === 0 ? 7 : day)).sort((a, b) => a - b)
}

function spellWeekday(day: number): string {
  return weekdays[day % 7] ?? ''
}
