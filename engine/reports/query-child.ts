/** The process that runs one report's query. Started by `runReport` with nothing but its request. */
import { type ErrorCode, type ErrorDetails, JobsdError } from '../core/errors.ts'
import type { Column, ReportFormat } from '../core/manifest.ts'
import type { FileFormat } from '../core/report-file.ts'
import type { ReportOverview } from '../core/report-overview.ts'
import { findDrift } from './columns.ts'
import type { ReportHead } from './formats/head.ts'
import { findNeeds, wantsTotals } from './needs.ts'
import type { OutcomeMap } from './outcome-map.ts'
import type { ParameterValue } from './parameters.ts'
import { openSealed } from './query-check.ts'
import { describeFailure, outOfMemory, type QueryLimits, queryTimeout } from './query-failure.ts'
import { type OverviewRequest, readOverview } from './read-overview.ts'
import { answerParent, readRequest } from './serve-parent.ts'
import { readTotals, storeResult } from './stored-result.ts'
import { copyTenant, type TenantCopy } from './tenant-copy.ts'
import { writeParquet } from './write-parquet.ts'
import { writeRows } from './write-rows.ts'

export interface QueryRequest {
  /** `<category>/<name>`, for errors. */
  report: string
  title: string
  sql: string
  /** The query of the Total row. */
  totalsSql: string | null
  columns: Column[]
  /** Never a database: its rows were fetched by the parent. */
  dataset: TenantCopy['dataset']
  tenant: { client: string; callCenters: string[] | null }
  /** Null leaves the custom outcomes as they are in the data. */
  outcomes: OutcomeMap | null
  parameters: Record<string, ParameterValue>
  timezone: string
  locale: string
  head: ReportHead | null
  /** Null where no mail shows the report. */
  overview: Pick<OverviewRequest, 'mail' | 'chartSql' | 'previous'> | null
  format: FileFormat
  gzip: boolean
  layout: ReportFormat | null
  outPath: string
  /** `timeoutMs` is at most what a timer takes. */
  limits: QueryLimits
}

export type QueryAnswer =
  | { ok: true; rows: number; overview: ReportOverview | null }
  | { ok: false; code: ErrorCode; details: ErrorDetails }

const databasePath = 'tenant.duckdb'

async function runQuery(request: QueryRequest): Promise<{ rows: number; overview: ReportOverview | null }> {
  const { report, limits, columns } = request
  const settings = {
    temp_directory: 'spill',
    max_temp_directory_size: `${limits.maxTempBytes}B`,
    memory_limit: `${limits.memoryMb}MB`,
    threads: String(limits.threads),
  }
  const { totalsSql, dataset, tenant, outcomes } = request
  const { tables, columns: needed } = await findNeeds(request)
  const describe = (error: unknown, table: string) =>
    describeFailure(error, report, limits, `table ${table}: `)
  await copyTenant({ dataset, tenant, tables, columns: needed, outcomes, databasePath, settings, describe })
  const { format, outPath } = request
  const written = format === 'parquet' ? outPath : undefined
  const { connection } = await openSealed(databasePath, { ...settings, access_mode: 'READ_ONLY' }, written)
  const deadline = new AbortController()
  // `performance.now()` counts from the start of this process: the copy took its part of the time.
  const leftMs = Math.max(0, limits.timeoutMs - performance.now())
  const timer = setTimeout(() => {
    deadline.abort(queryTimeout(report, limits))
    connection.interrupt()
  }, leftMs)
  try {
    const { parameters } = request
    const { maxBytes } = limits
    // Before the rows: a second query would end their stream.
    const totals = wantsTotals(request)
      ? await readTotals(connection, { report, sql: totalsSql!, parameters, columns })
      : null
    const { stream, rowCount } = await storeResult(connection, request)
    // Not of the statement: its columns are unknown while a parameter's type is.
    const drift = findDrift(stream, columns)
    if (drift !== undefined) throw new JobsdError('REPORT_DRIFT', { report, ...drift })
    if (format === 'parquet') await writeParquet(connection, { report, columns, outPath, maxBytes })
    else await writeRows(stream, { ...request, format, rowCount, totals, maxBytes }, deadline.signal)
    if (request.overview === null) return { rows: rowCount, overview: null }
    const leftMs = limits.timeoutMs - performance.now()
    const counted = { rowCount, totals, leftMs }
    const overview = await readOverview(connection, { ...request, ...request.overview }, counted)
    return { rows: rowCount, overview }
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
  answerParent({ ok: true, ...(await runQuery(request)) } satisfies QueryAnswer)
} catch (error) {
  answerError(describeFailure(error, request.report, request.limits))
}
