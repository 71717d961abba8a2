/** Reads the ledger of a stopped or killed engine from a copy, by plain SQL: none of the engine's own code. */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'

/** `all` gives a query's rows. */
export function readLedgerCopy<T>(data: string, read: (all: <Row>(sql: string) => Row[]) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-copy-'))
  try {
    // A copy: opening the file itself would do the recovery that the next engine has to do.
    for (const name of ['ledger.db', 'ledger.db-wal'])
      if (existsSync(join(data, name))) cpSync(join(data, name), join(folder, name))
    const database = new Database(join(folder, 'ledger.db'))
    try {
      return read(<Row>(sql: string) => database.prepare(sql).all() as Row[])
    } finally {
      database.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
