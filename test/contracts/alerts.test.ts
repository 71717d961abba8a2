/** The promises of the ledger about failures in a row, routes and expected moments. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqliteLedger } from '../../engine/adapters/ledger/sqlite.ts'
import type { AlertRecord, StepAlert } from '../../engine/core/contracts/alerts.ts'
import type { Ledger, StepEnd } from '../../engine/core/contracts/ledger.ts'
import type { JobId } from '../../engine/core/model.ts'

const job: JobId = 'acme/eod'
const at = (minute: number): string => new Date(Date.UTC(2026, 10, 22, 12, minute)).toISOString()
const copies = [
  { route: 'client/acme', to: ['boss@acme.example'] },
  { route: 'job/acme/eod', to: ['care@platform.example'] },
]

type Ending = 'failed' | 'succeeded' | 'skipped' | 'cancelled' | { recoveredBy: string }

function openLedger(t: Test) {
  const path = join(t.testdir({}), 'ledger.db')
  const ledger = openSqliteLedger(path)
  t.teardown(() => ledger.close())
  let minute = 0

  /** A run of one step, which ends like that; true where something was told. */
  async function run(ending: Ending, changes: Partial<StepAlert> = {}, callCenter = 'dallas') {
    minute += 1
    const [id = ''] = await ledger.recordDue({
      ...{
        job,
        trigger: { type: 'manual', key: String(minute) },
        slot: at(minute),
        schedule: null,
        event: null,
      },
      ...{ file: null, callCenters: [callCenter], snapshot: 'd', revision: 'r', firstStep: 'upload' },
      ...{ dryRun: false, group: null, now: at(minute) },
    })
    const guard = { runId: id, token: (await ledger.claimRun(id, at(minute)))?.token ?? 0 }
    const { seq } = await ledger.beginStep(guard, 'upload', 'ftp-out-copy', at(minute))
    const isBad = ending === 'failed' || typeof ending === 'object'
    const alert: StepAlert = {
      facts: {
        job: { id: job, title: 'EOD' },
        client: { name: 'acme', title: 'Acme', timezone: 'America/Chicago' },
        callCenter,
        run: { id, slot: at(minute), revision: 'r' },
        step: { name: 'upload', type: 'ftp-out-copy', attempts: 1 },
      },
      failure: isBad ? { error: { code: 'AUTH_REFUSED', message: 'no', hint: '' }, next: '' } : null,
      everyNth: 10,
      copies: [],
      countsInRow: true,
      ...changes,
    }
    const next: StepEnd['next'] = typeof ending === 'object' ? { step: ending.recoveredBy } : { end: ending }
    return ledger.endStep(guard, {
      ...{ seq, outcome: isBad ? 'failed' : 'succeeded', note: '', error: null, files: [], next },
      ...{ alert: ending === 'cancelled' ? null : alert, now: at(minute) },
    })
  }
  return { ledger, run, path }
}

function summarise({ about }: AlertRecord): string {
  if ('step' in about) return `failure ${about.step.streak?.failures ?? '-'}`
  if ('recovery' in about)
    return `${about.recovery.isStep ? 'step' : 'runs'} over after ${about.recovery.streak.failures}`
  return about.notice.title
}

async function told(ledger: Ledger): Promise<string[]> {
  return (await ledger.pendingAlerts()).map(summarise)
}

t.test('of failures in a row the first is told, every tenth, and the end', async (t) => {
  const { ledger, run } = openLedger(t)
  const answers: boolean[] = []
  for (let count = 0; count < 25; count += 1) answers.push(await run('failed'))
  t.same(
    answers.flatMap((isTold, index) => (isTold ? [index + 1] : [])),
    [1, 10, 20],
  )
  t.equal(await run('succeeded'), true)
  t.equal(await run('succeeded'), false, 'a recovery is told once')
  await run('failed')
  t.same(await told(ledger), ['failure 1', 'failure 10', 'failure 20', 'runs over after 25', 'failure 1'])
  const tenth = (await ledger.pendingAlerts())[1]
  t.match(tenth?.about, { step: { streak: { failures: 10, since: at(1) } } }, 'since the first')
})

t.test(
  'a run without anything to send ends the failures too; a cancelled one counts for nothing',
  async (t) => {
    const { ledger, run } = openLedger(t)
    await run('failed')
    await run('cancelled')
    t.same(await told(ledger), ['failure 1'])
    await run('failed', { everyNth: 2 })
    await run('skipped')
    t.same(await told(ledger), ['failure 1', 'failure 2', 'runs over after 2'])
  },
)

