/** What `forecast` says of odd moments becomes due in an engine: once, at its moment, and starts when it should. */
import t, { type Test } from 'tap'
import { compileJob } from '../../../engine/config/compile.ts'
import { forecastSlots } from '../../../engine/core/forecast.ts'
import { scheduledTrigger } from '../../../engine/triggers/scheduled.ts'
import { createStage, eodFile, until } from '../../fakes/engine-stage.ts'
import { editSmall, load } from '../config/golden.ts'

const minute = 60_000
const day = 1440 * minute
const calendarFile = 'jobs.d/platform/calendars/us-business.yaml'

const calendarText = `apiVersion: jobsd/v1
kind: Calendar
name: us-business
title: US business days
weekends: [sat, sun]
holidays: [{ date: "2026-09-07", title: Labor Day }]
blackouts: [{ title: Maintenance, from: "22:00", until: "02:00" }]
`

/** The small repository whose job `eod` has these schedules, one line each. */
function treeOf(...schedules: string[]) {
  const lines = schedules.map((each) => `    - ${each}`).join('\n')
  return editSmall({
    [eodFile]: (text) =>
      text
        .replace('scope: call-center', 'scope: client')
        .replace('{client}_{callCenter}', '{client}')
        .replace(/schedules:\n[\s\S]*steps:/, `schedules:\n${lines}\nsteps:`),
    [calendarFile]: calendarText,
  })
}

function createClockedStage(t: Test, start: string, ...schedules: string[]) {
  const begun: { slot: string; at: string }[] = []
  const stage = createStage(
    t,
    async ({ run }) => {
      // Its other steps come at the same moment.
      if (!begun.some(({ slot }) => slot === run.slot))
        begun.push({ slot: run.slot, at: stage.clock.now().toISOString() })
      return { ok: true, note: '' }
    },
    { scheduled: scheduledTrigger },
  )
  stage.state.tree = treeOf(...schedules)
  const config = load(stage.state.tree)
  const errors = config.problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'))
  const compiled = compileJob(config, 'acme/eod')
  if ('problem' in compiled) throw new Error(compiled.problem.message)
  stage.clock.jump(Date.parse(start) - stage.clock.now().getTime())
  const { clock } = stage
  return {
    ...stage,
    begun,
    snapshot: compiled.snapshot,
    forecast: (days: number) =>
      forecastSlots(
        [compiled.snapshot],
        { ms: Date.parse(start) },
        { ms: Date.parse(start) + days * day },
        1000,
      ).slots,
    /** Lets the engine live through the minutes around a moment, as if it had slept until then. */
    async passBy(moment: string): Promise<void> {
      const aheadMs = Date.parse(moment) - 2 * minute - clock.now().getTime()
      if (aheadMs > 0) clock.jump(aheadMs)
      for (let passed = 0; passed < 14; passed++) {
        await clock.advance(minute)
        await until(() => stage.engine.queueSize().working === 0)
      }
    },
  }
}

const nights: [title: string, start: string, days: number, schedules: string[], expected: string[]][] = [
  [
    '02:30 in the night without a 02:30 is due right after the gap',
    '2026-03-07T12:00:00Z',
    2,
    ['{ name: night, every: day at "02:30" }'],
    [
      '2026-03-08T03:00:00-05:00 the clock skips 02:30, so it is due right after, at 03:00',
      '2026-03-09T02:30:00-05:00',
    ],
  ],
  [
    'the 02:30 that comes twice is due the first time',
    '2026-10-24T12:00:00Z',
    2,
    ['{ name: night, every: day at "02:30", timezone: Europe/Berlin }'],
    [
      '2026-10-25T02:30:00+02:00 the clock shows 02:30 twice, it is due the first time',
      '2026-10-26T02:30:00+01:00',
    ],
  ],
  [
    '29 February comes in 2028',
    '2028-02-28T12:00:00Z',
    5,
    ['{ name: leap, cron: "0 9 29 2 *" }', '{ name: last, every: month on the last day at "10:00" }'],
    ['2028-02-29T09:00:00-06:00', '2028-02-29T10:00:00-06:00'],
  ],
  [
    'the 31st comes in no month of 30 days, the last day in each',
    '2027-03-30T12:00:00Z',
    63,
    [
      '{ name: late, every: month on day 31 at "09:00" }',
      '{ name: last, every: month on the last day at "10:00" }',
    ],
    [
      '2027-03-31T09:00:00-05:00',
      '2027-03-31T10:00:00-05:00',
      '2027-04-30T10:00:00-05:00',
      '2027-05-31T09:00:00-05:00',
      '2027-05-31T10:00:00-05:00',
    ],
  ],
  [
    'a holiday on a Monday after a weekend moves all three days to Tuesday',
    '2026-09-04T20:00:00Z',
    5,
    ['{ name: daily, every: day at "09:00", calendar: us-business, onHoliday: next }'],
    [
      '2026-09-08T09:00:00-05:00 moved from Saturday 5 Sep 2026, Sunday 6 Sep 2026, Monday 7 Sep 2026',
      '2026-09-09T09:00:00-05:00',
    ],
  ],
]

