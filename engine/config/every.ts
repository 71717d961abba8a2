/** Schedules in words: `weekday at "18:30"` and its like, as the cron expressions that they stand for. */
import { DAY, HOUR, MINUTE, timeOfDay } from '../core/civil.ts'
import { suggestWord } from '../core/suggest.ts'
import { quote } from './problems.ts'

export type Every = { cron: string } | { afterDay: true } | { problem: string }

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const places = ['first', 'second', 'third', 'fourth', 'last']
const units = ['hour', 'day', 'weekday', ...weekdays, 'month', 'end-of-day', 'minutes', 'hours']
const minuteSteps = ['1', '2', '3', '4', '5', '6', '10', '12', '15', '20', '30']
const hourSteps = ['2', '3', '4', '6', '8', '12']
const examples =
  'hour at ":05", day at "18:30", weekday at "18:30", monday at "07:00", month on day 15 at "06:00", month on the last day at "06:00", month on the first monday at "06:00", 15 minutes, 2 hours at ":05" and end-of-day'

/**
 * Reads when a schedule is due. `afterDay` is half an hour after the client's day has ended. A problem is a whole
 * sentence that quotes what is there and says what is allowed.
 */
export function parseEvery(text: string): Every {
  const words = text.trim().toLowerCase().replaceAll('"', '').split(/\s+/).join(' ')
  const [unit = '', times, ...more] = words.split(/ ?\bat\b ?/)
  if (more.length > 0) return { problem: `${quote(text)} has "at" twice; allowed are ${examples}` }
  if (/^end[ -]of[ -]day$/.test(unit))
    return times === undefined ? { afterDay: true } : refuseTime('end-of-day')
  const [, step, ofStep] = /^(\d+) (minutes?|hours)$/.exec(unit) ?? []
  if (step && ofStep?.startsWith('minute')) return readMinutes(step, times)
  const isHours = unit === 'hour' || step !== undefined
  if (isHours) return readHours(unit, step, times)
  const days = readDays(unit)
  if ('problem' in days) return days
  const found = readTimes(times, /^([01]\d|2[0-3]):([0-5]\d)$/, '"18:30"')
  if ('problem' in found) return found
  return { cron: `${found.minutes} ${found.hours} ${days.cron}` }
}

/** The cron expression of half an hour after a day cut-off, `HH:mm`: by then a day has ended for sure. */
export function cronAfterDay(dayCutOff = '00:00'): string {
  const [hours = 0, minutes = 0] = dayCutOff.split(':').map(Number)
  const [hour, minute] = timeOfDay((hours * HOUR + (minutes + 30) * MINUTE) % DAY)
    .split(':')
    .map(Number)
  return `${minute} ${hour} * * *`
}

function refuseTime(unit: string): { problem: string } {
  return { problem: `${quote(unit)} has no time; write it without "at"` }
}

function readMinutes(step: string, times: string | undefined): Every {
  if (times !== undefined) return refuseTime(`${step} minutes`)
  if (!minuteSteps.includes(step))
    return {
      problem: `"${step} minutes" do not divide an hour; allowed are ${minuteSteps.join(', ')} minutes`,
    }
  return { cron: step === '1' ? '* * * * *' : `*/${step} * * * *` }
}

function readHours(unit: string, step: string | undefined, times: string | undefined): Every {
  if (step !== undefined && !hourSteps.includes(step))
    return { problem: `${quote(unit)} do not divide a day; allowed are ${hourSteps.join(', ')} hours` }
  const found = readTimes(times, /^():([0-5]\d)$/, '":05"')
  if ('problem' in found) return found
  return { cron: `${found.minutes} ${step === undefined ? '*' : `*/${step}`} * * *` }
}

/** The three day fields. */
function readDays(unit: string): { cron: string } | { problem: string } {
  if (unit === 'day') return { cron: '* * *' }
  if (unit === 'weekday') return { cron: '* * 1-5' }
  const [, ofMonth] = /^month on (?:the )?(.+)$/.exec(unit) ?? []
  if (ofMonth !== undefined) return readMonthDays(ofMonth)
  if (unit === 'month')
    return {
      problem: `"month" needs its day: month on day 15, month on the last day, or month on the first monday`,
    }
  const numbers: number[] = []
  for (const name of listOf(unit)) {
    const number = weekdays.indexOf(name)
    if (number === -1) return { problem: unknownUnit(name) }
    numbers.push(number)
  }
  const sorted = [...new Set(numbers)].sort((a, b) => a - b)
  return { cron: `* * ${sorted.join(',')}` }
}

function unknownUnit(word: string): string {
  if (word === 'week') return '"week" needs its day: write it as monday at "07:00"'
  const near = suggestWord(word, units)
  return `${quote(word)} is no unit of time${near ? `${near} Allowed` : '; allowed'} are ${examples}`
}

function readMonthDays(text: string): { cron: string } | { problem: string } {
  if (text === 'last day') return { cron: 'L * *' }
  const [, dates] = /^days? (.+)$/.exec(text) ?? []
  if (dates !== undefined) {
    const list = listOf(dates)
    const wrong = list.find((date) => !/^([1-9]|[12]\d|3[01])$/.test(date))
    if (wrong !== undefined) return { problem: `${quote(wrong)} is no day of a month; allowed are 1 to 31` }
    return { cron: `${[...new Set(list)].join(',')} * *` }
  }
  const [place = '', name = '', ...more] = text.split(' ')
  const nth = places.indexOf(place)
  const weekday = weekdays.indexOf(name)
  if (nth === -1 || weekday === -1 || more.length > 0) {
    const [word, known] = nth === -1 ? [place, [...places, 'day']] : [name, [...weekdays, 'day']]
    const near = suggestWord(word, known)
    return {
      problem: `${quote(text)} is no day of a month${near ? `${near} Allowed` : '; allowed'} are "day 15", "the last day", and "the" ${places.slice(0, -1).join(', ')} or last with the name of a weekday`,
    }
  }
  return { cron: place === 'last' ? `* * ${weekday}L` : `* * ${weekday}#${nth + 1}` }
}

/** The minute and hour fields of times that cron can say in one expression. */
function readTimes(
  text: string | undefined,
  pattern: RegExp,
  example: string,
): { minutes: string; hours: string } | { problem: string } {
  if (text === undefined || text === '') return { problem: `the time is missing; write it as at ${example}` }
  const minutes = new Set<number>()
  const hours = new Set<number>()
  const list = [...new Set(listOf(text))]
  for (const time of list) {
    const [found, hour = '', minute = ''] = pattern.exec(time) ?? []
    if (found === undefined) return { problem: `${quote(time)} is no time here; write it like ${example}` }
    minutes.add(Number(minute))
    hours.add(Number(hour))
  }
  if (minutes.size * hours.size > list.length)
    return { problem: `${quote(text)} has different minutes in different hours; make a schedule of each` }
  const join = (values: Set<number>) => [...values].sort((a, b) => a - b).join(',')
  return { minutes: join(minutes), hours: join(hours) }
}

function listOf(text: string): string[] {
  return text.split(/(?:, ?| )and |, ?/).map((item) => item.trim())
}
