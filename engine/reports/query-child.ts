/** The process that runs one report's query. Started by `runReport` with nothing but its request. */
import { type ErrorCode, type ErrorDetails, JobsdError } from '../core/errors.ts'
import type { Column, DatasetConnection } from '../core/manifest.ts'
import { findDrift } from './columns.ts'
import type { ParameterValue } from './parameters.ts'
import { checkQuery, openSealed } from './query-check.ts'
import { describeFailure, outOfMemory, type QueryLimits, queryTimeout } from './query-failure.ts'
import { answerParent, readRequest } from './serve-parent.ts'
import { storeResult } from './stored-result.ts'
import { copyTenant } from './tenant-copy.ts'
import { writeRows } from './write-rows.ts'

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
  /** `timeoutMs` is at most what a timer takes. */
  limits: QueryLimits
}

export type QueryAnswer = { ok: true; rows: number } | { ok: false; code: ErrorCode; details: ErrorDetails }

const databasePath = 'tenant.duckdb'

async function runQuery(request: QueryRequest): Promise<number> {
  const { report, limits, columns } = request
  const settings = {
    temp_directory: 'spill',
    max_temp_directory_size: `${limits.maxTempBytes}B`,
    memory_limit: `${limits.memoryMb}MB`,
    threads: String(limits.threads),
  }
  const tables = await checkQuery(report, request.sql)
  const { dataset, tenant } = request
  const describe = (error: unknown, table: string) =>
    describeFailure(error, report, limits, `table ${table}: `)
  await copyTenant({ dataset, tenant, tables, databasePath, settings, describe })
  const { connection } = await openSealed(databasePath, { ...settings, access_mode: 'READ_ONLY' })
  const deadline = new AbortController()
  // `performance.now()` counts from the start of this process: the copy took its part of the time.
  const leftMs = Math.max(0, limits.timeoutMs - performance.now())
  const timer = setTimeout(() => {
    deadline.abort(queryTimeout(report, limits))
    connection.interrupt()
  }, leftMs)
  try {
    const { stream, rowCount } = await storeResult(connection, request)
    // Not of the statement: its columns are unknown while a parameter's type is.
    const drift = findDrift(stream, columns)
    if (drift !== undefined) throw new JobsdError('REPORT_DRIFT', { report, ...drift })
    const { timezone, outPath } = request
    const target = { report, columns, timezone, outPath, rowCount, maxBytes: limits.maxBytes }
    await writeRows(stream, target, deadline.signal)
    return rowCount
  } finally {
    clearTimeout(timer)
  }
}

/** Ends the work when the process grows far over what DuckDB counts itself: not every allocation is. */
function watchMemory(request: QueryRequest): void {
  const maxBytes = (request.limits.memoryMb * 1.5 + 512) * 2 ** 20
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
