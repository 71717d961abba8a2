import t from 'tap'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { CompiledSchedule, CronFields } from '../../../engine/core/model.ts'
import { campaignTrigger } from '../../../engine/triggers/campaign.ts'
import { triggerTypes } from '../../../engine/triggers/index.ts'
import { manualTrigger } from '../../../engine/triggers/manual.ts'
import { scheduledTrigger } from '../../../engine/triggers/scheduled.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createSnapshot } from '../../fakes/snapshot.ts'
import { createTriggerHost } from '../../fakes/trigger-host.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const every = {
  minutes: numbers(0, 59),
  hours: numbers(0, 23),
  daysOfMonth: numbers(1, 31),
  months: numbers(1, 12),
  daysOfWeek: numbers(0, 6),
}

function createSchedule(
  fields: Partial<CronFields>,
  changes: Partial<CompiledSchedule> = {},
): CompiledSchedule {
  return {
    name: 'daily',
    cron: '',
    timezone: 'America/Chicago',
    onHoliday: 'skip',
    catchUp: 'latest',
    catchUpWindowMs: DAY,
    fields: { ...every, eitherDay: false, wildcard: false, ...fields },
    calendar: null,
    ...changes,
  }
}

const evening = createSchedule({ minutes: [30], hours: [18] })
const hourly = createSchedule({ minutes: [0], wildcard: true }, { name: 'hourly' })

/** Watches the schedules until the test ends. */
async function watch(
  t: { teardown(end: () => void): void },
  schedules: CompiledSchedule[],
  start: string,
  since?: string,
) {
  const clock = createManualClock(start)
  const host = createTriggerHost(since === undefined ? { clock } : { clock, since })
  const stop = new AbortController()
  t.teardown(() => stop.abort())
  const prime = () =>
    scheduledTrigger.watch(
      { type: 'scheduled', schedules: [] },
      createSnapshot({ schedules }),
      host,
      stop.signal,
    )
  return { clock, host, stop, prime, slots: () => host.dues.map((due) => due.slot) }
}

t.test('a slot becomes due at its moment, under a key of schedule and instant', async (t) => {
  const { clock, host, prime } = await watch(t, [evening], '2026-11-22T12:00:00.000Z')
  await prime()
  await clock.live(Date.parse('2026-11-23T00:29:59.999Z') - clock.now().getTime())
  t.same(host.dues, [])
  await clock.live(1)
  t.same(host.dues, [
    {
      key: 'daily@2026-11-23T00:30:00.000Z',
      slot: '2026-11-23T00:30:00.000Z',
      schedule: 'daily',
      event: null,
      file: null,
      callCenter: null,
    },
  ])
  await clock.live(DAY)
  t.equal(host.dues.length, 2)
  t.same(host.passed, [])
})

t.test('a day on which the clock changes has each slot once', async (t) => {
  const night = createSchedule({ minutes: [30], hours: [2] }, { name: 'night' })
  const spring = await watch(t, [night, hourly], '2026-03-08T05:59:00.000Z')
  await spring.prime()
  await spring.clock.live(24 * HOUR, 2)
  const of = (slots: string[], name: string) => slots.filter((key) => key.startsWith(name))
  const springKeys = spring.host.dues.map((due) => due.key)
  t.same(of(springKeys, 'night'), ['night@2026-03-08T08:00:00.000Z'], 'right after the gap')
  t.equal(of(springKeys, 'hourly').length, 24, 'real hours, 23 of them this local day')

  const early = createSchedule({ minutes: [30], hours: [1] }, { name: 'night' })
  const autumn = await watch(t, [early, hourly], '2026-11-01T04:59:00.000Z')
  await autumn.prime()
  await autumn.clock.live(25 * HOUR, 2)
  const autumnKeys = autumn.host.dues.map((due) => due.key)
  t.same(of(autumnKeys, 'night'), ['night@2026-11-01T06:30:00.000Z'], 'the first of the two')
  t.equal(of(autumnKeys, 'hourly').length, 25)
})

t.test('a slot further away than a timer reaches is waited for', async (t) => {
  const monthly = createSchedule({ minutes: [0], hours: [0], daysOfMonth: [1] })
  const { clock, prime, slots } = await watch(t, [monthly], '2026-07-01T05:00:00.000Z')
  await prime()
  await clock.live(31 * DAY - 1)
  t.same(slots(), [])
  await clock.live(1)
  t.same(slots(), ['2026-08-01T05:00:00.000Z'])
})

