import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { createLedger } from '../../../engine/adapters/ledger/ledger.ts'
import { createBatch } from '../../../engine/adapters/ledger/sqlite-batch.ts'
import { openDatabase } from '../../../engine/adapters/ledger/sqlite-open.ts'

const now = '2026-11-22T12:00:00.000Z'
const notice = { title: 't', message: 'm', facts: [], list: [], next: '' }

/** A ledger on a real file whose connection fails as the test says. */
function openFaulty(t: Test) {
  const path = join(t.testdir(), 'ledger.db')
  const state = { opened: 0, fails: {} as Record<string, string>, openFails: false }
  const fail = (what: string): void => {
    const code = state.fails[what]
    // It may pass: what was refused by then is refused all the same.
    if (what === 'release operation') delete state.fails[what]
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

t.test(
  "an error of the disk within one operation refuses all of its batch; a rule's refuses only that one",
  async (t) => {
    const { ledger, state } = openFaulty(t)
    state.fails['release operation'] = 'SQLITE_FULL'
    const all = await Promise.allSettled([ledger.raiseNotice('a', notice, now), ledger.probe(now)])
    t.same(
      all.map(({ status }) => status),
      ['rejected', 'rejected'],
    )
    state.fails = {}
    const guard = { runId: 'none', token: 1 }
    const some = await Promise.allSettled([
      ledger.takeBackAttempt(guard, 1),
      ledger.raiseNotice('c', notice, now),
    ])
    t.same(
      some.map(({ status }) => status),
      ['rejected', 'fulfilled'],
    )
    t.match(await ledger.pendingAlerts(), [{ id: 'c' }])
  },
)