for (const [title, start, days, schedules, expected] of nights) {
  t.test(`${title}: forecast says so, and the engine runs it once`, async (t) => {
    const stage = createClockedStage(t, start, ...schedules)
    const slots = stage.forecast(days)
    t.same(
      slots.map(({ local, note }) => `${local} ${note}`.trim()),
      expected,
    )
    await stage.engine.start({ triggers: true })
    for (const { at } of slots) await stage.passBy(at)
    await stage.passBy(new Date(Date.parse(start) + days * day).toISOString())
    t.same(
      stage.begun.map(({ slot }) => slot),
      slots.map(({ at }) => at),
    )
    t.equal((await stage.ledger.runs({ limit: 100 })).length, slots.length)
    await stage.engine.stop()
  })
}

t.test('a spread run is recorded at its moment and starts later, also across a restart', async (t) => {
  const stage = createClockedStage(
    t,
    '2026-11-23T12:00:00Z',
    '{ name: daily, every: day at "09:00", spread: 30m }',
  )
  const delayMs = stage.snapshot.schedules[0]?.delayMs ?? 0
  t.ok(delayMs > 5 * minute, 'this schedule has a part of the spread that shows')
  const slot = '2026-11-23T15:00:00.000Z'
  await stage.engine.start({ triggers: true })
  await stage.passBy('2026-11-23T14:50:00Z')
  await until(async () => (await stage.ledger.unfinishedRuns()).length === 1)
  t.match(await stage.ledger.unfinishedRuns(), [{ slot, state: 'queued', createdAt: /^2026-11-23T15:0/ }])
  t.equal(
    (await stage.engine.status()).jobs[0]?.nextRunAt,
    new Date(Date.parse(slot) + day + delayMs).toISOString(),
  )
  await stage.engine.stop()

  const next = stage.create()
  t.teardown(() => next.ledger.close())
  await next.engine.start({ triggers: true })
  const startMs = Date.parse(slot) + delayMs
  await stage.clock.advance(startMs - stage.clock.now().getTime() - 1000)
  t.same(stage.begun, [])
  for (let second = 0; second < 2 && stage.begun.length === 0; second++) await stage.clock.advance(1000)
  await until(() => stage.begun.length === 1)
  t.same(stage.begun, [{ slot, at: new Date(startMs).toISOString() }])
  await until(async () => (await next.ledger.unfinishedRuns()).length === 0)
  await next.engine.stop()
})

t.test(
  'of the slots in a blackout one run starts when it ends, the others are recorded as skipped',
  async (t) => {
    const schedule =
      '{ name: late, every: hour at ":30", calendar: us-business, onHoliday: next, onBlackout: after }'
    const stage = createClockedStage(t, '2026-11-24T03:45:00Z', schedule)
    await stage.engine.start({ triggers: true })
    for (const moment of ['04:30', '05:30', '06:30', '07:30']) await stage.passBy(`2026-11-24T${moment}:00Z`)
    t.same(stage.begun, [], 'nothing starts before it has ended')
    await stage.passBy('2026-11-24T08:00:00Z')
    t.match(stage.begun, [{ slot: '2026-11-24T07:30:00.000Z', at: /^2026-11-24T08:0/ }])
    const facts = await Promise.all(
      ['04:30', '05:30', '06:30', '07:30'].map((time) =>
        stage.ledger.slotFacts('acme/eod', `2026-11-24T${time}:00.000Z`),
      ),
    )
    t.same(
      facts.map(({ slots }) => slots.map(({ outcome }) => outcome)),
      [['skipped'], ['skipped'], ['skipped'], ['ran']],
    )
    t.match(facts[0]?.slots[0]?.note, 'Maintenance; the slot of 24 Nov 2026, 01:30 runs after it')
    await stage.engine.stop()
  },
)

t.test('a run that waits for its start can be cancelled', async (t) => {
  const stage = createClockedStage(
    t,
    '2026-11-23T12:00:00Z',
    '{ name: daily, every: day at "09:00", spread: 30m }',
  )
  await stage.engine.start({ triggers: true })
  await stage.passBy('2026-11-23T14:50:00Z')
  const [run] = await stage.ledger.unfinishedRuns()
  await stage.engine.cancel(run?.id ?? '', { who: 'ana', why: 'a test' })
  for (let passed = 0; passed < 40; passed++) await stage.clock.advance(minute)
  t.same(stage.begun, [])
  t.equal((await stage.ledger.run(run?.id ?? ''))?.state, 'cancelled')
  await stage.engine.stop()
})

t.test('nothing is caught up from before the job was first applied, or before its from', async (t) => {
  const schedules = [
    '{ name: hourly, every: hour at ":00", catchUp: all, catchUpWindow: 30d }',
    '{ name: later, every: hour at ":30", catchUp: all, catchUpWindow: 30d, from: "2026-11-23T10:00" }',
  ]
  const stage = createClockedStage(t, '2026-11-23T12:15:00Z', ...schedules)
  await stage.engine.start({ triggers: true })
  await stage.clock.advance(minute)
  t.same(await stage.ledger.runs({ limit: 100 }), [])
  await stage.engine.stop()
  stage.clock.jump(5 * 60 * minute)
  const next = stage.create()
  t.teardown(() => next.ledger.close())
  await next.engine.start({ triggers: true })
  await until(() => stage.begun.length >= 6)
  t.same(stage.begun.map(({ slot }) => slot.slice(11, 16)).sort(), [
    '13:00',
    '14:00',
    '15:00',
    '16:00',
    '16:30',
    '17:00',
  ])
  await next.engine.stop()
})
