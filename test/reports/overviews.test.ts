import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { ReportOverview } from '../../engine/core/report-overview.ts'
import { runReport } from '../../engine/reports/run-report.ts'
import '../fakes/clean-children.ts'
import { requestOf, type StandardReport, standardReports } from './report-cases.ts'

const reports = standardReports()
const folder = t.testdir({})
// October 31 with the cut-off at 04:00 is the day before the one that the cases are about.
const day = requestOf({ scope: 'client' })
const before = { label: '30 Oct', start: '2026-10-30T09:00:00Z', end: '2026-10-31T09:00:00Z' }

async function overviewOf(
  { id, definition, query, totals }: StandardReport,
  edits: {
    chartSql?: string
    totalsSql?: string
    previous?: typeof before | null
    format?: 'csv' | 'html'
  } = {},
): Promise<ReportOverview | null> {
  const chart = join(import.meta.dirname, '../../templates/reports', id, 'chart.sql')
  const { previous = before, format = 'csv', ...queries } = edits
  const request = {
    ...day,
    definition: {
      ...definition,
      ...{ sql: query, totalsSql: totals },
      ...(existsSync(chart) && { chartSql: readFileSync(chart, 'utf8') }),
      ...queries,
    },
    ...{ format, overview: { previous }, outPath: join(folder, `report.${format}`), workFolder: folder },
  }
  return (await runReport(request, new AbortController().signal)).overview
}

const named = (id: string) => reports.find((report) => report.id === id)!

for (const report of reports) {
  t.test(`a mail shows of ${report.id} its figures, first rows and chart`, async (t) => {
    const { mail } = report.definition
    const overview = await overviewOf(report)
    t.same(
      overview?.figures.map(({ label }) => label),
      mail?.summary?.map(({ label }) => label),
    )
    t.ok(
      overview?.figures.some(({ change }) => change !== null),
      'one of them could be compared',
    )
    t.equal(overview?.columns.length, mail?.columns?.length)
    t.ok(overview?.rows.length)
    t.equal(overview?.chart === null, mail?.chart === undefined)
    t.ok(!overview?.chart || overview.chart.alt.length > mail!.chart!.title.length + 2)
    t.ok(!overview?.chart?.series.some(({ values }) => values.every((value) => value === null)))
  })
}

t.test('the figures are those of the Total row, whatever the format', async (t) => {
  const report = named('inbound/inbound-efficiency')
  const overview = await overviewOf(report)
  t.same(await overviewOf(report, { format: 'html' }), overview)
  const again = await overviewOf(report)
  t.same(again, overview, 'the same data gives the same overview')
})

t.test('what fails over the period before leaves only its figures out', async (t) => {
  const report = named('call/call-detail')
  // More than one row, which a Total row may not be, but only before October 31.
  const failing = `${report.totals.trimEnd().replace(/;$/, '')}\nUNION ALL SELECT * REPLACE ('again' AS call_id) FROM (${report.totals}\n) WHERE $period_start < TIMESTAMP '2026-10-31'`
  const overview = await overviewOf(report, { totalsSql: failing })
  t.equal(overview?.previous, '30 Oct')
  t.ok(overview?.figures.length)
  t.ok(overview?.figures.every(({ change, value }) => change === null && value !== '–'))
  const none = await overviewOf(report, { previous: null })
  t.equal(none?.previous, null)
})

t.test('a chart’s query reads the report’s rows and nothing else, and keeps to its columns', async (t) => {
  const report = named('call/call-detail')
  const reject = async (chartSql: string, wanted: object) =>
    t.match(await overviewOf(report, { chartSql }).catch((error: unknown) => error), wanted, chartSql)
  await reject("SELECT '1' AS time, count(*) AS calls FROM calls", {
    code: 'REPORT_FAILED',
    message: /it reads calls; it may only read result/,
  })
  await reject("SELECT '1' AS time, count(*) AS calls FROM read_csv('/etc/passwd')", {
    code: 'REPORT_FAILED',
  })
  await reject("SELECT '1' AS time, 2 AS calls; SELECT 1", { code: 'REPORT_FAILED' })
  await reject("SELECT '1' AS time, 2 AS number FROM result", { code: 'REPORT_DRIFT' })
  await reject('SELECT 1 AS time, 2 AS calls FROM result', { code: 'REPORT_DRIFT' })
})
