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
  const value = new Proxy({}, { get: (_, name) => new Slot(String(name)) }) as V
  let built: CompiledQuery<R> | undefined
  return (values) => ({
    compile() {
      built ??= build(value).compile()
      const fill = (parameter: unknown) =>
        parameter instanceof Slot ? (values as Record<string, unknown>)[parameter.name] : parameter
      return { ...built, parameters: built.parameters.map(fill) }
    },
  })
}

const inserts = new Map<string, (row: Record<string, unknown>) => Compilable<unknown>>()

/** Inserts a row; `keepFirst`: unless its key is there. */
export function insertRow<T extends keyof Tables>(
  table: T,
  row: Insertable<Tables[T]>,
  keepFirst = false,
): Compilable<unknown> {
  const columns = Object.keys(row)
  const key = `${table} ${keepFirst} ${columns}`
  let insert = inserts.get(key)
  if (!insert) {
    insert = prepare((value: Record<string, unknown>) => {
      const values = Object.fromEntries(columns.map((column) => [column, value[column]])) as typeof row
      const query = db.insertInto(table).values(values)
      return keepFirst ? query.onConflict((conflict) => conflict.doNothing()) : query
    })
    inserts.set(key, insert)
  }
  return insert(row as Record<string, unknown>)
}
