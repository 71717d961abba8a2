/** Days counted from the end of a month and weekdays counted in it, against a walk from day to day. */
import t from 'tap'
import { parseCron } from '../../../engine/config/cron.ts'
import { dayNumber, isoDay } from '../../../engine/core/civil.ts'
import { hasMatchingDay, matchingDays } from '../../../engine/core/cron-days.ts'
import type { CronFields } from '../../../engine/core/model.ts'

const first = dayNumber(2023, 1, 1)
const last = dayNumber(2032, 12, 31)

function fieldsOf(days: string): CronFields {
  const parsed = parseCron(`0 6 ${days}`)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed.fields
}

function daysOf(days: string, from = first, until = last): string[] {
  return [...matchingDays(fieldsOf(days), from, until)].map(isoDay)
}

/** Every day by itself, asked of Date alone. */
function walk(fits: (date: Date, length: number) => boolean): string[] {
  const found: string[] = []
  for (let day = first; day <= last; day++) {
    const date = new Date(day * 86_400_000)
    const length = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
    if (fits(date, length)) found.push(date.toISOString().slice(0, 10))
  }
  return found
}

function nthOf(date: Date): number {
  return Math.ceil(date.getUTCDate() / 7)
}

t.test('counted days are those of a walk over ten years', async (t) => {
  const isLast = (date: Date, length: number, distance = 0) => date.getUTCDate() === length - distance
  const isNth = (date: Date, weekday: number, nth: number) =>
    date.getUTCDay() === weekday && nthOf(date) === nth
  const isFinal = (date: Date, weekday: number, length: number) =>
    date.getUTCDay() === weekday && date.getUTCDate() + 7 > length
  const cases: [string, (date: Date, length: number) => boolean][] = [
    ['L * *', (date, length) => isLast(date, length)],
    ['L-1,L-27 * *', (date, length) => isLast(date, length, 1) || isLast(date, length, 27)],
    ['15,L-2 * *', (date, length) => date.getUTCDate() === 15 || isLast(date, length, 2)],
    ['L 2 *', (date, length) => date.getUTCMonth() === 1 && isLast(date, length)],
    ['* * 1#1', (date) => isNth(date, 1, 1)],
    ['* * fri#2,fri#4', (date) => isNth(date, 5, 2) || isNth(date, 5, 4)],
    ['* * 0#5', (date) => isNth(date, 0, 5)],
    ['* * 7#3,3', (date) => isNth(date, 0, 3) || date.getUTCDay() === 3],
    ['* * 5L', (date, length) => isFinal(date, 5, length)],
    ['* * 0L,1#2', (date, length) => isFinal(date, 0, length) || isNth(date, 1, 2)],
    ['L * 1#1', (date, length) => isLast(date, length) || isNth(date, 1, 1)],
    ['*/2 * 1#1', (date) => date.getUTCDate() % 2 === 1 && isNth(date, 1, 1)],
  ]
  for (const [days, fits] of cases) {
    const expected = walk(fits)
    t.ok(expected.length > 9, `${days} comes`)
    t.same(daysOf(days), expected, days)
  }
})

t.test('a month is matched whole wherever the range begins and ends in it', async (t) => {
  for (const days of ['L * *', '* * 1#1', '* * 5L', '1,15 * *', 'L-2 * 3#2']) {
    const whole = daysOf(days)
    for (let day = first; day < first + 70; day++) {
      const [from, until] = [isoDay(day), isoDay(day + 20)]
      const expected = whole.filter((each) => each >= from && each <= until)
      t.same(daysOf(days, day, day + 20), expected, `${days} ${from}`)
    }
  }
})

t.test('counted days that never come are known', async (t) => {
  t.ok(hasMatchingDay(fieldsOf('L 2 *')))
  t.ok(hasMatchingDay(fieldsOf('* 2 4#5')), '29 February is a Thursday every 28 years')
  t.notOk(hasMatchingDay({ ...fieldsOf('1 * *'), daysOfWeek: [], nthDays: [{ weekday: 1, nth: 3 }] }))
})
