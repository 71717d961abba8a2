import t from 'tap'
import { parseCron } from '../../../engine/config/cron.ts'
import type { Calendar } from '../../../engine/core/manifest.ts'
import type { CompiledSchedule } from '../../../engine/core/model.ts'
import { enumerateSlots, neverFires, nextSlot, type PlannedSlot } from '../../../engine/core/slots.ts'
import { formatLocal, formatWithOffset } from '../../../engine/core/zone.ts'

const chicago = 'America/Chicago'
const business: Calendar = {
  apiVersion: 'jobsd/v1',
  kind: 'Calendar',
  name: 'us-business',
  title: 'US business days',
  weekends: ['sat', 'sun'],
  holidays: [{ date: '2026-11-26', title: 'Thanksgiving Day' }],
}

function scheduleOf(cron: string, changes: Partial<CompiledSchedule> = {}): CompiledSchedule {
  const parsed = parseCron(cron)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return {
    name: 'test',
    cron,
    timezone: chicago,
    calendar: null,
    onHoliday: 'skip',
    catchUp: 'latest',
    catchUpWindowMs: 86_400_000,
    fields: parsed.fields,
    ...changes,
  }
}
function slotsOf(schedule: CompiledSchedule, after: string, until: string): PlannedSlot[] {
  return enumerateSlots(schedule, Date.parse(after), Date.parse(until))
}
/** The due moments as local times with offset. */
function momentsOf(schedule: CompiledSchedule, after: string, until: string): string[] {
  return slotsOf(schedule, after, until).map(({ at }) => formatWithOffset(schedule.timezone, at))
}

t.test('the window begins after its start and ends with its end', async (t) => {
  const schedule = scheduleOf('0 6,18 * * *', { timezone: 'UTC' })
  t.same(momentsOf(schedule, '2026-11-22T06:00:00Z', '2026-11-23T06:00:00Z'), [
    '2026-11-22T18:00:00+00:00',
    '2026-11-23T06:00:00+00:00',
  ])
  t.equal(enumerateSlots(schedule, 0, Date.parse('2026-01-01T00:00:00Z'), 3).length, 3)
  t.same(enumerateSlots(schedule, 0, Date.parse('2026-01-01T00:00:00Z'), 0), [])
  t.same(momentsOf(schedule, '2026-11-23T06:00:00Z', '2026-11-22T06:00:00Z'), [])
})

t.test('either day field matches where both are restricted, else both must', async (t) => {
  const either = scheduleOf('0 0 13 * 5', { timezone: 'UTC' })
  const days = momentsOf(either, '2026-11-10T00:00:00Z', '2026-12-01T00:00:00Z').map((text) =>
    text.slice(8, 10),
  )
  t.same(days, ['13', '20', '27'])
  const both = scheduleOf('0 0 */2 * 1', { timezone: 'UTC' })
  t.same(momentsOf(both, '2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z'), [
    '2026-11-09T00:00:00+00:00',
    '2026-11-23T00:00:00+00:00',
  ])
})

t.test('a fixed time that the clock skips is due right after, and only once', async (t) => {
  const schedule = scheduleOf('0,30 1-3 8 3 *')
  const slots = slotsOf(schedule, '2026-03-08T00:00:00-06:00', '2026-03-09T00:00:00-05:00')
  t.same(
    slots.map(({ at, nominal, outcome }) => [formatLocal(chicago, at, 'HH:mm'), nominal.slice(11), outcome]),
    [
      ['01:00', '01:00', 'run'],
      ['01:30', '01:30', 'run'],
      ['03:00', '02:00', 'run'],
      ['03:30', '03:30', 'run'],
    ],
  )
  t.equal(slots[2]?.note, 'the clock skips 02:00, so it is due right after, at 03:00')
})

t.test('a fixed time that comes twice is due the first time only', async (t) => {
  const slots = slotsOf(scheduleOf('30 1 * * *'), '2026-11-01T00:00:00-05:00', '2026-11-02T00:00:00-06:00')
  t.match(slots, [
    { at: Date.parse('2026-11-01T06:30:00Z'), note: 'the clock shows 01:30 twice, it is due the first time' },
  ])
  t.equal(slots.length, 1)
})