t.test('what was missed before the start is caught up as the schedule says', async (t) => {
  const since = '2026-11-22T06:00:00.000Z'
  const start = '2026-11-22T09:30:00.000Z'
  const settle = async (changes: Partial<CompiledSchedule>) => {
    const { host, prime, slots } = await watch(t, [{ ...hourly, ...changes }], start, since)
    await prime()
    return { due: slots().map(hourOf), passed: host.passed, notes: host.notes }
  }
  const hourOf = (slot: string) => slot.slice(11, 13)

  t.same(await settle({ catchUp: 'all' }), { due: ['07', '08', '09'], passed: [], notes: [] })
  t.same(await settle({ catchUp: 'latest' }), {
    due: ['09'],
    passed: ['missed 2026-11-22T07:00:00.000Z', 'missed 2026-11-22T08:00:00.000Z'],
    notes: ['missed: a later slot was run instead'],
  })
  t.match(await settle({ catchUp: 'none' }), {
    due: [],
    passed: { length: 3 },
    notes: ['missed: catchUp is none'],
  })
  t.match(await settle({ catchUp: 'all', catchUpWindowMs: 90 * MINUTE }), {
    due: ['08', '09'],
    passed: ['missed 2026-11-22T07:00:00.000Z'],
    notes: ['missed: older than the catchUpWindow'],
  })
  t.match(await settle({ catchUp: 'latest', catchUpWindowMs: 29 * MINUTE }), {
    due: [],
    passed: { length: 3 },
  })
})

t.test('nothing from before the job was first applied is due or missed', async (t) => {
  const start = '2026-11-22T09:30:00.000Z'
  const { host, prime } = await watch(t, [hourly], start, '2026-11-22T09:00:00.000Z')
  await prime()
  t.same([host.dues, host.passed], [[], []])
})

t.test('a slot that falls into a reload is due, even where nothing is caught up', async (t) => {
  const none = { ...hourly, catchUp: 'none' as const }
  const late = await watch(t, [none], '2026-11-22T09:00:59.000Z', '2026-11-22T08:00:00.000Z')
  await late.prime()
  t.same(late.slots(), ['2026-11-22T09:00:00.000Z'])
  const tooLate = await watch(t, [none], '2026-11-22T09:01:00.000Z', '2026-11-22T08:00:00.000Z')
  await tooLate.prime()
  t.same(tooLate.host.passed, ['missed 2026-11-22T09:00:00.000Z'])
})

t.test('a slot on a day off is recorded as skipped, with the reason', async (t) => {
  const calendar = {
    apiVersion: 'jobsd/v1' as const,
    kind: 'Calendar' as const,
    name: 'us-business',
    title: 'US business days',
    holidays: [{ date: '2026-11-26', title: 'Thanksgiving' }],
  }
  const schedule = { ...evening, calendar, catchUpWindowMs: 2 * DAY }
  const up = await watch(t, [schedule], '2026-11-26T12:00:00.000Z')
  await up.prime()
  await up.clock.live(DAY)
  t.same(up.slots(), [])
  t.same(up.host.passed, ['skipped 2026-11-27T00:30:00.000Z'])
  t.match(up.host.notes[0], /Thanksgiving/)

  const down = await watch(t, [schedule], '2026-11-27T01:00:00.000Z', '2026-11-25T00:30:00.000Z')
  await down.prime()
  t.same(down.slots(), ['2026-11-26T00:30:00.000Z'], 'the latest that was missed is the one before')
  t.same(down.host.passed, ['skipped 2026-11-27T00:30:00.000Z'])
})

t.test('a long gap is recorded slot by slot, oldest first, in few transactions', async (t) => {
  const minutely = createSchedule({ wildcard: true })
  const start = '2026-11-22T00:00:30.000Z'
  const { host, prime, slots } = await watch(t, [minutely], start, '2026-11-02T00:00:00.000Z')
  await prime()
  t.same(slots(), ['2026-11-22T00:00:00.000Z'])
  t.equal(host.passed.length, 20 * 24 * 60 - 1)
  t.same(host.passed, [...host.passed].sort())
  t.ok(host.notes.length < 70, `${host.notes.length} transactions`)
})

t.test('a pass that is cut off leaves no hole behind the last recorded slot', async (t) => {
  const all = { ...hourly, catchUp: 'all' as const, catchUpWindowMs: 3 * HOUR }
  const since = '2026-11-22T02:00:00.000Z'
  for (let allowed = 0; allowed < 5; allowed++) {
    const { host, prime, slots } = await watch(t, [all], '2026-11-22T09:30:00.000Z', since)
    let records = 0
    host.beforeRecord = () => {
      if (records++ === allowed)
        throw new JobsdError('TARGET_FULL', { connection: 'disk', path: '', reason: '' })
    }
    const failed = await prime().catch((error) => error.code)
    const recorded = [...host.passed.map((line) => line.slice(-24)), ...slots()].sort()
    const expected = numbers(3, 9).map((hour) => `2026-11-22T0${hour}:00:00.000Z`)
    t.same(recorded, expected.slice(0, recorded.length), `after ${allowed} records`)
    t.equal(failed, allowed < 4 ? 'TARGET_FULL' : undefined)
  }
})

