/** Runs a report's query on one tenant's rows, in a process that sees nothing else: see docs/dataset.md. */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseTables } from '../core/contracts/database-tables.ts'
import { JobsdError } from '../core/errors.ts'
import type { DatasetConnection, PostgresDatasetConnection, ReportFormat } from '../core/manifest.ts'
import type { ReportDefinition } from '../core/model.ts'
import type { FileFormat } from '../core/report-file.ts'
import type { ReportOverview } from '../core/report-overview.ts'
import { toStorageError } from '../core/storage-error.ts'
import { fetchRows } from './fetch-rows.ts'
import type { ReportHead } from './formats/head.ts'
import type { QuerySet } from './needs.ts'
import type { OutcomeMap } from './outcome-map.ts'
import type { ParameterValue } from './parameters.ts'
import type { QueryAnswer, QueryRequest } from './query-child.ts'
import type { QueryLimits } from './query-failure.ts'
import type { OverviewRequest } from './read-overview.ts'
import { type ChildEnd, longestTimerMs, runChild } from './run-child.ts'

export interface ReportRequest {
  definition: ReportDefinition
  dataset: DatasetConnection
  /** Opens a dataset that is a database; asked only for one, and then it must be there. */
  database?: (dataset: PostgresDatasetConnection) => DatabaseTables
  /** Of each table of a database. Absent is all. */
  maxRows?: number
  /** Whose rows: the value of the data's `client` column; null is every call center of it. */
  tenant: { client: string; callCenters: string[] | null }
  /**
   * The query's named parameters; `client` is always there. `period_start` and `period_end` (exclusive) are
   * RFC 3339 instants and reach the query as TIMESTAMP in UTC.
   */
  params: Record<string, ParameterValue>
  /** The zone that timestamps are written in. */
  timezone: string
  /** How people's formats write numbers and dates. Default en. */
  locale?: string
  format: FileFormat
  /** Of csv, txt, fixed and json. */
  gzip?: boolean
  /** Of csv, txt and fixed; absent is every column as it is. */
  layout?: ReportFormat
  /** The header block of people's formats; absent is none. */
  head?: ReportHead
  /** Given where a mail shows the report; `previous` is the period that its figures are compared with. */
  overview?: Pick<OverviewRequest, 'previous'>
  /** What takes the place of the data's custom outcomes. */
  outcomes?: OutcomeMap
  /** Written anew; absent after an error. */
  outPath: string
  /** Must exist. A folder of its own is made in it and removed again. */
  workFolder: string
  /** Those that differ from `defaultLimits`. */
  limits?: Partial<QueryLimits>
}

export interface Rendered {
  rows: number
  /** Null unless it was asked for. */
  overview: ReportOverview | null
}

const defaultLimits: QueryLimits = {
  timeoutMs: 600_000,
  memoryMb: 512,
  threads: 2,
  maxBytes: 2 ** 30,
  maxTempBytes: 4 * 2 ** 30,
}
const graceMs = 2000

/**
 * Renders the report into `outPath` and returns its number of rows, and what a mail shows of it. Rejects with the signal's reason once the
 * process is gone. Throws REPORT_FAILED, REPORT_DRIFT, DATASET_MISSING, STEP_TIMEOUT, STORAGE_FAILED, and for a database
 * what `DatabaseTables.copy` throws.
 */
export async function runReport(request: ReportRequest, signal: AbortSignal): Promise<Rendered> {
  const { definition, tenant } = request
  const report = `${definition.category}/${definition.name}`
  const limits = { ...defaultLimits, ...request.limits }
  limits.timeoutMs = Math.min(limits.timeoutMs, longestTimerMs)
  const folder = await mkdtemp(join(request.workFolder, 'report-')).catch((error: unknown) => {
    throw toStorageError(error)
  })
  const queries = {
    report,
    sql: definition.sql,
    totalsSql: definition.totalsSql ?? null,
    format: request.format,
    overview: request.overview
      ? { ...request.overview, mail: definition.mail ?? null, chartSql: definition.chartSql ?? null }
      : null,
  }
  const begunMs = performance.now()
  try {
    const dataset = await openFiles(request, queries, { folder, limits }, signal)
    const leftMs = Math.max(1, Math.floor(limits.timeoutMs - (performance.now() - begunMs)))
    const end = await runChild({
      script: new URL('./query-child.ts', import.meta.url),
      nodeFlags: ['--max-old-space-size=256'],
      request: {
        ...queries,
        title: definition.title,
        columns: definition.columns,
        dataset,
        tenant,
        parameters: { ...request.params, client: tenant.client },
        outcomes: request.outcomes ?? null,
        timezone: request.timezone,
        locale: request.locale ?? 'en',
        head: request.head ?? null,
        gzip: request.gzip ?? false,
        layout: request.layout ?? null,
        outPath: request.outPath,
        limits: { ...limits, timeoutMs: leftMs },
      } satisfies QueryRequest,
      cwd: folder,
      timeoutMs: leftMs + graceMs,
      maxBytes: 2 ** 20,
      signal,
    })
    return readAnswer(end, report, limits.timeoutMs)
  } catch (error) {
    await rm(request.outPath, { force: true })
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The dataset as files: what is in a database is fetched, within the report's time. */
async function openFiles(
  { dataset, database, tenant, outcomes, maxRows }: ReportRequest,
  queries: QuerySet,
  { folder, limits }: { folder: string; limits: QueryLimits },
  signal: AbortSignal,
): Promise<QueryRequest['dataset']> {
  const { name } = dataset
  if (dataset.format !== 'postgres') return { name, format: dataset.format, path: dataset.path }
  if (!database) throw new Error(`nobody can open the database of ${name} here`)
  const late = AbortSignal.timeout(limits.timeoutMs)
  const task = {
    needs: { ...queries, hasOutcomes: outcomes !== undefined },
    name,
    database: database(dataset),
    tenant,
    ...(maxRows !== undefined && { maxRows }),
    maxBytes: limits.maxTempBytes,
    folder,
  }
  try {
    return await fetchRows(task, AbortSignal.any([signal, late]))
  } catch (error) {
    if (error !== late.reason) throw error
    throw new JobsdError('STEP_TIMEOUT', { step: queries.report, timeoutMs: limits.timeoutMs })
  }
}

function readAnswer(end: ChildEnd, report: string, timeoutMs: number): Rendered {
  if (end.kind === 'timeout') throw new JobsdError('STEP_TIMEOUT', { step: report, timeoutMs })
  if (end.kind !== 'answer') {
    const reason = end.kind === 'crashed' ? `the query process ended by ${end.how}` : 'the answer is too long'
    throw new JobsdError('REPORT_FAILED', { report, reason })
  }
  const answer = end.value as QueryAnswer
  // Of its own part of the time the process knows nothing else.
  if (!answer.ok && answer.code === 'STEP_TIMEOUT')
    throw new JobsdError(answer.code, { ...answer.details, timeoutMs })
  if (!answer.ok) throw new JobsdError(answer.code, answer.details)
  return { rows: answer.rows, overview: answer.overview }
}
