/** What the ledger says, read from a copy by plain SQL: none of the engine's own code. */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'

export interface LedgerRows {
  runs: { id: string; job: string; state: string; key: string; parameters: string | null }[]
  events: { client: string; id: string; runIds: string; outcome: string }[]
  /** Ids of what the operators are told. */
  alerts: string[]
}

export function readLedger(data: string): LedgerRows {
  const folder = mkdtempSync(join(tmpdir(), 'events-ledger-'))
  try {
    // A copy: opening the file itself would do the recovery that the next engine has to do.
    for (const name of ['ledger.db', 'ledger.db-wal'])
      if (existsSync(join(data, name))) cpSync(join(data, name), join(folder, name))
    const database = new Database(join(folder, 'ledger.db'))
    try {
      const all = <T>(sql: string): T[] => database.prepare(sql).all() as T[]
      return {
        runs: all('select id, job, state, trigger_key as key, parameters from run'),
        events: all('select client, id, run_ids as runIds, outcome from event'),
        alerts: all<{ id: string }>('select id from alert').map(({ id }) => id),
      }
    } finally {
      database.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
