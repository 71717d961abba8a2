/** Errors of the disk under a SQLite ledger: what they are called, and how to go on after them. */
import type Database from 'better-sqlite3'
import { JobsdError } from '../../core/errors.ts'

/** SQLite could not read or write its files: nothing to do with what was asked of it. */
const ofDisk = /^SQLITE_(FULL|IOERR|CANTOPEN|READONLY|CORRUPT|NOTADB|PROTOCOL)/

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

export function isDiskError(error: unknown): boolean {
  return ofDisk.test(codeOf(error))
}

/** As STORAGE_FAILED with SQLite's code; any other error as it is. */
export function toLedgerError(error: unknown): unknown {
  if (!isDiskError(error)) return error
  const reason = `${codeOf(error)}: ${(error as Error).message}`
  return new JobsdError('STORAGE_FAILED', { reason }, { cause: error })
}

/**
 * Whether nothing that this connection says may be believed until it was opened anew: after a failed fsync the kernel
 * takes the pages for written, and the next fsync succeeds without them. A full disk fails before that.
 */
export function needsReopening(error: unknown): boolean {
  return isDiskError(error) && codeOf(error) !== 'SQLITE_FULL'
}

/**
 * Moves all that was acknowledged out of the log into the database, written and fsynced anew, before the log is read
 * again by another connection: its end may be a transaction that was refused, whole in the kernel's memory and missing
 * on the disk. Throws where that cannot be done yet.
 */
export function settleLog(database: Database.Database): void {
  // The engine's only thread waits here: not for a reader.
  database.pragma('busy_timeout = 100')
  const [answer] = database.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[]
  if (answer?.busy !== 0) throw new JobsdError('STORAGE_FAILED', { reason: 'a reader holds the ledger' })
}
