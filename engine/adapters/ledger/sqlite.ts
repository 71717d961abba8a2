/** The SQLite ledger: one file, group commit, every acknowledgement after an fsync. */
import { chmodSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { CompiledQuery } from 'kysely'
import type { Ledger } from '../../core/contracts/ledger.ts'
import { JobsdError } from '../../core/errors.ts'
import { createLedger } from './ledger.ts'
import { migrations } from './migrations.ts'
import type { Operation, QueryResult } from './operation.ts'

interface Waiting {
  start(): Operation<unknown>
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** Opens or makes the ledger at `path`. Throws LEDGER_NEWER for one that a newer jobsd wrote. `readOnly` never writes. */
export function openSqliteLedger(path: string, options: { readOnly?: boolean } = {}): Ledger {
  const database = openDatabase(path, options.readOnly ?? false)
  const batch = createBatch(database, options.readOnly ? 'begin' : 'begin immediate')
  return createLedger(batch.submit, async () => {
    await batch.drain()
    database.close()
  })
}

/** Throws LEDGER_UNUSABLE for what is no database, or a damaged one. */
function openDatabase(path: string, readonly: boolean): Database.Database {
  try {
    const database = new Database(path, { readonly, fileMustExist: readonly })
    if (!readonly) {
      if (path !== ':memory:') chmodSync(path, 0o600)
      database.pragma('journal_mode = WAL')
      // In WAL mode this build's default is NORMAL, which acknowledges before the fsync.
      database.pragma('synchronous = FULL')
    }
    database.pragma('busy_timeout = 5000')
    migrate(database, readonly)
    return database
  } catch (error) {
    if (error instanceof JobsdError) throw error
    throw new JobsdError('LEDGER_UNUSABLE', { path, reason: (error as Error).message }, { cause: error })
  }
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

/** Collects what is submitted in one turn of the event loop into one transaction: many waiters, one fsync. */
function createBatch(database: Database.Database, begin: string) {
  const statements = new Map<string, Database.Statement>()
  let waiting: Waiting[] = []
  let scheduled: Promise<void> | undefined

  function execute(query: CompiledQuery): QueryResult {
    let statement = statements.get(query.sql)
    if (!statement) {
      statement = database.prepare(query.sql)
      statements.set(query.sql, statement)
    }
    if (statement.reader) return { rows: statement.all(...query.parameters), changes: 0 }
    return { rows: [], changes: statement.run(...query.parameters).changes }
  }

  function drive<T>(operation: Operation<T>): T {
    let step = operation.next()
    while (!step.done) step = operation.next(execute(step.value))
    return step.value
  }

  /** Each operation in its own savepoint: one that fails takes nothing of the others with it. */
  function flush(): void {
    const taken = waiting
    waiting = []
    scheduled = undefined
    const settle: (() => void)[] = []
    try {
      database.exec(begin)
      for (const { start, resolve, reject } of taken) {
        database.exec('savepoint operation')
        try {
          const value = drive(start())
          database.exec('release operation')
          settle.push(() => resolve(value))
        } catch (error) {
          database.exec('rollback to operation')
          database.exec('release operation')
          settle.push(() => reject(error))
        }
      }
      database.exec('commit')
    } catch (error) {
      if (database.inTransaction) database.exec('rollback')
      for (const { reject } of taken) reject(error)
      return
    }
    for (const tell of settle) tell()
  }

  function submit<T>(start: () => Operation<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      waiting.push({ start, resolve: resolve as (value: unknown) => void, reject })
      scheduled ??= new Promise<void>((done) => setImmediate(() => done(flush())))
    })
  }

  return {
    submit,
    async drain(): Promise<void> {
      while (scheduled !== undefined) await scheduled
    },
  }
}
