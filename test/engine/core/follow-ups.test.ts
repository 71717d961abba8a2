import t from 'tap'
import { viewTrigger } from '../../../engine/catalog/trigger-view.ts'
import { jobEffects } from '../../../engine/core/changes/job-effects.ts'
import { spellPhrase } from '../../../engine/core/changes/phrase.ts'
import {
  findCycle,
  followKey,
  isAwaited,
  readFollowKey,
  spellFollow,
} from '../../../engine/core/follow-ups.ts'
import type { CompiledSchedule, TriggerOf } from '../../../engine/core/model.ts'
import { skippedDaysOf } from '../../../engine/core/skipped-days.ts'
import { createSnapshot } from '../../fakes/snapshot.ts'

const after: TriggerOf<'after'> = { type: 'after', job: 'eod' }

function snapshotAfter(trigger: TriggerOf<'after'>) {
  const base = createSnapshot()
  return createSnapshot({ manifest: { ...base.manifest, trigger } })
}

t.test('a trigger waits for one way to end, or for any', async (t) => {
  const states = ['succeeded', 'failed', 'skipped', 'cancelled'] as const
  const awaitedBy = (on?: TriggerOf<'after'>['on']) =>
    states.filter((state) => isAwaited({ ...after, ...(on && { on }) }, state))
  t.same(awaitedBy(), ['succeeded'])
  t.same(awaitedBy('failed'), ['failed'])
  t.same(awaitedBy('skipped'), ['skipped'])
  t.same(awaitedBy('ended'), states)
})

t.test('a key tells the job and the run again, and the key of a repeat is none', async (t) => {
  t.same(readFollowKey(followKey('eod-calls', '0123456789abcdef')), {
    job: 'eod-calls',
    runId: '0123456789abcdef',
  })
  t.equal(readFollowKey('rerun:0123456789abcdef:7'), undefined)
})

t.test('a circle is found from each job in it, and from no other', async (t) => {
  const follows: Record<string, string[]> = { a: ['c', 'x'], b: ['a'], c: ['b'], d: ['c'], e: ['e'], x: [] }
  const cycleOf = (job: string) => findCycle(job, (each) => follows[each] ?? [])
  t.same(cycleOf('a'), ['a', 'c', 'b', 'a'])
  t.same(cycleOf('e'), ['e', 'e'])
  t.equal(cycleOf('d'), undefined, 'it leads into one')
  t.equal(cycleOf('x'), undefined)
})

t.test('it is told in words: in the catalog, and in a plan with what changes', async (t) => {
  t.equal(
    spellFollow({ ...after, job: ['eod', 'billing'], on: 'skipped' }),
    'after eod or billing was skipped',
  )
  t.match(viewTrigger(snapshotAfter(after)), {
    type: 'After',
    words: ['After eod succeeded'],
    waitsFor: 'After another job',
  })
  const tell = (...snapshots: Parameters<typeof jobEffects>) =>
    jobEffects(...snapshots).map(({ phrase }) => spellPhrase(phrase))
  const scheduled = createSnapshot()
  t.ok(
    tell(scheduled, snapshotAfter(after), new Set(), 0).includes(
      'trigger type after: it runs after eod succeeded, it was manual',
    ),
  )
  const changed = tell(snapshotAfter(after), snapshotAfter({ ...after, job: 'billing' }), new Set(), 0)
  t.equal(changed.length, 1)
  t.match(changed[0], /the trigger.*eod.*billing|billing.*eod/)
})

t.test('days off are those that were handed on, otherwise those of the schedule', async (t) => {
  const everyDay = Array.from({ length: 31 }, (_, index) => index + 1)
  const schedule: CompiledSchedule = {
    name: 'daily',
    cron: '30 18 * * *',
    timezone: 'UTC',
    onHoliday: 'next',
    catchUp: 'none',
    catchUpWindowMs: 0,
    calendar: {
      apiVersion: 'jobsd/v1',
      kind: 'Calendar',
      name: 'c',
      title: 'C',
      weekends: ['sat', 'sun'],
      holidays: [],
    },
    fields: {
      minutes: [30],
      hours: [18],
      daysOfMonth: everyDay,
      months: everyDay.slice(0, 12),
      daysOfWeek: [0, 1, 2, 3, 4, 5, 6],
      eitherDay: false,
      wildcard: false,
    },
  } as CompiledSchedule
  const monday = { schedule: 'daily', slot: '2026-11-23T18:30:00.000Z' }
  t.equal(skippedDaysOf(monday, { schedules: [schedule] }), 2)
  t.equal(skippedDaysOf({ ...monday, schedule: null }, { schedules: [schedule] }), 0)
  t.equal(skippedDaysOf({ ...monday, schedule: null, skippedDays: 2 }, { schedules: [] }), 2)
})
