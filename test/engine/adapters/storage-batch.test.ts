import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { createLedger } from '../../../engine/adapters/ledger/ledger.ts'
import { createBatch } from '../../../engine/adapters/ledger/sqlite-batch.ts'
import { openDatabase } from '../../../engine/adapters/ledger/sqlite-open.ts'
import { toDueRecord } from '../../../engine/runtime/due.ts'
import { createSnapshot } from '../../fakes/snapshot.ts'

const now = '2026-11-22T12:00:00.000Z'
const notice = { title: 't', message: 'm', facts: [], list: [], next: '' }

const passing = new Set(['release operation', 'insert into "probe"'])

/** A ledger on a real file whose connection fails as the test says. */
function openFaulty(t: Test) {
  const path = join(t.testdir(), 'ledger.db')
  const state = { opened: 0, fails: {} as Record<string, string>, openFails: false, savepoints: 0 }
  const fail = (said: string): void => {
    if (said === 'savepoint operation') state.savepoints += 1
    const what = Object.keys(state.fails).find((beginning) => said.startsWith(beginning))
    if (what === undefined) return
    const code = state.fails[what]
    // It may pass: what was refused by then is refused all the same.
    if (passing.has(what)) delete state.fails[what]
    if (code) throw new Database.SqliteError('made to fail', code)
  }
  const batch = createBatch(() => {
    if (state.openFails) throw new Error('made to fail')
    state.opened += 1
    const database = openDatabase(path, false)
    const exec = database.exec.bind(database)
    const pragma = database.pragma.bind(database)
    database.exec = (text) => {
      fail(text)
      return exec(text)
    }
    const prepare = database.prepare.bind(database)
    database.prepare = ((text: string) => {
      const statement = prepare(text)
      const run = statement.run.bind(statement)
      statement.run = (...args) => {
        fail(text)
        return run(...args)
      }
      return statement
    }) as typeof database.prepare
    database.pragma = (text, options) => {
      fail(text)
      return pragma(text, options)
    }
    return database
  }, 'begin immediate')
  t.teardown(() => batch.close())
  return { ledger: createLedger(batch.submit, async () => batch.close()), state }
}

t.test('after a failed fsync nothing is acknowledged before the ledger was opened anew', async (t) => {
  const { ledger, state } = openFaulty(t)
  await ledger.raiseNotice('before', notice, now)
  state.fails.commit = 'SQLITE_IOERR_FSYNC'
  const both = await Promise.allSettled([
    ledger.raiseNotice('a', notice, now),
    ledger.raiseNotice('b', notice, now),
  ])
  for (const { status, reason } of both as PromiseRejectedResult[]) {
    t.equal(status, 'rejected')
    t.match(reason, { code: 'STORAGE_FAILED', message: /SQLITE_IOERR_FSYNC/ })
  }
  state.fails = { 'wal_checkpoint(TRUNCATE)': 'SQLITE_IOERR_FSYNC' }
  await t.rejects(ledger.pendingAlerts(), { code: 'STORAGE_FAILED' }, 'nor is anything read')
  t.equal(state.opened, 1, 'not while what was acknowledged cannot be moved out of the log')
  state.fails = {}
  state.openFails = true
  await t.rejects(ledger.pendingAlerts(), { code: 'STORAGE_FAILED', message: /made to fail/ })
  state.openFails = false
  t.match(await ledger.pendingAlerts(), [{ id: 'before' }], 'only what was acknowledged is there')
  t.equal(state.opened, 2)
  await ledger.raiseNotice('after', notice, now)
  t.equal(state.opened, 2, 'once')
})

t.test('a full disk is no reason to open it anew', async (t) => {
  const { ledger, state } = openFaulty(t)
  state.fails.commit = 'SQLITE_FULL'
  await t.rejects(ledger.probe(now), { code: 'STORAGE_FAILED', message: /SQLITE_FULL/ })
  state.fails = {}
  await ledger.probe(now)
  t.equal(state.opened, 1)
})

t.test('an error of the disk within one operation refuses all of its batch', async (t) => {
  const { ledger, state } = openFaulty(t)
  state.fails['insert into "probe"'] = 'SQLITE_FULL'
  const all = await Promise.allSettled([ledger.raiseNotice('a', notice, now), ledger.probe(now)])
  t.same(statuses(all), ['rejected', 'rejected'])
  t.same(await ledger.pendingAlerts(), [])
  // Once a rule has failed each is done for itself.
  state.fails = { 'release operation': 'SQLITE_FULL' }
  const again = [ledger.raiseNotice('b', notice, now), ledger.takeBackAttempt({ runId: 'none', token: 1 }, 1)]
  t.same(statuses(await Promise.allSettled(again)), ['rejected', 'rejected'])
  t.same(await ledger.pendingAlerts(), [])
  await ledger.raiseNotice('c', notice, now)
  t.match(await ledger.pendingAlerts(), [{ id: 'c' }])
})

t.test("a rule's refuses only that one, and what the others of the batch do is done once", async (t) => {
  const { ledger, state } = openFaulty(t)
  const [runId = ''] = await ledger.recordDue(createDue())
  t.equal(state.savepoints, 0, 'where nothing fails nobody pays for it')
  const lost = () => ledger.takeBackAttempt({ runId, token: 9 }, 1)
  const [claimed, ...others] = await Promise.allSettled([
    ledger.claimRun(runId, now),
    lost(),
    ledger.raiseNotice('a', notice, now),
    lost(),
  ])
  t.match(claimed, { value: { token: 1 } })
  t.same(statuses(others), ['rejected', 'fulfilled', 'rejected'])
  t.match((others[0] as PromiseRejectedResult).reason, { code: 'RUN_LOST' })
  t.match(await ledger.run(runId), { token: 1 })
  t.match(await ledger.pendingAlerts(), [{ id: 'a' }])
  t.equal(state.savepoints, 4)
})

function createDue() {
  const base = createSnapshot()
  const steps = [{ name: 'build' }] as never
  const snapshot = { ...base, manifest: { ...base.manifest, callCenters: ['dallas'], steps } }
  const by = { type: 'manual' as const, key: 'k', slot: now, schedule: null, callCenter: null }
  return toDueRecord(snapshot, 'r1', { ...by, event: null, file: null }, now)
}

function statuses(settled: PromiseSettledResult<unknown>[]): string[] {
  return settled.map(({ status }) => status)
}
