/** Opening a SQLite file as a ledger: how it syncs, whether it is whole, which version it has. */
import { chmodSync, statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { JobsdError } from '../../core/errors.ts'
import { migrations } from './migrations.ts'

/**
 * A larger ledger is not read through at the start. Measured for 550 MB: 1.2 s where the kernel has them in memory, 10 s
 * from a slow disk. `jobsd backup` reads it all, whatever its size.
 */
export const longestCheckBytes = 1024 ** 3

/**
 * Opens or makes the ledger. Throws LEDGER_UNUSABLE for what is no database, or a damaged one, and LEDGER_NEWER for one
 * that a newer jobsd wrote. Nothing is written where it is `readOnly`.
 */
export function openDatabase(path: string, readOnly: boolean): Database.Database {
  let database: Database.Database | undefined
  try {
    database = new Database(path, { readonly: readOnly, fileMustExist: readOnly })
    database.pragma('busy_timeout = 5000')
    if (!readOnly) secure(database, path)
    migrate(database, readOnly)
    return database
  } catch (error) {
    database?.close()
    if (error instanceof JobsdError) throw error
    throw new JobsdError('LEDGER_UNUSABLE', { path, reason: (error as Error).message }, { cause: error })
  }
}

function secure(database: Database.Database, path: string): void {
  if (path !== ':memory:') chmodSync(path, 0o600)
  database.pragma('journal_mode = WAL')
  // In WAL mode this build's default is NORMAL, which acknowledges before the fsync.
  database.pragma('synchronous = FULL')
  // Each savepoint keeps the pages that it changes: on disk they would be most of what a batch writes.
  database.pragma('temp_store = MEMORY')
  // A page that many runs change is written back once for all of them: 16 MB of log at most, read in a moment after a crash.
  database.pragma('wal_autocheckpoint = 4000')
  if (path !== ':memory:' && statSync(path).size <= longestCheckBytes) checkWhole(database, path)
  // What an engine left in the log may be in the kernel's memory only, where an fsync of it had failed: from here on it
  // is in the database, by an fsync that did not. A reader can be in the way; then the log is read as it is.
  database.pragma('wal_checkpoint(TRUNCATE)')
}

/** Reads the whole database. Throws LEDGER_UNUSABLE with the first thing that is wrong. */
export function checkWhole(database: Database.Database, path: string): void {
  const answer = database.pragma('quick_check(1)', { simple: true }) as string
  if (answer === 'ok') return
  const reason = `it is damaged: ${answer.split('\n').join(' ')}`
  throw new JobsdError('LEDGER_UNUSABLE', { path, reason })
}

function migrate(database: Database.Database, readOnly: boolean): void {
  const found = database.pragma('user_version', { simple: true }) as number
  if (found > migrations.length) throw new JobsdError('LEDGER_NEWER', { found, known: migrations.length })
  if (readOnly) return
  for (const [index, statements] of migrations.entries()) {
    if (index < found) continue
    database.transaction(() => {
      for (const statement of statements) database.exec(statement)
      database.pragma(`user_version = ${index + 1}`)
    })()
  }
}
