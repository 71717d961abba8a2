import t from 'tap'
import { compileSchedule } from '../../../engine/config/schedule.ts'
import type { DueWork } from '../../../engine/core/contracts/alerts.ts'
import { judgeComing, judgeWork, previousMoment } from '../../../engine/core/expectations.ts'
import type { Run } from '../../../engine/core/model.ts'
import { createRun, createSnapshot } from '../../fakes/snapshot.ts'

const at = (time: string): string => `2026-11-23T${time}:00.000Z`
const moment = { momentMs: Date.parse(at('08:00')), nowMs: Date.parse(at('08:00')) }
const later = { ...moment, nowMs: Date.parse(at('12:00')) }
let count = 0

function run(slot: string, state: Run['state'], ended: string | null, changes: Partial<Run> = {}): Run {
  count += 1
  const trigger = { type: 'scheduled', key: String(count) } as const
  return createRun({
    id: String(count),
    trigger,
    slot: at(slot),
    state,
    endedAt: ended && at(ended),
    ...changes,
  })
}

const work = (runs: Run[], missed: DueWork['missed'] = []): DueWork => ({ runs, missed })
const byHand = { trigger: { type: 'manual', key: 'm' } } as const
const missedSlot = { schedule: 'daily', at: at('07:00'), callCenter: 'dallas', note: '' }

t.test('a job is in time where everything due ended well, also without anything to send', async (t) => {
  t.same(
    judgeWork(
      'scheduled',
      work([run('06:00', 'succeeded', '06:10'), run('07:00', 'skipped', '07:01')]),
      moment,
    ),
    {
      outcome: 'met',
    },
  )
  t.same(judgeWork('scheduled', work([]), moment), { outcome: 'met' }, 'nothing was due')
})

t.test('what waits, runs, failed or was cancelled is late, each named with its state', async (t) => {
  for (const state of ['queued', 'running', 'failed', 'cancelled'] as const) {
    const ended = state === 'failed' || state === 'cancelled' ? '07:30' : null
    t.same(
      judgeWork('scheduled', work([run('06:00', 'succeeded', '06:10'), run('07:00', state, ended)]), moment),
      {
        outcome: 'late',
        owed: [{ slot: at('07:00'), callCenter: 'dallas', state }],
      },
    )
  }
})

t.test(
  'each row of a fan-out has to end well, whatever the run that asked and the other rows came to',
  async (t) => {
    const row = (key: string) => ({ callCenter: null, row: { parent: 'p', key } })
    const asked = run('07:00', 'succeeded', '07:01', { callCenter: null })
    const north = run('07:00', 'succeeded', '07:10', row('north'))
    const south = run('07:00', 'failed', '07:10', row('south'))
    t.match(judgeWork('scheduled', work([asked, north, south]), moment), {
      outcome: 'late',
      owed: [{ slot: at('07:00'), callCenter: null, state: 'failed' }],
    })
    const again = run('07:00', 'succeeded', '07:30', { ...row('south'), ...byHand })
    t.same(judgeWork('scheduled', work([asked, north, south, again]), moment), { outcome: 'met' })
  },
)

t.test('what ended well after the moment came late', async (t) => {
  const verdict = judgeWork('scheduled', work([run('07:00', 'succeeded', '08:42')]), later)
  t.same(verdict, { outcome: 'came-late', lateMs: 42 * 60_000 })
})

t.test(
  'a run by hand for the same slot and call center does what was due; on its own it owes nothing',
  async (t) => {
    const failed = run('07:00', 'failed', '07:10')
    t.same(judgeWork('scheduled', work([failed, run('07:00', 'succeeded', '07:50', byHand)]), moment), {
      outcome: 'met',
    })
    const other = run('07:00', 'succeeded', '07:50', { ...byHand, callCenter: 'tampa' })
    t.match(judgeWork('scheduled', work([failed, other]), moment), {
      outcome: 'late',
      owed: [{ state: 'failed' }],
    })
    t.same(judgeWork('scheduled', work([run('07:30', 'failed', '07:31', byHand)]), moment), {
      outcome: 'met',
    })
  },
)

t.test('a slot that was missed is missing until a run by hand makes up for it', async (t) => {
  t.same(judgeWork('scheduled', work([], [missedSlot]), moment), {
    outcome: 'missing',
    owed: [{ slot: at('07:00'), callCenter: 'dallas', state: 'missed' }],
  })
  const made = run('07:00', 'succeeded', '09:00', byHand)
  t.same(judgeWork('scheduled', work([made], [missedSlot]), later), {
    outcome: 'came-late',
    lateMs: 3_600_000,
  })
})

t.test('no file is missing, a file whose run failed is late, and a run by hand is no file', async (t) => {
  const file = { trigger: { type: 'ftp-in', key: 'f' } } as const
  for (const type of ['ftp-in', 'campaign'] as const)
    t.same(judgeWork(type, work([]), moment), { outcome: 'missing', owed: [] })
  t.match(judgeWork('ftp-in', work([run('07:00', 'failed', '07:01', file)]), moment), { outcome: 'late' })
  t.same(judgeWork('ftp-in', work([run('07:00', 'succeeded', '07:01', file)]), moment), { outcome: 'met' })
  t.same(judgeWork('ftp-in', work([run('07:00', 'succeeded', '07:01', byHand)]), moment), {
    outcome: 'missing',
    owed: [],
  })
})

t.test(
  'a file that comes after the moment came as late as it was noticed, once its run has ended well',
  async (t) => {
    const file = { trigger: { type: 'ftp-in', key: 'f' } } as const
    t.equal(judgeComing('ftp-in', work([]), moment.momentMs), undefined)
    t.equal(judgeComing('ftp-in', work([run('08:42', 'running', null, file)]), moment.momentMs), undefined)
    t.equal(
      judgeComing('ftp-in', work([run('08:42', 'succeeded', '09:30', file)]), moment.momentMs),
      42 * 60_000,
    )
  },
)

t.test('the moment before is looked for over weekends and years', async (t) => {
  const { client } = createSnapshot()
  const before = (cron: string, from: string) => {
    const calendars = { calendars: new Map() }
    const schedule = compileSchedule({ name: 'e', cron, timezone: 'UTC' }, client, calendars)
    return new Date(previousMoment(schedule, Date.parse(from))).toISOString()
  }
  t.equal(before('0 8 * * *', '2026-11-23T08:00:00Z'), '2026-11-22T08:00:00.000Z')
  t.equal(before('0 8 * * 1-5', '2026-11-23T08:00:00Z'), '2026-11-20T08:00:00.000Z')
  t.equal(before('0 8 1 1 *', '2027-01-01T08:00:00Z'), '2026-01-01T08:00:00.000Z')
})
