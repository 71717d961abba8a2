/** Queries that are built and compiled once: to do so anew for each use costs more than to run it. */
import type { CompiledQuery, Insertable } from 'kysely'
import { db } from './operation.ts'
import type { Tables } from './tables.ts'

interface Compilable<R> {
  compile(): CompiledQuery<R>
}

/** Stands for a value that each use fills in. */
class Slot {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** `build` is called once; what it takes from `value` is filled in by each use. It must not look at the values. */
export function prepare<V extends object, R>(
  build: (value: V) => Compilable<R>,
): (values: V) => Compilable<R> {
  let fill: ((values: Record<string, unknown>) => CompiledQuery<R>) | undefined
  return (values) => ({
    compile() {
      fill ??= fillIn(build(openValue as V).compile())
      return fill(values as Record<string, unknown>)
    },
  })
}

const openValue = new Proxy({}, { get: (_, name) => new Slot(String(name)) })

function fillIn<R>({ query, queryId, sql, parameters }: CompiledQuery<R>) {
  const names = parameters.map((parameter) => (parameter instanceof Slot ? parameter.name : undefined))
  return (values: Record<string, unknown>): CompiledQuery<R> => {
    const filled = [...parameters]
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index]
      if (name !== undefined) filled[index] = values[name]
    }
    return { query, queryId, sql, parameters: filled }
  }
}

/** Inserts rows that all have the same columns; `keepFirst`: unless its key is there. */
export function prepareInsert<T extends keyof Tables>(
  table: T,
  keepFirst = false,
): (row: Insertable<Tables[T]>) => Compilable<unknown> {
  let insert: ((row: Record<string, unknown>) => Compilable<unknown>) | undefined
  let columns: string[] = []
  return (row) => {
    if (!insert) {
      columns = Object.keys(row)
      insert = prepare((value: Record<string, unknown>) => {
        const values = Object.fromEntries(columns.map((column) => [column, value[column]])) as typeof row
        const query = db.insertInto(table).values(values)
        return keepFirst ? query.onConflict((conflict) => conflict.doNothing()) : query
      })
    }
    // A column too many would be lost without a word.
    if (Object.keys(row).length !== columns.length) throw new Error(`another row of ${table}: ${columns}`)
    return insert(row as Record<string, unknown>)
  }
}

const inserts = new Map<string, (row: never) => Compilable<unknown>>()

/** As `prepareInsert`, where it is not said often: which statement it is, is found by the row's columns. */
export function insertRow<T extends keyof Tables>(
  table: T,
  row: Insertable<Tables[T]>,
  keepFirst = false,
): Compilable<unknown> {
  const key = `${table} ${keepFirst} ${Object.keys(row)}`
  const insert = inserts.get(key) ?? prepareInsert(table, keepFirst)
  inserts.set(key, insert)
  return insert(row as never)
}