t.test('a wildcard follows real time through gap and fold', async (t) => {
  const schedule = scheduleOf('*/30 1-3 * * *')
  t.same(momentsOf(schedule, '2026-03-08T00:00:00-06:00', '2026-03-08T03:30:00-05:00'), [
    '2026-03-08T01:00:00-06:00',
    '2026-03-08T01:30:00-06:00',
    '2026-03-08T03:00:00-05:00',
    '2026-03-08T03:30:00-05:00',
  ])
  t.same(momentsOf(schedule, '2026-11-01T00:00:00-05:00', '2026-11-01T02:00:00-06:00'), [
    '2026-11-01T01:00:00-05:00',
    '2026-11-01T01:30:00-05:00',
    '2026-11-01T01:00:00-06:00',
    '2026-11-01T01:30:00-06:00',
    '2026-11-01T02:00:00-06:00',
  ])
})

t.test('a half-hour change, a change at midnight and a lost day keep their slots', async (t) => {
  const lordHowe = scheduleOf('15 2 * * *', { timezone: 'Australia/Lord_Howe' })
  t.same(momentsOf(lordHowe, '2026-10-03T12:00:00+10:30', '2026-10-04T12:00:00+11:00'), [
    '2026-10-04T02:30:00+11:00',
  ])
  const saoPaulo = scheduleOf('0 0 * * *', { timezone: 'America/Sao_Paulo' })
  t.same(momentsOf(saoPaulo, '2018-11-03T12:00:00-03:00', '2018-11-04T12:00:00-02:00'), [
    '2018-11-04T01:00:00-02:00',
  ])
  const apia = scheduleOf('0 18 * * *', { timezone: 'Pacific/Apia' })
  t.same(momentsOf(apia, '2011-12-29T12:00:00-10:00', '2011-12-31T20:00:00+14:00'), [
    '2011-12-29T18:00:00-10:00',
    '2011-12-31T00:00:00+14:00',
    '2011-12-31T18:00:00+14:00',
  ])
})

t.test('a wildcard goes back across midnight with the clock', async (t) => {
  const schedule = scheduleOf('*/30 23 * * *', { timezone: 'America/St_Johns' })
  // 00:01 became 23:01 of the day before.
  t.same(momentsOf(schedule, '2010-11-07T00:00:30-02:30', '2010-11-07T12:00:00-03:30'), [
    '2010-11-06T23:30:00-03:30',
  ])
})

t.test('a slot on a day off is skipped, and says why', async (t) => {
  const schedule = scheduleOf('0 6 * * *', { calendar: business })
  const slots = slotsOf(schedule, '2026-11-25T12:00:00-06:00', '2026-11-30T12:00:00-06:00')
  t.same(
    slots.map(({ nominal, outcome, note }) => [nominal.slice(8, 10), outcome, note]),
    [
      ['26', 'skipped', '26 Nov 2026 is a day off: Thanksgiving Day'],
      ['27', 'run', ''],
      ['28', 'skipped', '28 Nov 2026 is a day off: Saturday'],
      ['29', 'skipped', '29 Nov 2026 is a day off: Sunday'],
      ['30', 'run', ''],
    ],
  )
  t.equal(nextSlot(schedule, Date.parse('2026-11-25T12:00:00-06:00'))?.nominal, '2026-11-27T06:00')
})

t.test('days off move to the next business day, which then covers them', async (t) => {
  const schedule = scheduleOf('0 6 * * *', { calendar: business, onHoliday: 'next' })
  const slots = slotsOf(schedule, '2026-11-25T12:00:00-06:00', '2026-12-01T12:00:00-06:00')
  t.same(
    slots.map(({ at, nominal, outcome, skippedDays }) => [
      formatLocal(chicago, at, 'dd HH:mm'),
      nominal,
      outcome,
      skippedDays,
    ]),
    [
      ['27 06:00', '2026-11-26T06:00', 'shifted', 1],
      ['30 06:00', '2026-11-28T06:00', 'shifted', 2],
      ['01 06:00', '2026-12-01T06:00', 'run', 0],
    ],
  )
  t.equal(slots[1]?.note, 'moved from Saturday 28 Nov 2026, Sunday 29 Nov 2026')
})

t.test('a business day without a slot of its own takes over the days off before it', async (t) => {
  const schedule = scheduleOf('0 6 * * 6', { calendar: business, onHoliday: 'next' })
  t.match(slotsOf(schedule, '2026-11-27T12:00:00-06:00', '2026-12-01T12:00:00-06:00'), [
    {
      at: Date.parse('2026-11-30T06:00:00-06:00'),
      nominal: '2026-11-28T06:00',
      outcome: 'shifted',
      skippedDays: 2,
    },
  ])
})

