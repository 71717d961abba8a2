/** Cron fields as a sentence. */
import type { CompiledSchedule, CronFields } from '../core/model.ts'
import { joinWords, spellTime } from './plain-words.ts'

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const
const months = [
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
const minutesADay = 24 * 60
const maxListedTimes = 6

/** Describes when cron fields are due: `Monday to Friday at 18:30`. The zone is not part of it. */
export function describeFields(fields: CronFields): string {
  const days = `${describeDays(fields)}${describeMonths(fields.months)}`
  const times = describeTimes(fields)
  const words = days === 'every day' && times.startsWith('every ') ? times : `${days} ${times}`
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** Describes what days off do to a schedule; empty where no calendar applies. */
export function describeDaysOff(schedule: CompiledSchedule): string {
  if (schedule.calendar === null) return ''
  const effect = {
    skip: 'Not on days off',
    previous: 'On days off: the business day before',
    next: 'On days off: the business day after',
  }[schedule.onHoliday]
  return `${effect} (${schedule.calendar.title})`
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
  if (times.length <= maxListedTimes) return `at ${joinWords(times.map(spellTime))}`
  if (isEven) return `${describeStep(step)} from ${spellTime(first)} to ${spellTime(last)}`
  return `${times.length} times between ${spellTime(first)} and ${spellTime(last)}`
}

function describeStep(minutes: number): string {
  if (minutes === 1) return 'every minute'
  if (minutes === 60) return 'every hour'
  return minutes % 60 === 0 ? `every ${minutes / 60} hours` : `every ${minutes} minutes`
}

function describeDays({ daysOfMonth, daysOfWeek, eitherDay }: CronFields): string {
  const ofMonth =
    daysOfMonth.length === 31
      ? ''
      : `on day${daysOfMonth.length === 1 ? '' : 's'} ${joinRanges(daysOfMonth, String)} of the month`
  const ofWeek = daysOfWeek.length === 7 ? '' : joinRanges(mondayFirst(daysOfWeek), spellWeekday)
  if (ofMonth === '') return ofWeek === '' ? 'every day' : ofWeek
  if (ofWeek === '') return ofMonth
  return eitherDay ? `${ofMonth} and every ${ofWeek}` : `${ofMonth} if it is ${ofWeek}`
}

function describeMonths(numbers: number[]): string {
  return numbers.length === 12 ? '' : ` in ${joinRanges(numbers, (month) => months[month - 1] ?? '')}`
}

/** Joins ascending numbers, three or more in a row as `first to last`. */
function joinRanges(numbers: number[], spell: (value: number) => string): string {
  const ranges: number[][] = []
  for (const value of numbers) {
    const range = ranges.at(-1)
    if (range !== undefined && range.at(-1) === value - 1) range.push(value)
    else ranges.push([value])
  }
  return joinWords(
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
