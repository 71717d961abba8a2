/** The SQL that a PostgreSQL dataset is read with. What varies is bound, or a name that PostgreSQL's catalog gave. */
import type { TableColumnType } from '../core/contracts/database-tables.ts'

/** A column as the catalog has it; of a domain, the type that it is made of. */
export interface CatalogColumn {
  table: string
  column: string
  /** `int4`, `timestamptz` and so on. */
  type: string
  /** One letter: S is of texts, E of enums. */
  category: string
  /** The type in SQL's words. */
  words: string
}

/** `$1` the schema, `$2` the tables. Only what can be selected from has columns here. */
export const catalogQuery = `
SELECT c.relname::text AS "table", a.attname::text AS "column", t.typname::text AS "type",
       t.typcategory::text AS "category", format_type(a.atttypid, a.atttypmod) AS "words"
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type s ON s.oid = a.atttypid
JOIN pg_type t ON t.oid = CASE WHEN s.typtype = 'd' THEN s.typbasetype ELSE s.oid END
WHERE n.nspname = $1 AND c.relname = ANY($2::text[]) AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
ORDER BY c.relname, a.attnum`

export const beginReading = 'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY'

/**
 * For this transaction alone. `$1` is the limit of each statement in milliseconds. The search path keeps operators and
 * functions to PostgreSQL's own, whatever else is in the database.
 */
export const prepareReading = `
SELECT set_config('statement_timeout', $1, true), set_config('search_path', 'pg_catalog', true),
       set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true),
       set_config('extra_float_digits', '1', true)`

/** COPY takes no parameters: the tenant is bound here, as settings of the transaction that COPY's query reads. */
export const nameTenant = `
SELECT set_config('jobsd.client', $1, true), set_config('jobsd.call_centers', ($2::text[])::text, true)`

const texts = ['text', 'varchar', 'bpchar']
const whole = ['int2', 'int4', 'int8']
const numbers = [...whole, 'numeric', 'float4', 'float8']

/** Whether a column can be read as the contract's type without a guess: a text that looks like a time is none. */
export function fitsType({ type, category }: CatalogColumn, wanted: TableColumnType): boolean {
  if (wanted === 'VARCHAR') return ['S', 'E'].includes(category) || [...whole, 'uuid', 'inet'].includes(type)
  if (wanted === 'TIMESTAMP') return type === 'timestamptz' || type === 'timestamp'
  if (wanted === 'DATE') return type === 'date'
  if (wanted === 'BOOLEAN') return type === 'bool'
  return numbers.includes(type)
}

const wholeTypes: Partial<Record<TableColumnType, string>> = { INTEGER: 'integer', BIGINT: 'bigint' }

/** A column as COPY is to write it. */
function selectColumn(column: CatalogColumn, wanted: TableColumnType): string {
  const name = quoteName(column.column)
  if (column.type === 'timestamptz') return `(${name} AT TIME ZONE 'UTC')`
  // As text an inet has its netmask, and a bpchar has lost its padding.
  if (wanted === 'VARCHAR' && !['text', 'varchar', 'inet'].includes(column.type)) return `${name}::text`
  // Before it is written: 1e3 and 12.50 are numbers too, but no texts of a whole one.
  if (wholeTypes[wanted] && !whole.includes(column.type)) return `${name}::numeric::${wholeTypes[wanted]}`
  return name
}

export interface TableSelect {
  schema: string
  table: string
  columns: { column: CatalogColumn; wanted: TableColumnType }[]
  /** `client`, and `call_center` where only some are asked for. */
  owner: { client: CatalogColumn; callCenter: CatalogColumn | null }
  maxRows?: number
}

/** COPY of the tenant's rows, who the tenant is by `nameTenant`. */
export function copyStatement({ schema, table, columns, owner, maxRows }: TableSelect): string {
  const listed = columns.map(({ column, wanted }) => selectColumn(column, wanted)).join(', ')
  const conditions = [
    equals(owner.client, (text) => `${text} = current_setting('jobsd.client')`),
    owner.callCenter &&
      equals(owner.callCenter, (text) => `${text} = ANY (current_setting('jobsd.call_centers')::text[])`),
  ].filter((condition) => condition !== null)
  const limit = maxRows === undefined ? '' : ` LIMIT ${Math.floor(maxRows)}`
  const query = `SELECT ${listed} FROM ${quoteName(schema)}.${quoteName(table)} WHERE ${conditions.join(' AND ')}${limit}`
  return `COPY (${query}) TO STDOUT (FORMAT csv)`
}

/** The first half can use an index, the second one knows no collation in which other letters are equal. */
function equals(column: CatalogColumn, test: (text: string) => string): string {
  const name = quoteName(column.column)
  const exact = test(`${name}::text COLLATE "C"`)
  return texts.includes(column.type) ? `${test(name)} AND ${exact}` : exact
}

/** Rows and the newest moment by client. */
export function surveyStatement(
  schema: string,
  table: string,
  { client, moment }: { client: CatalogColumn | undefined; moment: CatalogColumn | undefined },
): string {
  const owner = client ? `${quoteName(client.column)}::text` : 'NULL::text'
  const time = moment && quoteName(moment.column)
  const utc = moment?.type === 'timestamptz' ? `max(${time}) AT TIME ZONE 'UTC'` : `max(${time})`
  const newest = moment ? `to_char(${utc}, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')` : 'NULL::text'
  return `SELECT ${owner} AS "client", count(*)::text AS "rows", ${newest} AS "newest" FROM ${quoteName(schema)}.${quoteName(table)} GROUP BY 1`
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
