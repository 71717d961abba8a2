import t from 'tap'
import { parseCron } from '../../../engine/config/cron.ts'
import type { CronFields } from '../../../engine/core/model.ts'

function fieldsOf(text: string): CronFields {
  const parsed = parseCron(text)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed.fields
}
function problemOf(text: string): string {
  const parsed = parseCron(text)
  return 'problem' in parsed ? parsed.problem : ''
}
function range(from: number, to: number, step = 1): number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step)
}

t.test('five fields become sorted numbers', async (t) => {
  t.same(fieldsOf('30 18 * * 1-5'), {
    minutes: [30],
    hours: [18],
    daysOfMonth: range(1, 31),
    months: range(1, 12),
    daysOfWeek: range(1, 5),
    eitherDay: false,
    wildcard: false,
  })
  t.same(fieldsOf('45,5,15-25/5 8-18/2 1,15 1-12/3 0').minutes, [5, 15, 20, 25, 45])
  t.same(fieldsOf('0 8-18/2 * * *').hours, [8, 10, 12, 14, 16, 18])
  t.same(fieldsOf(' 0\t0  1 1-12/3 * ').months, [1, 4, 7, 10])
  t.same(fieldsOf('*/20 * * * *').minutes, [0, 20, 40])
})

t.test('months and weekdays have names, and Sunday is 0 and 7', async (t) => {
  t.same(fieldsOf('0 0 * JAN,dec *').months, [1, 12])
  t.same(fieldsOf('0 0 * * mon-FRI').daysOfWeek, range(1, 5))
  t.same(fieldsOf('0 0 * * 7').daysOfWeek, [0])
  t.same(fieldsOf('0 0 * * 6-7').daysOfWeek, [0, 6])
  t.same(fieldsOf('0 0 * * *').daysOfWeek, range(0, 6))
})

t.test('either day matches where neither day field begins with a star', async (t) => {
  t.ok(fieldsOf('0 0 13 * 5').eitherDay)
  t.ok(fieldsOf('0 0 1-31 * 5').eitherDay)
  t.notOk(fieldsOf('0 0 13 * *').eitherDay)
  t.notOk(fieldsOf('0 0 */2 * 1').eitherDay)
})

t.test('real time is followed where the minute or hour field begins with a star', async (t) => {
  for (const text of ['* 2 * * *', '*/15 2 * * *', '0 * * * *', '0 */2 * * *', '@hourly'])
    t.ok(fieldsOf(text).wildcard, text)
  for (const text of ['0-30/10 2 * * *', '0 0-23 * * *', '0 6 * * *', '@daily'])
    t.notOk(fieldsOf(text).wildcard, text)
})

t.test('macros stand for five fields', async (t) => {
  t.same(fieldsOf('@hourly'), fieldsOf('0 * * * *'))
  t.same(fieldsOf('@daily'), fieldsOf('0 0 * * *'))
  t.same(fieldsOf('@weekly'), fieldsOf('0 0 * * 0'))
  t.same(fieldsOf('@monthly'), fieldsOf('0 0 1 * *'))
})

t.test('a date that never comes is left to a rule', async (t) => {
  t.same(fieldsOf('0 0 30 2 *').daysOfMonth, [30])
})

t.test('another number of fields is refused', async (t) => {
  t.match(problemOf(''), /^"" has 0 fields; a cron expression has five: minute, hour/)
  t.match(problemOf('6'), /has 1 field;/)
  t.match(problemOf('0 6 * *'), /has 4 fields;/)
  t.match(problemOf('0 30 18 * * 1-5'), /^"0 30 18 \* \* 1-5" has 6 fields;/)
  t.match(problemOf('@reboot'), /^"@reboot" is no cron macro; allowed are @hourly, @daily/)
  t.match(problemOf('constructor'), /has 1 field;/)
})

t.test('what other crons take or guess is refused with what is allowed', async (t) => {
  t.match(problemOf('*/70 * * * *'), /^"\*\/70" is no minute; allowed are 0 to 59,/)
  t.match(problemOf('60 * * * *'), /^"60" is no minute; allowed are 0 to 59,/)
  t.match(problemOf('0 24 * * *'), /^"24" is no hour; allowed are 0 to 23,/)
  t.match(problemOf('0 0 0 * *'), /^"0" is no day of month; allowed are 1 to 31,/)
  t.match(problemOf('0 0 * foo *'), /^"foo" is no month; allowed are 1 to 12 or jan to dec,/)
  t.match(problemOf('0 0 * * 1,8'), /^"8" in "1,8" is no day of week; allowed are 0 to 7 or sun to sat,/)
  t.match(problemOf('0 0 1,,2 * *'), /^an empty item in "1,,2"/)
  t.match(problemOf('1,1-5 * * * *'), /comes twice/)
  const minutes = [
    'H',
    '?',
    '5/15',
    '*/0',
    '1-',
    '-5',
    '9-1',
    '1.5',
    '1-5/99',
    '*/5/5',
    '*-5',
    'jan',
    '+1',
    '0x1',
  ]
  for (const field of minutes) t.match(problemOf(`${field} * * * *`), /is no minute; allowed/, field)
  for (const field of ['LW', '15W', 'L-28'])
    t.match(problemOf(`0 0 ${field} * *`), /is no day of month/, field)
  for (const field of ['8L', '1#6', 'fri-mon', 'mon#0'])
    t.match(problemOf(`0 0 * * ${field}`), /is no day of week/, field)
})
