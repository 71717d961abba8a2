/** Runs a report's query on one tenant's rows, in a process that sees nothing else: see docs/dataset.md. */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { JobsdError } from '../core/errors.ts'
import type { DatasetConnection, ReportFormat } from '../core/manifest.ts'
import type { ReportDefinition } from '../core/model.ts'
import type { FileFormat } from '../core/report-file.ts'
import type { ReportOverview } from '../core/report-overview.ts'
import { toStorageError } from '../core/storage-error.ts'
import type { ReportHead } from './formats/head.ts'
import type { OutcomeMap } from './outcome-map.ts'
import type { ParameterValue } from './parameters.ts'
import type { QueryAnswer, QueryRequest } from './query-child.ts'
import type { QueryLimits } from './query-failure.ts'
import type { OverviewRequest } from './read-overview.ts'
import { type ChildEnd, longestTimerMs, runChild } from './run-child.ts'

export interface ReportRequest {
  definition: ReportDefinition
  dataset: DatasetConnection
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
 * process is gone. Throws REPORT_FAILED, REPORT_DRIFT, DATASET_MISSING, STEP_TIMEOUT, STORAGE_FAILED.
 */
export async function runReport(request: ReportRequest, signal: AbortSignal): Promise<Rendered> {
  const { definition, dataset, tenant } = request
  const report = `${definition.category}/${definition.name}`
  const limits = { ...defaultLimits, ...request.limits }
  limits.timeoutMs = Math.min(limits.timeoutMs, longestTimerMs)
  const folder = await mkdtemp(join(request.workFolder, 'report-')).catch((error: unknown) => {
    throw toStorageError(error)
  })
  try {
    const end = await runChild({
      script: new URL('./query-child.ts', import.meta.url),
      nodeFlags: ['--max-old-space-size=256'],
      request: {
        report,
        title: definition.title,
        sql: definition.sql,
        totalsSql: definition.totalsSql ?? null,
        columns: definition.columns,
        dataset: { name: dataset.name, format: dataset.format, path: dataset.path },
        tenant,
        parameters: { ...request.params, client: tenant.client },
        outcomes: request.outcomes ?? null,
        timezone: request.timezone,
        locale: request.locale ?? 'en',
        head: request.head ?? null,
        overview: request.overview
          ? { ...request.overview, mail: definition.mail ?? null, chartSql: definition.chartSql ?? null }
          : null,
        format: request.format,
        gzip: request.gzip ?? false,
        layout: request.layout ?? null,
        outPath: request.outPath,
        limits,
      } satisfies QueryRequest,
      cwd: folder,
      timeoutMs: limits.timeoutMs + graceMs,
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

function readAnswer(end: ChildEnd, report: string, timeoutMs: number): Rendered {
  if (end.kind === 'timeout') throw new JobsdError('STEP_TIMEOUT', { step: report, timeoutMs })
  if (end.kind !== 'answer') {
    const reason = end.kind === 'crashed' ? `the query process ended by ${end.how}` : 'the answer is too long'
    throw new JobsdError('REPORT_FAILED', { report, reason })
  }
  const answer = end.value as QueryAnswer
  if (!answer.ok) throw new JobsdError(answer.code, answer.details)
  return { rows: answer.rows, overview: answer.overview }
}
