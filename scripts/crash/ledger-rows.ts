/** What the ledger of a stopped or killed engine says, read from a copy by plain SQL: none of the engine's own code. */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'

export interface RunRow {
  id: string
  job: string
  state: string
  type: string
  key: string
  slot: string
}

export interface DeliveryRow {
  runId: string
  job: string
  target: string
  state: string
}

export interface LedgerRows {
  runs: RunRow[]
  deliveries: DeliveryRow[]
  /** Events of the ledger. */
  events: string[]
  slots: { at: string; outcome: string }[]
}

export function readLedger(data: string): LedgerRows {
  const folder = mkdtempSync(join(tmpdir(), 'crash-ledger-'))
  try {
    // A copy: opening the file itself would do the recovery that the next engine has to do.
    for (const name of ['ledger.db', 'ledger.db-wal'])
      if (existsSync(join(data, name))) cpSync(join(data, name), join(folder, name))
    const database = new Database(join(folder, 'ledger.db'))
    try {
      const all = <T>(sql: string): T[] => database.prepare(sql).all() as T[]
      return {
        runs: all('select id, job, state, trigger_type as type, trigger_key as key, slot from run'),
        deliveries: all(
          'select run_id as runId, run.job, target, delivery.state from delivery join run on run.id = run_id',
        ),
        events: all<{ id: string }>('select id from event').map(({ id }) => id),
        slots: all('select at, outcome from slot order by at'),
      }
    } finally {
      database.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
