/**
 * The query's rows, every one computed before the first is written. DuckDB's stream ends at an error as it ends at
 * its last row and keeps the error to itself; `run` throws it, but a result of its own would not leave memory.
 */
import {
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  StatementType,
} from '@duckdb/node-api'
import { JobsdError } from '../core/errors.ts'
import type { Column } from '../core/manifest.ts'
import { findDrift } from './columns.ts'
import type { Cell } from './formats/cell.ts'
import { bindParameters, type ParameterValue } from './parameters.ts'

export interface StoredResult {
  /** In the query's order. May end early, then with fewer rows than `rowCount`. */
  stream: DuckDBResult
  rowCount: number
}

interface BoundQuery {
  report: string
  sql: string
  parameters: Record<string, ParameterValue>
}

/**
 * Runs the query into a temporary table, which goes to the temporary folder where it outgrows memory. Throws what
 * DuckDB throws, and REPORT_FAILED unless the query is exactly one SELECT whose parameters are all there.
 */
export async function storeResult(connection: DuckDBConnection, query: BoundQuery): Promise<StoredResult> {
  const statement = await prepareStore(connection, query.report, query.sql)
  bindParameters(statement, query.report, query.parameters)
  const [counted] = await (await statement.run()).getRows()
  return { stream: await connection.stream('SELECT * FROM result'), rowCount: Number(counted![0]) }
}

/**
 * The Total row's cells, or null where its query gives no row. Throws what DuckDB throws, REPORT_DRIFT where its
 * columns are others than the report's, and REPORT_FAILED where it gives several rows.
 */
export async function readTotals(
  connection: DuckDBConnection,
  query: BoundQuery & { columns: Column[]; table?: string },
): Promise<Cell[] | null> {
  const { report, columns, table = 'totals' } = query
  const statement = await prepareStore(connection, report, query.sql, table)
  bindParameters(statement, report, query.parameters)
  await statement.run()
  const result = await connection.run(`SELECT * FROM ${table} LIMIT 2`)
  const [row, ...more] = (await result.getRows()) as Cell[][]
  const drift = findDrift(result, columns, (at) => row !== undefined && row[at] !== null)
  if (drift) throw new JobsdError('REPORT_DRIFT', { report: `${report} (totals.sql)`, ...drift })
  if (more.length === 0) return row ?? null
  throw new JobsdError('REPORT_FAILED', { report, reason: 'totals.sql gives more than one row' })
}

/** What a chart's query gives of the stored result, at most `most` rows. Throws as `readTotals` does. */
export async function readChartRows(
  connection: DuckDBConnection,
  query: BoundQuery & { columns: Column[]; most: number },
): Promise<Cell[][]> {
  const { report, parameters, columns, most } = query
  const statement = await prepareStore(connection, report, query.sql, 'chart')
  bindParameters(statement, report, parameters)
  await statement.run()
  const result = await connection.run(`SELECT * FROM chart LIMIT ${most}`)
  const rows = (await result.getRows()) as Cell[][]
  const drift = findDrift(result, columns, (at) => rows.some((row) => row[at] !== null))
  if (drift) throw new JobsdError('REPORT_DRIFT', { report, ...drift })
  return rows
}

/** How many rows a query that parses gives. Throws what DuckDB throws. */
export async function countRows(connection: DuckDBConnection, query: BoundQuery): Promise<number> {
  const sql = await dropEnd(connection, query.sql)
  const statement = await connection.prepare(`SELECT count(*) FROM (\n${sql}\n)`)
  bindParameters(statement, query.report, query.parameters)
  const [counted] = await (await statement.run()).getRows()
  return Number(counted![0])
}

/** The statement without the semicolon that ends it: only what DuckDB's parser reads as the same one is left out. */
async function dropEnd(connection: DuckDBConnection, sql: string): Promise<string> {
  const whole = await readTree(connection, sql)
  let kept = sql
  for (let at = sql.lastIndexOf(';'); at > 0; at = sql.lastIndexOf(';', at - 1)) {
    const before = sql.slice(0, at)
    if ((await readTree(connection, before)) === whole) kept = before
  }
  return kept
}

async function readTree(connection: DuckDBConnection, sql: string): Promise<string> {
  const result = await connection.run('SELECT json_serialize_sql(CAST($1 AS VARCHAR))', [sql])
  return String((await result.getRows())[0]?.[0])
}

async function prepareStore(
  connection: DuckDBConnection,
  report: string,
  sql: string,
  table = 'result',
): Promise<DuckDBPreparedStatement> {
  // Not in parentheses: the query may end in a semicolon or a comment.
  const statements = await connection.extractStatements(`CREATE TEMP TABLE ${table} AS ${sql}`)
  const statement = statements.count === 1 ? await statements.prepare(0) : undefined
  if (statement?.statementType !== StatementType.CREATE) {
    throw new JobsdError('REPORT_FAILED', {
      report,
      reason: 'the query must be exactly one SELECT statement',
    })
  }
  return statement
}
