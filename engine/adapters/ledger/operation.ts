/**
 * Ledger operations are generators that yield compiled queries and are sent their results. So each is written once:
 * SQLite drives it synchronously inside one batch, an asynchronous driver can await each query.
 */
import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Tables } from './tables.ts'

export interface QueryResult {
  rows: unknown[]
  /** Rows inserted, updated or deleted. */
  changes: number
}
export type Operation<T> = Generator<CompiledQuery, T, QueryResult>

interface Compilable<R> {
  compile(): CompiledQuery<R>
}

/** Builds queries; it never runs one. */
export const db = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

/** Every row of a query. */
export function* all<R>(query: Compilable<R>): Operation<R[]> {
  return (yield query.compile()).rows as R[]
}

/** The first row of a query, if any. */
export function* first<R>(query: Compilable<R>): Operation<R | undefined> {
  return (yield query.compile()).rows[0] as R | undefined
}

/** Runs a statement and tells how many rows it changed. */
export function* change(query: Compilable<unknown>): Operation<number> {
  return (yield query.compile()).changes
}