t.test('call centers fail each in a row of their own', async (t) => {
  const { ledger, run } = openLedger(t)
  await run('failed')
  await run('failed', {}, 'tampa')
  await run('succeeded', {}, 'tampa')
  t.same(await told(ledger), ['failure 1', 'failure 1', 'runs over after 1'])
  t.equal(await run('failed'), false, 'dallas is still in its row')
})

t.test('a step whose runs go on without it has a row of its own', async (t) => {
  const { ledger, run } = openLedger(t)
  await run({ recoveredBy: 'other' }, { everyNth: 2 })
  await run({ recoveredBy: 'other' }, { everyNth: 2 })
  await run('failed', { everyNth: 2 })
  await run('succeeded')
  t.same((await told(ledger)).sort(), [
    'failure 1',
    'failure 1',
    'failure 2',
    'runs over after 1',
    'step over after 2',
  ])
})

t.test('what is sent once more is told each time, and ends nothing', async (t) => {
  const { ledger, run } = openLedger(t)
  await run('failed')
  t.equal(await run('failed', { countsInRow: false }), true)
  t.equal(await run('succeeded', { countsInRow: false }), false)
  t.same(await told(ledger), ['failure 1', 'failure -'])
})

t.test('each route has an alert of its own, marked by itself', async (t) => {
  const { ledger, run } = openLedger(t)
  await run('failed', { copies })
  const pending = await ledger.pendingAlerts()
  t.same(
    pending.map(({ recipients }) => recipients).sort((a, b) => (a.route < b.route ? -1 : 1)),
    [copies[0], copies[1], { route: 'operators', to: null }],
  )
  t.equal(new Set(pending.map(({ id }) => id)).size, 3)
  const operators = pending.find(({ recipients }) => recipients.to === null)
  await ledger.markAlerts([operators?.id ?? ''], 'sent', at(50))
  t.same((await ledger.pendingAlerts()).length, 2)
})

t.test('the failure of a worker that lost its run counts for nothing', async (t) => {
  const { ledger, run } = openLedger(t)
  await run('failed')
  const [id = ''] = await ledger.recordDue({
    ...{ job, trigger: { type: 'manual', key: 'x' }, slot: at(40), schedule: null, event: null, file: null },
    ...{ callCenters: ['dallas'], snapshot: 'd', revision: 'r', firstStep: 'upload', dryRun: false },
    ...{ group: null, now: at(40) },
  })
  const old = { runId: id, token: (await ledger.claimRun(id, at(40)))?.token ?? 0 }
  await ledger.beginStep(old, 'upload', 'ftp-out-copy', at(40))
  await ledger.claimRun(id, at(41))
  const first = (await ledger.pendingAlerts())[0]?.about
  const facts = first && 'step' in first ? first.step : undefined
  const alert = { facts: facts as never, failure: facts as never, everyNth: 1, copies: [], countsInRow: true }
  const end = {
    seq: 1,
    outcome: 'failed',
    note: '',
    error: null,
    files: [],
    next: { end: 'failed' },
  } as const
  await t.rejects(ledger.endStep(old, { ...end, files: [], alert, now: at(42) }), { code: 'RUN_LOST' })
  t.same(await told(ledger), ['failure 1'])
})

t.test('a moment is judged once, and ends what an earlier one waited for', async (t) => {
  const { ledger } = openLedger(t)
  const notice = { title: 'late', message: '', facts: [], list: [], next: '' }
  const notices = [{ recipients: { route: 'operators', to: null }, notice }]
  const judged = { job, at: at(10), outcome: 'late', note: '', isOpen: true, notices, now: at(11) } as const
  t.equal(await ledger.recordExpectation({ ...judged, notices }), true)
  t.equal(await ledger.recordExpectation({ ...judged, notices }), false)
  t.same(await told(ledger), ['late'])
  t.same(await ledger.openExpectations(), [{ job, at: at(10), outcome: 'late' }])
  await ledger.recordExpectation({ ...judged, at: at(20), notices, now: at(21) })
  t.same(await ledger.openExpectations(), [{ job, at: at(20), outcome: 'late' }])
  const over = { job, note: '', notices: [{ ...notices[0]!, notice: { ...notice, title: 'over' } }] }
  t.equal(await ledger.endExpectation({ ...over, at: at(10), now: at(30) }), false, 'it has ended already')
  t.equal(await ledger.endExpectation({ ...over, at: at(20), now: at(30) }), true)
  t.same(await ledger.openExpectations(), [])
  t.same(await told(ledger), ['late', 'late', 'over'])
  t.same(await ledger.expectationsSince([job], at(40)), [at(40)], 'never applied: from now on')
})
