import t from 'tap'
import { describeTest } from '../../../engine/catalog/condition-words.ts'
import { spellDuration, spellMoment, spellPeriod, spellSize } from '../../../engine/catalog/plain-words.ts'
import { describeDaysOff } from '../../../engine/catalog/schedule-words.ts'
import type { CronFields } from '../../../engine/core/model.ts'
import { describeFields } from '../../../engine/core/schedule-words.ts'
import { acme, scheduleOf } from '../../fixtures/catalog.ts'

function upTo(last: number, first = 0, step = 1): number[] {
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step)
}

const daily: CronFields = {
  minutes: [30],
  hours: [18],
  daysOfMonth: upTo(31, 1),
  months: upTo(12, 1),
  daysOfWeek: upTo(6),
  eitherDay: false,
  wildcard: false,
}

t.test('a schedule is a sentence that says days, months and times', async (t) => {
  const cases: [Partial<CronFields>, string][] = [
    [{}, 'Every day at 18:30'],
    [{ daysOfWeek: [1, 2, 3, 4, 5] }, 'Monday to Friday at 18:30'],
    [{ daysOfWeek: [0, 6] }, 'Saturday and Sunday at 18:30'],
    [{ daysOfWeek: [0, 1, 3] }, 'Monday, Wednesday and Sunday at 18:30'],
    [{ daysOfMonth: [1] }, 'On day 1 of the month at 18:30'],
    [{ daysOfMonth: [1, 15], months: [1, 7] }, 'On days 1 and 15 of the month in January and July at 18:30'],
    [
      { daysOfMonth: [1], daysOfWeek: [1], eitherDay: true },
      'On day 1 of the month and every Monday at 18:30',
    ],
    [{ daysOfMonth: upTo(7, 1), daysOfWeek: [1] }, 'On days 1 to 7 of the month if it is Monday at 18:30'],
    [{ hours: [6, 18], minutes: [0] }, 'Every day at 06:00 and 18:00'],
    [{ hours: upTo(23), minutes: [0] }, 'Every hour'],
    [{ hours: upTo(23), minutes: [5] }, 'Every hour, starting at 00:05'],
    [{ hours: upTo(23), minutes: upTo(59) }, 'Every minute'],
    [{ hours: upTo(23), minutes: upTo(59, 0, 15) }, 'Every 15 minutes'],
    [{ hours: upTo(22, 0, 2), minutes: [0] }, 'Every 2 hours'],
    [{ hours: upTo(17, 8), minutes: [0] }, 'Every hour from 08:00 to 17:00'],
    [{ hours: upTo(17, 8), minutes: upTo(45, 0, 15) }, 'Every 15 minutes from 08:00 to 17:45'],
    [{ hours: upTo(17, 8), minutes: [0, 10] }, 'Every day 20 times between 08:00 and 17:10'],
  ]
  for (const [fields, words] of cases) t.equal(describeFields({ ...daily, ...fields }), words)
})

t.test('a calendar says what becomes of days off, no calendar says nothing', async (t) => {
  const schedule = scheduleOf('nightly', acme.timezone, [0], [1])
  const calendar = {
    apiVersion: 'jobsd/v1',
    kind: 'Calendar',
    name: 'us',
    title: 'US business days',
  } as const
  t.equal(describeDaysOff(schedule), '')
  t.equal(describeDaysOff({ ...schedule, calendar }), 'Not on days off (US business days)')
  t.match(describeDaysOff({ ...schedule, calendar, onHoliday: 'next' }), 'the business day after')
  t.match(describeDaysOff({ ...schedule, calendar, onHoliday: 'previous' }), 'the business day before')
})

t.test('a condition is a sentence with titles for names', async (t) => {
  const describe = (test: Parameters<typeof describeTest>[0]) => describeTest(test, acme.callCenters)
  t.equal(describe({ value: 'run.callCenter', in: ['dallas', 'tampa'] }), 'Call center is Dallas or Tampa')
  t.equal(describe({ value: 'steps.build.rows', greaterThan: 1000 }), 'Rows of build is more than 1,000')
  t.equal(describe({ value: 'steps.build.ok', equals: true }), 'Success of build is yes')
  t.equal(describe({ value: 'event.kind', matches: 'a*' }), 'Event field kind matches a*')
  const weekday = { value: 'run.weekday', equals: 'sat' }
  const small = { value: 'file.size', lessThan: 10 }
  t.equal(
    describe({ all: [weekday, { not: { any: [small, weekday] } }] }),
    'Weekday is Saturday and not (File size in bytes is less than 10 or Weekday is Saturday)',
  )
  t.equal(
    describe({ all: [weekday, { any: [small, weekday] }] }),
    'Weekday is Saturday and (File size in bytes is less than 10 or Weekday is Saturday)',
  )
})

t.test('moments, periods, durations and sizes are spelled for people', async (t) => {
  const moment = spellMoment('America/Chicago', Date.parse('2026-11-24T00:30:00.000Z'))
  t.same(moment, { iso: '2026-11-23T18:30:00-06:00', text: 'Mon 23 Nov 2026, 18:30' })
  const timezone = 'America/Chicago'
  const day = { start: '2026-11-01T05:00:00.000Z', end: '2026-11-02T06:00:00.000Z', timezone }
  t.equal(spellPeriod(day), 'Sun 1 Nov 2026', 'a day of 25 hours is one day')
  t.equal(spellPeriod({ ...day, end: '2026-11-03T06:00:00.000Z' }), 'Sun 1 Nov 2026 to Mon 2 Nov 2026')
  const hours = { start: '2026-11-03T14:00:00.000Z', end: '2026-11-03T15:00:00.000Z', timezone }
  t.equal(spellPeriod(hours), 'Tue 3 Nov 2026, 08:00 to Tue 3 Nov 2026, 09:00')
  t.same([400, 14_000, 192_000, 120_000, 5_400_000].map(spellDuration), [
    'under 1 s',
    '14 s',
    '3 min 12 s',
    '2 min',
    '1 h 30 min',
  ])
  t.same([1, 999, 1000, 284_000, 999_600, 12_400_000].map(spellSize), [
    '1 byte',
    '999 bytes',
    '1.0 kB',
    '284 kB',
    '1.0 MB',
    '12.4 MB',
  ])
})
