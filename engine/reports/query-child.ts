/** The process that runs one report's query. Started by `runReport` with nothing but its request. */
import { open } from 'node:fs/promises'
import { type DuckDBConnection, type DuckDBPreparedStatement, StatementType } from '@duckdb/node-api'
import { type ErrorCode, type ErrorDetails, JobsdError } from '../core/errors.ts'
import type { Column, DatasetConnection } from '../core/manifest.ts'
import { findDrift } from './columns.ts'
import { type Cell, formatCsvHeader, formatCsvRows } from './formats/csv.ts'
import { bindParameters, type ParameterValue } from './parameters.ts'
import { checkQuery, openSealed } from './query-check.ts'
import { describeFailure, outOfMemory } from './query-failure.ts'
import { answerParent, readRequest } from './serve-parent.ts'
import { copyTenant } from './tenant-copy.ts'

export interface QueryRequest {
  /** `<category>/<name>`, for errors. */
  report: string
  sql: string
  columns: Column[]
  dataset: Pick<DatasetConnection, 'name' | 'format' | 'path'>
  tenant: { client: string; callCenters: string[] | null }
  parameters: Record<string, ParameterValue>
  timezone: string
  outPath: string
  limits: { timeoutMs: number; memoryMb: number; threads: number }
}

export type QueryAnswer = { ok: true; rows: number } | { ok: false; code: ErrorCode; details: ErrorDetails }

const databasePath = 'tenant.duckdb'

async function runQuery(request: QueryRequest): Promise<number> {
  const { report, limits } = request
  const settings = {
    temp_directory: 'spill',
    max_temp_directory_size: `${limits.memoryMb * 8}MB`,
    memory_limit: `${limits.memoryMb}MB`,
    threads: String(limits.threads),
  }
  const tables = await checkQuery(report, request.sql)
  const { dataset, tenant } = request
  const describe = (error: unknown, table: string) =>
    describeFailure(error, report, limits, `table ${table}: `)
  await copyTenant({ dataset, tenant, tables, databasePath, settings, describe })
  const { connection } = await openSealed(databasePath, { ...settings, access_mode: 'READ_ONLY' })
  // `performance.now()` counts from the start of this process: the copy took its part of the time.
  const timer = setTimeout(() => connection.interrupt(), Math.max(0, limits.timeoutMs - performance.now()))
  try {
    const statement = await prepareSelect(connection, report, request.sql)
    bindParameters(statement, report, request.parameters)
    return await writeRows(statement, request)
  } finally {
    clearTimeout(timer)
  }
}

async function prepareSelect(
  connection: DuckDBConnection,
  report: string,
  sql: string,
): Promise<DuckDBPreparedStatement> {
  const statements = await connection.extractStatements(sql)
  const statement = statements.count === 1 ? await statements.prepare(0) : undefined
  if (statement?.statementType !== StatementType.SELECT) {
    throw new JobsdError('REPORT_FAILED', {
      report,
      reason: 'the query must be exactly one SELECT statement',
    })
  }
  return statement
}

/** Streams the rows into the file, one chunk in memory at a time, and returns their number. */
async function writeRows(statement: DuckDBPreparedStatement, request: QueryRequest): Promise<number> {
  const result = await statement.stream()
  // Not of the statement: its columns are unknown while a parameter's type is.
  const drift = findDrift(result, request.columns)
  if (drift !== undefined) throw new JobsdError('REPORT_DRIFT', { report: request.report, ...drift })
  const file = await open(request.outPath, 'w', 0o600)
  try {
    await file.appendFile(formatCsvHeader(request.columns))
    let rows = 0
    for (
      let chunk = await result.fetchChunk();
      chunk !== null && chunk.rowCount > 0;
      chunk = await result.fetchChunk()
    ) {
      // `findDrift` let only types through whose values are cells.
      const cells = chunk.getColumns() as Cell[][]
      await file.appendFile(formatCsvRows(request.columns, cells, request.timezone))
      rows += chunk.rowCount
    }
    return rows
  } finally {
    await file.close()
  }
}

/** Ends the work when the process grows far over what DuckDB counts itself: not every allocation is. */
function watchMemory(request: QueryRequest): void {
  const maxBytes = (request.limits.memoryMb * 1.5 + 256) * 2 ** 20
  setInterval(() => {
    if (process.memoryUsage.rss() > maxBytes) answerError(outOfMemory(request.report, request.limits))
  }, 100).unref()
}

function answerError({ code, details }: JobsdError): void {
  answerParent({ ok: false, code, details } satisfies QueryAnswer)
}

const request = (await readRequest()) as QueryRequest
watchMemory(request)
try {
  answerParent({ ok: true, rows: await runQuery(request) } satisfies QueryAnswer)
} catch (error) {
  answerError(describeFailure(error, request.report, request.limits))
}
