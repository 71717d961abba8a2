/** Reads what a mail shows of a report, in the process that has just written its file. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { JobsdError } from '../core/errors.ts'
import type { Column, ReportMail } from '../core/manifest.ts'
import type { ReportOverview } from '../core/report-overview.ts'
import type { Cell } from './formats/cell.ts'
import { buildOverview, type Counted, chartPoints, shownRows } from './overview.ts'
import type { ParameterValue } from './parameters.ts'
import { checkQuery } from './query-check.ts'
import { countRows, readChartRows, readTotals } from './stored-result.ts'

export interface OverviewRequest {
  report: string
  title: string
  columns: Column[]
  mail: ReportMail | null
  sql: string
  totalsSql: string | null
  chartSql: string | null
  parameters: Record<string, ParameterValue>
  locale: string
  timezone: string
  /** The period before and its label; null where the report's has none. */
  previous: { label: string; start: string; end: string } | null
}

/**
 * Throws REPORT_FAILED and REPORT_DRIFT for a chart.sql that is not what the definition says, and what DuckDB
 * throws. What fails over the period before leaves only its figures out; it takes at most half of `leftMs`.
 */
export async function readOverview(
  connection: DuckDBConnection,
  request: OverviewRequest,
  { rowCount, totals, leftMs }: Counted & { leftMs: number },
): Promise<ReportOverview> {
  const { title, columns, mail, previous, locale, timezone } = request
  const first = await connection.run(`SELECT * FROM result LIMIT ${shownRows}`)
  const rows = (await first.getRows()) as Cell[][]
  const chartRows = await readChart(connection, request)
  const counted = previous && mail?.summary ? await countBefore(connection, request, leftMs / 2) : null
  return buildOverview({
    report: { title, columns, ...(mail && { mail }) },
    rows,
    rowCount,
    totals,
    previous: previous && { label: previous.label, counted },
    chartRows,
    locale,
    timezone,
  })
}

async function readChart(
  connection: DuckDBConnection,
  { report, mail, chartSql, parameters }: OverviewRequest,
): Promise<Cell[][] | null> {
  if (!mail?.chart || chartSql === null) return null
  const where = `${report} (chart.sql)`
  const [table] = await checkQuery(where, chartSql)
  if (table !== undefined) {
    throw new JobsdError('REPORT_FAILED', {
      report: where,
      reason: `it reads ${table}; it may only read result, the rows of query.sql`,
    })
  }
  const { columns } = mail.chart
  const query = { report: where, sql: chartSql, parameters, columns, most: chartPoints }
  return await readChartRows(connection, query)
}

/** Null where it could not be counted: nobody goes without today's report for yesterday's figures. */
async function countBefore(
  connection: DuckDBConnection,
  request: OverviewRequest,
  timeoutMs: number,
): Promise<Counted | null> {
  const { report, sql, totalsSql, columns, previous, mail } = request
  const parameters = { ...request.parameters, period_start: previous!.start, period_end: previous!.end }
  const timer = setTimeout(() => connection.interrupt(), Math.max(0, timeoutMs))
  try {
    const wantsRows = mail?.summary?.some(({ column }) => column === undefined)
    const totals =
      totalsSql === null
        ? null
        : await readTotals(connection, {
            report,
            sql: totalsSql,
            parameters,
            columns,
            table: 'totals_before',
          })
    const rowCount = wantsRows ? await countRows(connection, { report, sql, parameters }) : 0
    return { rowCount, totals }
  } catch {
    return null
  } finally {
    clearTimeout(timer)
  }
}
