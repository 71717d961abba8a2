/** A report's rows and its Total row by DuckDB alone: a process for each would take minutes. */
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { Column } from '../../engine/core/manifest.ts'
import { findDrift } from '../../engine/reports/columns.ts'
import { datasetTables } from '../../engine/reports/dataset-tables.ts'
import { bindParameters } from '../../engine/reports/parameters.ts'
import type { ReportRequest } from '../../engine/reports/run-report.ts'
import type { StandardReport } from './report-cases.ts'

export type Json = string | number | boolean | null

/**
 * A database with the rows of one tenant in tables of one file each, ascending or descending. The caller closes it.
 */
export async function openTenant(
  { dataset, tenant }: Pick<ReportRequest, 'dataset' | 'tenant'>,
  order: 'ASC' | 'DESC' = 'ASC',
): Promise<DuckDBConnection> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  await connection.run("SET TimeZone = 'UTC'")
  const center = tenant.callCenters ? ` AND call_center = '${tenant.callCenters[0]}'` : ''
  const { path, format } = dataset as { path: string; format: string }
  for (const [table, columns] of Object.entries(datasetTables)) {
    // No standard report is made of them.
    if (table === 'call_legs') continue
    const casts = Object.entries(columns).map(([name, type]) => `CAST(${name} AS ${type}) AS ${name}`)
    const file = join(path, `${table}.${format}`)
    const source = format === 'csv' ? `read_csv('${file}', all_varchar = true)` : `'${file}'`
    await connection.run(
      `CREATE TABLE ${table} AS SELECT ${casts} FROM ${source} WHERE client = '${tenant.client}'${center} ORDER BY ALL ${order}`,
    )
  }
  return connection
}

/** Every row of one of the report's two queries. Throws where its columns are others than the report's. */
export async function rowsOf(
  connection: DuckDBConnection,
  { id, definition }: StandardReport,
  sql: string,
  params: ReportRequest['params'],
): Promise<Json[][]> {
  // A name of its own: other reports use the connection meanwhile.
  const table = `"result of ${id}"`
  const statement = await connection.prepare(`CREATE OR REPLACE TEMP TABLE ${table} AS ${sql}`)
  bindParameters(statement, id, params)
  await statement.run()
  const result = await connection.runAndReadAll(`SELECT * FROM ${table}`)
  const drift = findDrift(result as never, definition.columns)
  if (drift) throw new Error(`${id} gives ${drift.found}, not ${drift.expected}`)
  return result.getRowsJson() as Json[][]
}

/** The one row of `totals.sql`, as csv writes it. */
export async function totalLine(
  connection: DuckDBConnection,
  report: StandardReport,
  { params }: Pick<ReportRequest, 'params'>,
): Promise<string> {
  const [row, ...more] = await rowsOf(connection, report, report.totals, params)
  if (row === undefined || more.length > 0) throw new Error(`${report.id}/totals.sql gives not one row`)
  return row.map((cell, at) => formatTotal(report.definition.columns[at]!, cell)).join(',')
}

function formatTotal({ type, decimals = 2 }: Column, cell: Json): string {
  return cell === null ? '' : Number(cell).toFixed(type === 'integer' ? 0 : decimals)
}
