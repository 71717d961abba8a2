/** A report's columns are a contract: the query's names, order and types must fit it before a row is written. */
import { type DuckDBResult, DuckDBTypeId as Id } from '@duckdb/node-api'
import type { Column } from '../core/manifest.ts'

const texts = [Id.VARCHAR, Id.ENUM]
const integers = [
  Id.TINYINT,
  Id.SMALLINT,
  Id.INTEGER,
  Id.BIGINT,
  Id.HUGEINT,
  Id.UTINYINT,
  Id.USMALLINT,
  Id.UINTEGER,
  Id.UBIGINT,
  Id.UHUGEINT,
]
const numbers = [...integers, Id.DECIMAL, Id.FLOAT, Id.DOUBLE]

const fitting: Record<Column['type'], Id[]> = {
  text: texts,
  phone: texts,
  integer: integers,
  number: numbers,
  percent: numbers,
  money: numbers,
  timestamp: [Id.TIMESTAMP, Id.TIMESTAMP_TZ],
  date: [Id.DATE],
  boolean: [Id.BOOLEAN],
}

/**
 * What the query gives and what the definition says, where they differ; undefined where they agree. A column that
 * `hasValues` denies may have any type: that of a bare NULL is INTEGER.
 */
export function findDrift(
  result: DuckDBResult,
  columns: Column[],
  hasValues: (at: number) => boolean = () => true,
): { found: string; expected: string } | undefined {
  const names = result.columnNames()
  const expected = columns.map((column) => column.name)
  if (names.join() !== expected.join()) return { found: names.join(', '), expected: expected.join(', ') }
  const misfit = columns.findIndex(
    (column, at) => hasValues(at) && ![...fitting[column.type], Id.SQLNULL].includes(result.columnTypeId(at)),
  )
  if (misfit === -1) return undefined
  return {
    found: `${names[misfit]} ${result.columnType(misfit).toString()}`,
    expected: `${names[misfit]} ${columns[misfit]!.type}`,
  }
}
