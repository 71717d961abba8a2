/** A copy of a SQLite ledger that another process may be writing to. */
import { chmodSync, closeSync, fsyncSync, openSync } from 'node:fs'
import Database from 'better-sqlite3'
import { JobsdError } from '../../core/errors.ts'
import type { Settings } from '../../core/manifest.ts'
import type { Artifact, Instant, RunFile } from '../../core/model.ts'
import { checkWhole } from './sqlite-open.ts'

/** An artifact that runs name. */
export interface NamedArtifact extends Artifact {
  /** When the last of them ended; null where one has not. */
  endedAt: Instant | null
}

/**
 * Copies the ledger as it is at one moment into a new private file, checked and fsynced, without log beside it. Throws
 * LEDGER_UNUSABLE where it, or the copy, is damaged.
 */
export async function copyLedger(from: string, to: string): Promise<void> {
  const source = openFor(from, { readonly: true, fileMustExist: true })
  try {
    source.pragma('busy_timeout = 5000')
    // A snapshot: without it each commit of the engine would make the copy begin anew.
    source.exec('begin')
    source.prepare('select count(*) from sqlite_master').get()
    await source.backup(to, { progress: () => 2_000 })
  } catch (error) {
    throw unusable(from, error)
  } finally {
    source.close()
  }
  chmodSync(to, 0o600)
  const copy = openFor(to, {})
  try {
    copy.pragma('journal_mode = DELETE')
    checkWhole(copy, to)
  } finally {
    copy.close()
  }
  const file = openSync(to, 'r')
  fsyncSync(file)
  closeSync(file)
}

/** Throws LEDGER_UNUSABLE unless it is a whole database. */
export function checkLedgerFile(path: string): void {
  const database = openFor(path, { readonly: true, fileMustExist: true })
  try {
    checkWhole(database, path)
  } catch (error) {
    throw unusable(path, error)
  } finally {
    database.close()
  }
}

/** The artifacts that the runs of a ledger name, and the settings that were in force. */
export function readNamedArtifacts(path: string): { artifacts: NamedArtifact[]; settings: Settings | null } {
  const database = openFor(path, { readonly: true, fileMustExist: true })
  try {
    const rows = database
      .prepare(
        `select run_file.body, max(coalesce(run.ended_at, '9')) as ended_at from run_file
         join run on run.id = run_file.run_id group by run_file.sha256`,
      )
      .iterate() as IterableIterator<{ body: string; ended_at: string }>
    const artifacts: NamedArtifact[] = []
    for (const { body, ended_at } of rows) {
      const { sha256, size } = JSON.parse(body) as RunFile
      artifacts.push({ sha256, size, endedAt: ended_at === '9' ? null : ended_at })
    }
    const row = database.prepare(`select body from operators where id = 'last'`).get() as
      | { body: string }
      | undefined
    const settings = row ? (JSON.parse(row.body) as { settings: Settings | null }).settings : null
    return { artifacts, settings }
  } finally {
    database.close()
  }
}

function openFor(path: string, options: Database.Options): Database.Database {
  try {
    return new Database(path, options)
  } catch (error) {
    throw unusable(path, error)
  }
}

function unusable(path: string, error: unknown): unknown {
  if (error instanceof JobsdError) return error
  return new JobsdError('LEDGER_UNUSABLE', { path, reason: (error as Error).message }, { cause: error })
}
