import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqliteLedger } from '../../../../engine/adapters/ledger/sqlite.ts'
import type { DueRecord, Ledger } from '../../../../engine/core/contracts/ledger.ts'
import type { DeliveryState, JobId } from '../../../../engine/core/model.ts'
import { type Changed, noteChanges } from '../../../../engine/runtime/note-changes.ts'

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 22, 12, minute)).toISOString()

function dueOf(job: JobId, key: string, changes: Partial<DueRecord> = {}): DueRecord {
  return {
    job,
    trigger: { type: 'manual', key },
    slot: at(0),
    schedule: null,
    event: null,
    file: null,
    callCenters: [null],
    snapshot: 'd'.repeat(64),
    revision: 'r1',
    firstStep: 'send',
    dryRun: false,
    group: null,
    now: at(1),
    ...changes,
  }
}

function open(t: Test): Ledger {
  const ledger = openSqliteLedger(join(t.testdir({}), 'ledger.db'))
  t.teardown(() => ledger.close())
  return ledger
}

/** One run with one delivery that came out like that. */
async function deliver(ledger: Ledger, due: DueRecord, state: DeliveryState, end: 'succeeded' | 'failed') {
  const [runId = ''] = await ledger.recordDue(due)
  const run = await ledger.claimRun(runId, due.now)
  const guard = { runId, token: run?.token ?? 0 }
  const { seq } = await ledger.beginStep(guard, 'send', 'email', due.now)
  const target = 'mail:mail:jane@acme.example'
  const delivery = { id: `${runId}-1`, runId, step: 'send', target, artifact: null }
  await ledger.intendDelivery(guard, delivery, due.now)
  await ledger.markDelivery(guard, delivery.id, state, 'it hung up', due.now)
  await ledger.endStep(guard, {
    seq,
    outcome: end,
    note: '',
    error: null,
    files: [],
    next: { end },
    alert: null,
    now: due.now,
  })
  return runId
}

t.test('deliveries that failed or are in doubt are found, newest first, dry runs aside', async (t) => {
  const ledger = open(t)
  await deliver(ledger, dueOf('acme/a', 'old', { now: at(1) }), 'failed', 'failed')
  const failed = await deliver(ledger, dueOf('acme/a', 'one', { now: at(3) }), 'failed', 'failed')
  const doubt = await deliver(ledger, dueOf('borealis/b', 'two', { now: at(5) }), 'in-doubt', 'failed')
  await deliver(ledger, dueOf('acme/a', 'three', { now: at(6) }), 'confirmed', 'succeeded')
  await deliver(ledger, dueOf('acme/a', 'four', { now: at(7), dryRun: true }), 'failed', 'failed')
  const found = await ledger.troubledDeliveries(at(2), 10)
  t.strictSame(
    found.map(({ runId, job, state, at: when }) => [runId, job, state, when]),
    [
      [doubt, 'borealis/b', 'in-doubt', at(5)],
      [failed, 'acme/a', 'failed', at(3)],
    ],
  )
  t.match(found[0], { step: 'send', target: 'mail:mail:jane@acme.example', note: 'it hung up' })
  t.equal((await ledger.troubledDeliveries(at(2), 1)).length, 1)
})

t.test('one whose run was repeated with a good end is settled; a bad end settles nothing', async (t) => {
  const ledger = open(t)
  const runId = await deliver(ledger, dueOf('acme/a', 'one'), 'failed', 'failed')
  const repeats = {
    origin: { kind: 'resend' as const, runId, steps: ['send'], targets: null },
    filesOf: [],
    audit: { who: 'ana', why: 'again', at: at(2) },
  }
  const again = await deliver(ledger, dueOf('acme/a', 'r1', { repeats, now: at(2) }), 'failed', 'failed')
  t.strictSame(
    (await ledger.troubledDeliveries(at(0), 10)).map((each) => each.runId),
    [again, runId],
  )
  await deliver(ledger, dueOf('acme/a', 'r2', { repeats, now: at(3) }), 'confirmed', 'succeeded')
  t.strictSame(
    (await ledger.troubledDeliveries(at(0), 10)).map((each) => each.runId),
    [again],
  )
})

t.test('the facts of one job are its own', async (t) => {
  const ledger = open(t)
  await deliver(ledger, dueOf('acme/a', 'one'), 'confirmed', 'succeeded')
  await deliver(ledger, dueOf('acme/b', 'two'), 'failed', 'failed')
  const jobs = async (job?: JobId) =>
    (await ledger.catalogFacts('acme', at(0), job)).outcomes.map((each) => each.job)
  t.strictSame((await jobs()).sort(), ['acme/a', 'acme/b'])
  t.strictSame(await jobs('acme/b'), ['acme/b'])
  t.strictSame(await jobs('borealis/b'), [], 'those of another client are not there')
})

t.test('who is told of changes hears of every write about a run, after it', async (t) => {
  const told: Changed[] = []
  const plain = open(t)
  const ledger = noteChanges(plain, (changed) => told.push(changed))
  const runId = await deliver(ledger, dueOf('acme/a', 'one'), 'confirmed', 'succeeded')
  t.strictSame(told, Array(5).fill('acme/a'), 'due, claimed, begun, delivered, ended')
  told.length = 0
  t.strictSame(await ledger.recordDue(dueOf('acme/a', 'one')), [])
  t.strictSame(told, [], 'a known one changes nothing')
  const [waiting = ''] = await ledger.recordDue(dueOf('acme/b', 'two'))
  await ledger.cancelRun(waiting, { who: 'ana', why: 'no', at: at(4) })
  t.strictSame(told, ['acme/b', 'acme/b'])
  await t.rejects(ledger.endStep({ runId, token: 1 }, { seq: 1 } as never))
  t.equal(told.length, 2, 'nor does one that is refused')
  told.length = 0
  const group = { name: 'acme/nightly', limit: 1, onConflict: 'replace' as const }
  await ledger.recordDue(dueOf('acme/c', 'three', { group }))
  t.strictSame(told, [{ client: 'acme' }], 'it may have ended runs of other jobs')
})