t.test('a clock that is set forward misses no slot, and one that is set back doubles none', async (t) => {
  const { clock, host, prime, slots } = await watch(t, [hourly], '2026-11-22T09:30:00.000Z')
  await prime()
  await clock.asleep()
  clock.jump(5 * HOUR)
  await clock.live(10 * MINUTE)
  t.same(slots(), ['2026-11-22T14:00:00.000Z'], 'the latest')
  t.equal(host.passed.length, 4, 'the others')
  clock.jump(-HOUR)
  await clock.live(3 * HOUR)
  t.same(slots(), ['2026-11-22T14:00:00.000Z', '2026-11-22T15:00:00.000Z', '2026-11-22T16:00:00.000Z'])
  t.equal(host.passed.length, 4)
})

t.test('a clock that was far ahead does not stop the schedule once it is right', async (t) => {
  const before = await watch(t, [hourly], '2026-11-22T09:30:00.000Z', '2030-01-01T00:00:00.000Z')
  await before.prime()
  await before.clock.live(HOUR)
  t.same(before.slots(), ['2026-11-22T10:00:00.000Z'])

  const during = await watch(t, [hourly], '2026-11-22T09:30:00.000Z')
  await during.prime()
  await during.clock.asleep()
  during.clock.jump(30 * DAY)
  await during.clock.live(10 * MINUTE)
  during.clock.jump(-30 * DAY)
  await during.clock.live(HOUR)
  t.same(during.slots(), ['2026-12-22T09:00:00.000Z', '2026-11-22T10:00:00.000Z'])
})

t.test('however the clock is set, no slot is due twice and none goes without a record', async (t) => {
  const firstMs = Date.parse('2026-11-22T10:00:00.000Z')
  const { clock, host, prime, slots } = await watch(t, [hourly], '2026-11-22T09:30:00.000Z')
  await prime()
  let newestMs = 0
  for (const jumpMs of [3 * HOUR, -3 * HOUR, 365 * DAY, -365 * DAY, -5 * HOUR, 5 * HOUR, 730 * DAY]) {
    await clock.asleep()
    clock.jump(jumpMs)
    await clock.live(2 * HOUR)
    newestMs = Math.max(newestMs, clock.now().getTime())
    const expected = Array.from({ length: Math.floor((newestMs - firstMs) / HOUR) + 1 }, (_, index) =>
      new Date(firstMs + index * HOUR).toISOString(),
    )
    const recorded = new Set([...slots(), ...host.passed.map((line) => line.slice(-24))])
    t.strictSame([...recorded].sort(), expected, `after a jump of ${jumpMs / HOUR} h`)
    t.equal(new Set(slots()).size, slots().length)
  }
  t.ok(host.passed.every((line) => line.startsWith('missed ')))
})

t.test('a ledger that fails is told and tried again until the slot is safe', async (t) => {
  const { clock, host, prime, slots } = await watch(
    t,
    [{ ...hourly, catchUp: 'none' }],
    '2026-11-22T09:59:00.000Z',
  )
  await prime()
  host.beforeRecord = () => {
    throw new JobsdError('TARGET_FULL', { connection: 'disk', path: 'ledger', reason: 'ENOSPC' })
  }
  await clock.live(2 * MINUTE)
  t.same(slots(), [])
  t.match(host.log.lines[0], 'error: the trigger failed')
  t.match(host.log.fields[0], { job: 'acme/eod-call-detail', schedule: 'hourly', code: 'TARGET_FULL' })
  host.beforeRecord = () => undefined
  await clock.live(5 * MINUTE)
  t.same(slots(), ['2026-11-22T10:00:00.000Z'], 'late, but not missed: the engine was there')
})

t.test('an aborted watch makes nothing due any more', async (t) => {
  const { clock, host, stop, prime } = await watch(t, [hourly], '2026-11-22T09:59:00.000Z')
  await prime()
  await clock.asleep()
  stop.abort()
  await clock.advance(HOUR)
  t.same(host.dues, [])
  t.same(host.log.lines, [])
})

t.test(
  'campaign and manual jobs have nothing to watch; a campaign job takes the end of a campaign',
  async (t) => {
    const host = createTriggerHost({ clock: createManualClock('2026-11-22T09:59:00.000Z') })
    const { signal } = new AbortController()
    await campaignTrigger.watch({ type: 'campaign' }, createSnapshot(), host, signal)
    await manualTrigger.watch({ type: 'manual' }, createSnapshot(), host, signal)
    t.same([host.dues, host.passed], [[], []])
    t.ok(campaignTrigger.accepts?.('campaign.ended'))
    t.notOk(campaignTrigger.accepts?.('campaign.started'))
    t.same(
      triggerTypes.filter((type) => type.accepts?.('campaign.ended')).map((type) => type.type),
      ['campaign'],
    )
  },
)

function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}
