import t from 'tap'
import { parseCron } from '../../../engine/config/cron.ts'
import { parseEvery } from '../../../engine/config/every.ts'
import { compileSchedule } from '../../../engine/config/schedule.ts'
import type { Client, Schedule } from '../../../engine/core/manifest.ts'
import { describeFields } from '../../../engine/core/schedule-words.ts'

const client: Client = {
  apiVersion: 'jobsd/v1',
  kind: 'Client',
  name: 'acme',
  title: 'Acme',
  timezone: 'America/Chicago',
  dayCutOff: '23:45',
  callCenters: [{ name: 'dallas', title: 'Dallas' }],
}
const compile = (schedule: Omit<Schedule, 'name'>, job?: string) =>
  compileSchedule({ name: 'main', ...schedule }, client, { calendars: new Map() }, job)

t.test('words stand for a cron expression, and are shown back as words', async (t) => {
  const cases: [text: string, cron: string, words: string][] = [
    ['hour at ":05"', '5 * * * *', 'Every hour, starting at 00:05'],
    ['hour at :05 and :35', '5,35 * * * *', 'Every 30 minutes, starting at 00:05'],
    ['2 hours at ":10"', '10 */2 * * *', 'Every 2 hours, starting at 00:10'],
    ['15 minutes', '*/15 * * * *', 'Every 15 minutes'],
    ['1 minute', '* * * * *', 'Every minute'],
    ['day at "18:30"', '30 18 * * *', 'Every day at 18:30'],
    ['day at "07:00", "13:00" and "19:00"', '0 7,13,19 * * *', 'Every day at 07:00, 13:00 and 19:00'],
    ['weekday at 18:30', '30 18 * * 1-5', 'Monday to Friday at 18:30'],
    ['Monday at 07:00', '0 7 * * 1', 'Monday at 07:00'],
    ['sunday, monday and friday at 07:00', '0 7 * * 0,1,5', 'Monday, Friday and Sunday at 07:00'],
    ['month on day 15 at "06:00"', '0 6 15 * *', 'On day 15 of the month at 06:00'],
    ['month on days 1 and 15 at "06:00"', '0 6 1,15 * *', 'On days 1 and 15 of the month at 06:00'],
    ['month on the last day at "06:00"', '0 6 L * *', 'On the last day of the month at 06:00'],
    ['month on the first monday at "06:00"', '0 6 * * 1#1', 'The first Monday of the month at 06:00'],
    ['month on the last friday at "06:00"', '0 6 * * 5L', 'The last Friday of the month at 06:00'],
  ]
  for (const [text, cron, words] of cases) {
    t.same(parseEvery(text), { cron }, text)
    const { fields, every } = compile({ every: text })
    t.same([fields, every], [compile({ cron }).fields, text], 'the fields of both are the same')
    t.equal(describeFields(fields), words)
  }
})

t.test('the end of the day is half an hour after the day cut-off of the client, in its zone', async (t) => {
  for (const text of ['end-of-day', 'End of day']) t.same(parseEvery(text), { afterDay: true })
  t.match(compile({ every: 'end-of-day', timezone: 'Asia/Tokyo' }), {
    cron: '15 0 * * *',
    timezone: 'America/Chicago',
  })
})

