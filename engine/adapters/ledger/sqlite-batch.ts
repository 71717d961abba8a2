/** Group commit on SQLite: what is submitted in one turn of the event loop is one transaction, with one fsync. */
import type Database from 'better-sqlite3'
import type { CompiledQuery } from 'kysely'
import { JobsdError } from '../../core/errors.ts'
import type { Operation, QueryResult } from './operation.ts'
import { isDiskError, needsReopening, settleLog, toLedgerError } from './sqlite-trouble.ts'

interface Waiting {
  /** May be called again: what the first one did is undone then. */
  start(): Operation<unknown>
  resolve(value: unknown): void
  reject(error: unknown): void
}

export interface Batch {
  /** Resolves once the operation is safe on the disk. Throws STORAGE_FAILED where it cannot be. */
  submit<T>(start: () => Operation<T>): Promise<T>
  /** Resolves when nothing waits any more. */
  drain(): Promise<void>
  close(): void
}

/** `open` gives a connection, at once and again after an error of the disk: then nothing else is believed before. */
export function createBatch(open: () => Database.Database, begin: string): Batch {
  let database = open()
  let statements = new Map<string, Database.Statement>()
  let waiting: Waiting[] = []
  let scheduled: Promise<void> | undefined
  let mustReopen = false

  function execute(query: CompiledQuery): QueryResult {
    let statement = statements.get(query.sql)
    if (!statement) {
      statement = database.prepare(query.sql)
      statements.set(query.sql, statement)
    }
    if (statement.reader) return { rows: statement.all(...query.parameters), changes: 0 }
    return { rows: [], changes: statement.run(...query.parameters).changes }
  }

  /** Compiled once: it is said twice for each operation. */
  function control(sql: string): void {
    let statement = statements.get(sql)
    if (!statement) {
      statement = database.prepare(sql)
      statements.set(sql, statement)
    }
    statement.run()
  }

  function drive<T>(operation: Operation<T>): T {
    let step = operation.next()
    while (!step.done) step = operation.next(execute(step.value))
    return step.value
  }

  function reopen(): void {
    if (database.open) {
      settleLog(database)
      database.close()
    }
    statements = new Map()
    try {
      database = open()
    } catch (error) {
      const { message, details } = error as JobsdError
      const reason = String(details?.reason ?? message)
      throw new JobsdError('STORAGE_FAILED', { reason }, { cause: error })
    }
    mustReopen = false
  }

  /** Most batches have no operation that fails: then a savepoint for each would only cost. */
  function runTogether(taken: Waiting[]): (() => void)[] {
    database.exec(begin)
    try {
      return taken.map(({ start, resolve }) => {
        const value = drive(start())
        return () => resolve(value)
      })
    } catch (error) {
      if (isDiskError(error)) throw error
    }
    // One of them failed: all are undone, and done once more, each for itself.
    database.exec('rollback')
    database.exec(begin)
    return taken.map(runAlone)
  }

  /** An operation in its own savepoint: one that fails takes nothing of the others with it. */
  function runAlone({ start, resolve, reject }: Waiting): () => void {
    control('savepoint operation')
    try {
      const value = drive(start())
      control('release operation')
      return () => resolve(value)
    } catch (error) {
      // The disk's: it may have ended the whole transaction already.
      if (isDiskError(error)) throw error
      control('rollback to operation')
      control('release operation')
      return () => reject(error)
    }
  }

  function flush(): void {
    const taken = waiting
    waiting = []
    scheduled = undefined
    let settle: (() => void)[]
    try {
      if (mustReopen) reopen()
      settle = runTogether(taken)
      database.exec('commit')
    } catch (error) {
      mustReopen ||= needsReopening(error)
      if (database.open && database.inTransaction) tryRollback()
      const told = toLedgerError(error)
      for (const { reject } of taken) reject(told)
      return
    }
    for (const tell of settle) tell()
  }

  function tryRollback(): void {
    try {
      database.exec('rollback')
    } catch {
      // Told with the error that led here; a new connection begins without a transaction.
      mustReopen = true
    }
  }

  return {
    submit<T>(start: () => Operation<T>): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        waiting.push({ start, resolve: resolve as (value: unknown) => void, reject })
        scheduled ??= new Promise<void>((done) => setImmediate(() => done(flush())))
      })
    },
    async drain(): Promise<void> {
      while (scheduled !== undefined) await scheduled
    },
    close(): void {
      if (database.open) database.close()
    },
  }
}
