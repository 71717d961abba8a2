import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqliteLedger } from '../../../../engine/adapters/ledger/sqlite.ts'
import type { DueRecord, RunGroup } from '../../../../engine/core/contracts/ledger.ts'

const at = (second: number): string => new Date(Date.UTC(2026, 10, 22, 12, 0, second)).toISOString()

function openStage(t: Test) {
  const ledger = openSqliteLedger(join(t.testdir({}), 'ledger.db'))
  t.teardown(() => ledger.close())
  let second = 0
  return {
    ledger,
    /** Records the next due moment of a schedule. */
    async record(group: Partial<RunGroup> | null, changes: Partial<DueRecord> = {}): Promise<string[]> {
      second += 1
      return ledger.recordDue({
        job: 'acme/eod',
        trigger: { type: 'scheduled', key: `weekdays@${at(second)}` },
        slot: at(second),
        schedule: 'weekdays',
        event: null,
        file: null,
        callCenters: [null],
        snapshot: 'd'.repeat(64),
        revision: 'r1',
        firstStep: 'build',
        dryRun: false,
        group: group && { name: 'acme/eod', limit: 1, onConflict: 'queue', ...group },
        now: at(second),
        ...changes,
      })
    },
    async stateOf(id: string | undefined) {
      const run = await ledger.run(id ?? '')
      return { state: run?.state, note: run?.note }
    },
  }
}

t.test('a full group queues what is due next', async (t) => {
  const { record, stateOf } = openStage(t)
  const [first] = await record({})
  const [second] = await record({})
  t.same(
    [await stateOf(first), await stateOf(second)],
    [
      { state: 'queued', note: undefined },
      { state: 'queued', note: undefined },
    ],
  )
})

t.test('a full group skips what says so, and slot and run name the run that holds it', async (t) => {
  const { ledger, record, stateOf } = openStage(t)
  const [holder = ''] = await record({ onConflict: 'skip' })
  const [skipped] = await record({ onConflict: 'skip' })
  const note = `the group acme/eod was held by run ${holder}`
  t.same(await stateOf(skipped), { state: 'skipped', note })
  t.match((await ledger.slotFacts('acme/eod', at(2))).slots, [{ outcome: 'skipped', note, runId: skipped }])
  t.same(
    (await ledger.waitingRuns()).map(({ id }) => id),
    [holder],
  )
  await ledger.cancelRun(holder, { who: 'ana', why: 'w', at: at(9) })
  const [next] = await record({ onConflict: 'skip' })
  t.match(await stateOf(next), { state: 'queued' }, 'its place is free again')
})

t.test('the call centers of one due thing are no conflict for each other', async (t) => {
  const { record, stateOf } = openStage(t)
  for (const onConflict of ['skip', 'replace'] as const) {
    const group = { name: `acme/${onConflict}`, onConflict }
    for (const id of await record(group, { callCenters: ['dallas', 'tampa'] }))
      t.match(await stateOf(id), { state: 'queued' })
  }
})

t.test(
  'a full group lets go of its oldest runs for what replaces them, and their workers write no more',
  async (t) => {
    const { ledger, record, stateOf } = openStage(t)
    const [oldest = ''] = await record({ limit: 2 })
    const [middle] = await record({ limit: 2 })
    const guard = { runId: oldest, token: (await ledger.claimRun(oldest, at(10)))?.token ?? 0 }
    await ledger.beginAttempt(guard, { name: 'build', type: 'report' }, at(10))
    const wanted = { id: 'x', runId: oldest, step: 'build', target: 'sftp:a:/b', artifact: null }
    await ledger.intendDelivery(guard, wanted, at(11))
    await ledger.markDelivery(guard, 'x', 'sending', '', at(11))
    const [newest] = await record({ limit: 2, onConflict: 'replace' })
    const note = `replaced by run ${newest}; it was being sent and may be there: sftp:a:/b`
    t.same(await stateOf(oldest), { state: 'cancelled', note })
    t.match(await ledger.run(oldest), {
      token: guard.token + 1,
      position: null,
      steps: [{ outcome: 'failed', note, deliveries: [{ state: 'sending' }] }],
    })
    t.match(await stateOf(middle), { state: 'queued' }, 'there was room for this one')
    await t.rejects(ledger.noteError(guard, 1, { code: 'X', message: '' }), { code: 'RUN_LOST' })
    await t.rejects(ledger.markDelivery(guard, 'x', 'confirmed', '', at(12)), { code: 'RUN_LOST' })
    t.equal(await ledger.claimRun(oldest, at(13)), undefined)
  },
)

t.test('the smallest limit of the members decides whether a group is full', async (t) => {
  const { record, stateOf } = openStage(t)
  await record({ limit: 1 })
  const [skipped] = await record({ limit: 5, onConflict: 'skip' })
  t.match(await stateOf(skipped), { state: 'skipped' })
})

t.test('a run is cancelled once, by somebody and for a reason', async (t) => {
  const { ledger, record, stateOf } = openStage(t)
  const [id = ''] = await record(null)
  const audit = { who: 'ana', why: 'wrong month', at: at(9) }
  t.equal(await ledger.cancelRun(id, audit), 'queued')
  t.same(await stateOf(id), { state: 'cancelled', note: 'cancelled by ana: wrong month' })
  t.equal(await ledger.cancelRun(id, audit), 'cancelled')
  t.equal(await ledger.cancelRun('none', audit), undefined)
  t.same(await ledger.actions({ subject: id, limit: 9 }), [{ name: 'cancel', subject: id, ...audit }])
})

t.test('a claim begins the attempt of the step where the run stands, and of no other', async (t) => {
  const { ledger, record } = openStage(t)
  const [id = ''] = await record(null)
  const first = await ledger.claimRun(id, at(2), { name: 'build', type: 'report' })
  t.match(first, {
    state: 'running',
    token: 1,
    startedAt: at(2),
    steps: [{ seq: 1, outcome: 'running', attempts: 1 }],
  })
  t.same(first, await ledger.run(id), 'what it returns is what is there')
  const second = await ledger.claimRun(id, at(3), { name: 'build', type: 'report' })
  t.match(second, { token: 2, startedAt: at(2), steps: [{ seq: 1, attempts: 2 }] })
  t.match(await ledger.claimRun(id, at(4), { name: 'mail', type: 'email' }), { steps: [{ attempts: 2 }] })
})

t.test('a queue is told of all that has not ended, with what it must know', async (t) => {
  const { ledger, record } = openStage(t)
  const [first = ''] = await record({ limit: 3 })
  const [second = ''] = await record(null, { trigger: { type: 'manual', key: 'k' }, slot: at(50) })
  await ledger.claimRun(first, at(20))
  const expected = [
    { id: first, dueAt: at(1), hasBegun: true, group: { name: 'acme/eod', limit: 3 }, position: 'build' },
    { id: second, dueAt: at(2), hasBegun: false, group: null, startedAt: null },
  ]
  t.match(await ledger.waitingRuns(), expected)
  const many = Array.from({ length: 1_100 }, (_, index) => `none-${index}`)
  const found = await ledger.waitingRuns([...many, second, first])
  t.same(found.map(({ id }) => id).sort(), [first, second].sort())
})