t.test('what is no such text is told with what is allowed', async (t) => {
  const cases: [string, RegExp][] = [
    ['', /^"" is no unit of time; allowed are hour at ":05", day at "18:30"/],
    ['mondey at 07:00', /^"mondey" is no unit of time; did you mean "monday"\? Allowed are/],
    ['week at 07:00', /^"week" needs its day/],
    ['month at 07:00', /^"month" needs its day/],
    ['month on the frist monday at 07:00', /did you mean "first"\? Allowed are "day 15"/],
    ['month on the first mnday at 07:00', /did you mean "monday"\?/],
    ['month on day 32 at 07:00', /^"32" is no day of a month/],
    ['day', /^the time is missing; write it as at "18:30"/],
    ['hour', /^the time is missing; write it as at ":05"/],
    ['day at 7:00', /^"7:00" is no time here; write it like "18:30"/],
    ['day at 24:00', /^"24:00" is no time/],
    ['hour at 10:05', /^"10:05" is no time here; write it like ":05"/],
    ['day at 07:00 and 18:30', /has different minutes in different hours/],
    ['7 minutes', /^"7 minutes" do not divide an hour/],
    ['0 minutes', /do not divide an hour/],
    ['5 hours at :05', /^"5 hours" do not divide a day/],
    ['15 minutes at :05', /has no time/],
    ['end-of-day at 18:00', /^"end-of-day" has no time/],
    ['day at 01:00 at 02:00', /"at" twice/],
    ['constructor at 01:00', /^"constructor" is no unit/],
  ]
  for (const [text, told] of cases) {
    const parsed = parseEvery(text)
    t.match('problem' in parsed ? parsed.problem : '', told, text)
  }
})

t.test('from and until are days or moments on the wall clock of the schedule', async (t) => {
  const edges = (from: string, until: string) => {
    const { fromMs, untilMs } = compile({ every: 'day at 09:00', from, until })
    return [fromMs, untilMs].map((ms) => new Date(ms ?? Number.NaN).toISOString())
  }
  t.same(edges('2026-12-01', '2026-12-31'), ['2026-12-01T06:00:00.000Z', '2027-01-01T06:00:00.000Z'])
  t.same(edges('2026-07-01T08:00', '2026-07-31T20:00:00Z'), [
    '2026-07-01T13:00:00.000Z',
    '2026-07-31T20:00:00.000Z',
  ])
})

t.test('the part of the spread is within it, always the same, and even over many jobs', async (t) => {
  const partOf = (job: string) => compile({ every: 'day at 09:00', spread: '10m' }, job).delayMs ?? -1
  const parts = Array.from({ length: 600 }, (_, index) => partOf(`acme/job-${index}`))
  t.same(
    parts.slice(0, 20),
    Array.from({ length: 20 }, (_, index) => partOf(`acme/job-${index}`)),
  )
  t.ok(parts.every((part) => part >= 0 && part <= 600_000 && part % 1000 === 0))
  const minutes = Map.groupBy(parts, (part) => Math.floor(part / 60_000))
  for (let minute = 0; minute < 10; minute++) {
    const count = minutes.get(minute)?.length ?? 0
    t.ok(count > 30 && count < 95, `${count} of 600 start in minute ${minute}`)
  }
  t.notOk('delayMs' in compile({ every: 'day at 09:00' }), 'no spread, no later start')
})

t.test('cron expressions with counted days are read, and beyond a month refused', async (t) => {
  const fieldsOf = (text: string) => {
    const parsed = parseCron(text)
    return 'problem' in parsed ? parsed.problem : parsed.fields
  }
  t.match(fieldsOf('0 0 L-2,15,L * *'), { daysOfMonth: [15], lastDays: [0, 2], eitherDay: false })
  t.match(fieldsOf('0 0 * * friL,1#3,MON#1,2'), {
    daysOfWeek: [2],
    nthDays: [
      { weekday: 1, nth: 1 },
      { weekday: 1, nth: 3 },
      { weekday: 5, nth: -1 },
    ],
  })
  t.match(fieldsOf('0 0 L * 5'), { lastDays: [0], daysOfWeek: [5], eitherDay: true })
  for (const day of ['L-0', 'L-28', 'LW', 'l', 'L/2', '1-L', 'L-'])
    t.match(fieldsOf(`0 0 ${day} * *`), /is no day of month; .*"L" \(the last day\)/, day)
  for (const day of ['8L', '1#0', '1#6', 'L', '1#1-3', '#1', 'xyzL'])
    t.match(fieldsOf(`0 0 * * ${day}`), /is no day of week; .*"1#2"/, day)
  t.match(fieldsOf('0 0 L,L * *'), /comes twice/)
  t.match(fieldsOf('0 0 * * 7L,0L'), /comes twice/)
})
