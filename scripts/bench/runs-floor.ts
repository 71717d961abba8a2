/** What SQLite alone takes for the same rows: no engine, no queue, nothing asked, every commit shared by all lanes. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { openDatabase } from '../../engine/adapters/ledger/sqlite-open.ts'
import { type Contender, lanes } from './runs-contender.ts'
import { createJobsd } from './runs-jobsd.ts'

type Row = Record<string, string | number | null>
type Table = 'due' | 'run' | 'step'

/** One run of the engine, as it left it in each table. */
async function readRows(folder: string): Promise<Record<Table, Row>> {
  const jobsd = createJobsd(folder, 'silent')
  await jobsd.run(1)
  await jobsd.close()
  const database = new Database(join(folder, 'ledger.db'))
  const row = (table: Table) => database.prepare(`select * from ${table}`).get() as Row
  const rows = { due: row('due'), run: row('run'), step: row('step') }
  database.close()
  return rows
}

/** A batch is recorded, the one before it begun, and the one before that ended in one transaction. */
export async function createFloor(folder: string): Promise<Contender> {
  const rows = await readRows(folder)
  const database = openDatabase(join(folder, 'floor.db'), false)
  const insert = (table: Table) => {
    const columns = Object.keys(rows[table])
    return database.prepare(
      `insert into ${table} (${columns}) values (${columns.map((column) => `@${column}`)})`,
    )
  }
  const statements = {
    due: insert('due'),
    run: insert('run'),
    step: insert('step'),
    claim: database.prepare(
      `update run set state = 'running', token = token + 1, started_at = ? where id = ?`,
    ),
    move: database.prepare(
      `update run set position = null, state = 'succeeded', ended_at = ? where id = ? and token = 1`,
    ),
    close: database.prepare(
      `update step set outcome = 'succeeded', note = '', error = null, next = 'end', ended_at = ? where run_id = ? and seq = 1`,
    ),
  }
  const queued = { state: 'queued', token: 0, position: 'no-op', started_at: null, ended_at: null }
  const begun = { outcome: 'running', next: null, ended_at: null }
  let made = 0
  const idOf = (key: number) => key.toString(16).padStart(20, '0')

  const record = (key: number) => {
    statements.due.run({ ...rows.due, key: String(key) })
    statements.run.run({ ...rows.run, ...queued, id: idOf(key), trigger_key: String(key) })
  }
  const begin = (key: number) => {
    statements.claim.run(String(rows.run.started_at), idOf(key))
    statements.step.run({ ...rows.step, ...begun, run_id: idOf(key) })
  }
  const end = (key: number) => {
    statements.move.run(String(rows.run.ended_at), idOf(key))
    statements.close.run(String(rows.step.ended_at), idOf(key))
  }
  return {
    name: 'floor',
    async run(count) {
      const first = made
      made += count
      const each = (from: number, work: (key: number) => void) => {
        for (let at = Math.max(from, 0); at < Math.min(from + lanes, count); at += 1) work(first + at)
      }
      for (let at = 0; at < count + 2 * lanes; at += lanes) {
        database.exec('begin immediate')
        each(at, record)
        each(at - lanes, begin)
        each(at - 2 * lanes, end)
        database.exec('commit')
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    async close() {
      database.close()
    },
  }
}