t.test('days off move to the business day before, also from beyond the window', async (t) => {
  const schedule = scheduleOf('0 6 29 11 *', { calendar: business, onHoliday: 'previous' })
  const moved = {
    at: Date.parse('2026-11-27T06:00:00-06:00'),
    nominal: '2026-11-29T06:00',
    outcome: 'shifted',
  }
  t.match(slotsOf(schedule, '2026-11-27T05:00:00-06:00', '2026-11-27T07:00:00-06:00'), [
    { ...moved, skippedDays: 0 },
  ])
  t.match(nextSlot(schedule, Date.parse('2026-11-27T05:00:00-06:00')), moved)
  t.same(slotsOf(schedule, '2026-11-27T06:00:00-06:00', '2026-12-10T00:00:00-06:00'), [])
  const daily = scheduleOf('0 6 * * *', { calendar: business, onHoliday: 'previous' })
  const slots = slotsOf(daily, '2026-11-25T05:00:00-06:00', '2026-11-30T12:00:00-06:00')
  t.same(
    slots.map(({ at, outcome }) => [formatLocal(chicago, at, 'dd'), outcome]),
    [
      ['25', 'shifted'],
      ['27', 'shifted'],
      ['30', 'run'],
    ],
  )
})

t.test('a slot that is moved onto a clock change follows the rule of fixed times', async (t) => {
  // Friday 30 October is off, so 01:30 moves to Sunday 1 November, where it comes twice.
  const calendar = { ...business, weekends: ['fri' as const, 'sat' as const], holidays: [] }
  const schedule = scheduleOf('*/30 1 30 10 *', { calendar, onHoliday: 'next' })
  t.same(momentsOf(schedule, '2026-10-30T00:00:00-05:00', '2026-11-02T00:00:00-06:00'), [
    '2026-11-01T01:00:00-05:00',
    '2026-11-01T01:30:00-05:00',
  ])
})

t.test('windows that follow each other give the same slots as one', async (t) => {
  const from = Date.parse('2026-10-20T00:00:00Z')
  const until = Date.parse('2026-12-05T00:00:00Z')
  for (const onHoliday of ['skip', 'next', 'previous'] as const)
    for (const cron of ['*/30 * * * *', '30 1 * * *', '0 6,18 * * 0,6', '15 1 1,26-29 * *']) {
      const schedule = scheduleOf(cron, { calendar: business, onHoliday })
      const whole = enumerateSlots(schedule, from, until)
      const hour = 3_600_000
      const parts: PlannedSlot[] = []
      for (let at = from; at < until; at += 7 * hour)
        parts.push(...enumerateSlots(schedule, at, Math.min(until, at + 7 * hour)))
      t.same(parts, whole, `${cron} ${onHoliday}`)
      const walked: PlannedSlot[] = []
      for (let slot = nextSlot(schedule, from); slot && slot.at <= until; slot = nextSlot(schedule, slot.at))
        walked.push(slot)
      t.same(
        walked,
        whole.filter(({ outcome }) => outcome !== 'skipped'),
        `${cron} ${onHoliday}, one by one`,
      )
      t.ok(whole.length > 5)
    }
})

t.test('the next slot is found years ahead, but not beyond five', async (t) => {
  const leap = scheduleOf('0 0 29 2 *', { timezone: 'UTC' })
  t.equal(nextSlot(leap, Date.parse('2024-02-29T00:00:00Z'))?.nominal, '2028-02-29T00:00')
  t.equal(nextSlot(leap, Date.parse('2096-03-01T00:00:00Z')), undefined)
  t.equal(nextSlot(scheduleOf('0 0 30 2 *'), 0), undefined)
})

t.test('a schedule without any day to come is known to never fire', async (t) => {
  for (const cron of ['0 0 30 2 *', '0 0 31 4,6,9,11 *', '0 0 31 2 *'])
    t.ok(neverFires(scheduleOf(cron)), cron)
  for (const cron of ['0 0 29 2 *', '0 0 30 2 1', '0 0 31 * *']) t.notOk(neverFires(scheduleOf(cron)), cron)
  const weekend = scheduleOf('0 0 * * 0,6', { calendar: business })
  t.ok(neverFires(weekend))
  t.notOk(neverFires({ ...weekend, onHoliday: 'next' }))
  t.notOk(neverFires(scheduleOf('0 0 * * 5-7', { calendar: business })))
})

t.test('a calendar without business days is refused instead of searched for ever', async (t) => {
  const weekends = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as NonNullable<Calendar['weekends']>
  const schedule = scheduleOf('0 6 * * *', { calendar: { ...business, weekends }, onHoliday: 'next' })
  t.throws(() => nextSlot(schedule, 0), RangeError)
})
