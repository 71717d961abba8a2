/** What is asked for each run must not read the runs of all years: the plans that SQLite makes. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import { createLedger } from '../../../engine/adapters/ledger/ledger.ts'
import { createBatch } from '../../../engine/adapters/ledger/sqlite-batch.ts'
import { openDatabase } from '../../../engine/adapters/ledger/sqlite-open.ts'
import { toDueRecord } from '../../../engine/runtime/due.ts'
import { createSnapshot } from '../../fakes/snapshot.ts'

const now = '2026-11-22T12:00:00.000Z'

/** The plan of each query of the table, as far as it was asked by then. */
function createStage(folder: string) {
  const path = join(folder, 'ledger.db')
  const asked = new Set<string>()
  const batch = createBatch(() => {
    const database = openDatabase(path, false)
    const prepare = database.prepare.bind(database)
    database.prepare = ((text: string) => {
      asked.add(text)
      return prepare(text)
    }) as typeof database.prepare
    return database
  }, 'begin immediate')
  t.teardown(() => batch.close())
  return {
    ledger: createLedger(batch.submit, async () => batch.close()),
    plansOf(table: string): string[] {
      const database = new Database(path, { readonly: true })
      const queries = [...asked].filter(
        (text) => text.startsWith('select') && text.includes(`from "${table}"`),
      )
      const plans = queries.map((text) => {
        const values = Array.from({ length: text.split('?').length - 1 }, () => '')
        const steps = database.prepare(`explain query plan ${text}`).all(...values) as { detail: string }[]
        return steps.map(({ detail }) => detail).join('; ')
      })
      database.close()
      return plans
    },
  }
}

t.test('runs that have not ended, and those of a group, are found without those that have', async (t) => {
  const { ledger, plansOf } = createStage(t.testdir())
  await ledger.waitingRuns()
  await ledger.unfinishedRuns()
  const base = createSnapshot()
  const steps = [{ name: 'build' }] as never
  const concurrency = { group: 'nightly', limit: 1, onConflict: 'skip' as const }
  const snapshot = { ...base, manifest: { ...base.manifest, callCenters: ['dallas'], steps, concurrency } }
  const by = { type: 'manual' as const, key: 'k', slot: now, schedule: null, callCenter: null }
  await ledger.recordDue(toDueRecord(snapshot, 'r1', { ...by, event: null, file: null }, now))
  t.match(plansOf('run'), [
    'SCAN run USING INDEX run_unfinished',
    'SCAN run USING INDEX run_unfinished',
    'SEARCH run USING INDEX run_of_group (group_name=?)',
  ])
})

t.test(
  'what runs wait for, and what they left, is found without reading all steps and deliveries',
  async (t) => {
    const { ledger, plansOf } = createStage(t.testdir())
    await ledger.waitingSteps()
    await ledger.leftDeliveries({ from: now, before: now })
    t.match(plansOf('run'), [
      /^SCAN run USING INDEX run_unfinished; SEARCH step USING INDEX \S+ \(run_id=\?\)$/,
      /^SEARCH run USING INDEX run_ended .*; SEARCH delivery USING INDEX delivery_once \(run_id=\?\)/,
    ])
  },
)
