/** Queries that are built and compiled once: to do so anew for each use costs more than to run it. */
import { type CompiledQuery, type Insertable, sql } from 'kysely'
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
  let fill: ((values: Record<string, unknown>) => Filled<R>) | undefined
  return (values) => {
    fill ??= fillIn(build(openValue as V).compile())
    return fill(values as Record<string, unknown>)
  }
}

const openValue = new Proxy({}, { get: (_, name) => new Slot(String(name)) })

function fillIn<R>({ parameters, ...compiled }: CompiledQuery<R>) {
  const names = parameters.map((parameter) => (parameter instanceof Slot ? parameter.name : undefined))
  return (values: Record<string, unknown>): Filled<R> => {
    const filled = [...parameters]
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index]
      if (name !== undefined) filled[index] = values[name]
    }
    return { ...compiled, parameters: filled, compile: returnThis }
  }
}

/** Compiled already. */
type Filled<R> = CompiledQuery<R> & Compilable<R>

function returnThis<R>(this: Filled<R>): CompiledQuery<R> {
  return this
}

/** Inserts rows that all have the same columns; `keepFirst`: unless its key is there. */
export function prepareInsert<T extends keyof Tables>(
  table: T,
  keepFirst = false,
): (row: Insertable<Tables[T]>) => Compilable<unknown> {
  return prepareColumns(table, keepFirst, {})
}

/**
 * As `prepareInsert`. A row that has all these `usual` values is inserted with them in the statement's text: to bind them
 * costs a good part of an insert.
 */
export function prepareUsualInsert<T extends keyof Tables>(
  table: T,
  usual: Partial<Tables[T]>,
): (row: Insertable<Tables[T]>) => Compilable<unknown> {
  const values = Object.entries(usual)
  const insertUsual = prepareColumns(table, false, usual)
  const insertOther = prepareColumns(table, false, {})
  return (row) => {
    const isUsual = values.every(([column, value]) => row[column as keyof typeof row] === value)
    return isUsual ? insertUsual(row) : insertOther(row)
  }
}

function prepareColumns<T extends keyof Tables>(
  table: T,
  keepFirst: boolean,
  fixed: Record<string, unknown>,
) {
  let insert: ((row: Record<string, unknown>) => Compilable<unknown>) | undefined
  let count = 0
  return (row: Insertable<Tables[T]>): Compilable<unknown> => {
    if (!insert) {
      const columns = Object.keys(row)
      count = columns.length
      insert = prepare((value: Record<string, unknown>) => {
        const values = Object.fromEntries(
          columns.map((column) => [column, column in fixed ? sql.lit(fixed[column]) : value[column]]),
        ) as typeof row
        const query = db.insertInto(table).values(values)
        return keepFirst ? query.onConflict((conflict) => conflict.doNothing()) : query
      })
    }
    // A column too many would be lost without a word.
    if (Object.keys(row).length !== count) throw new Error(`another row of ${table}: ${Object.keys(row)}`)
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
