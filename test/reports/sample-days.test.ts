import { join } from 'node:path'
import t from 'tap'
import type { Column } from '../../engine/core/manifest.ts'
import type { ReportRequest } from '../../engine/reports/run-report.ts'
import { writeSampleData } from '../../scripts/demo/sample-data.ts'
import { type StandardReport, standardReports } from './report-cases.ts'
import { type Json, openTenant, rowsOf } from './total-line.ts'

const folder = t.testdir({ data: {} })
const reports = standardReports()
const dataset: ReportRequest['dataset'] = {
  apiVersion: 'jobsd/v1',
  kind: 'Connection',
  type: 'dataset',
  name: 'sample',
  format: 'parquet',
  path: join(folder, 'data'),
}

// The statistical day of 25 hours that ends a month.
const params: ReportRequest['params'] = {
  client: 'acme',
  timezone: 'America/Chicago',
  day_cut_off: '04:00',
  period_start: '2026-10-31T09:00:00Z',
  period_end: '2026-11-01T10:00:00Z',
  campaign_id: null,
}

/** Numbers whose total is no sum of the rows. */
const notSummed = [
  'longest_wait',
  'max_lines',
  'unique_agents',
  'peak_concurrent',
  'agents',
  'retention_days',
  'free_days',
  'increment_s',
  'rate',
  'cost_per_hour',
]

function isSummed({ name, type }: Column): boolean {
  return (type === 'integer' || type === 'money') && !notSummed.includes(name)
}

/** Money in ten-thousandths, so that no sum is rounded. */
function sum(rows: Json[][], at: number): number {
  return rows.reduce((total, row) => total + Math.round(Number(row[at] ?? 0) * 10_000), 0)
}

const tenant = (callCenter?: string) => ({
  dataset,
  tenant: { client: 'acme', callCenters: callCenter ? [callCenter] : null },
})

t.before(() =>
  writeSampleData({ folder: join(folder, 'data'), seed: 7, lastDay: '2026-11-02', days: 4, scale: 0.1 }),
)

t.test('the total of each number that can be summed is the sum of the rows', async (t) => {
  const connection = await openTenant(tenant())
  for (const report of reports) {
    const rows = await rowsOf(connection, report, report.query, params)
    const totals = await rowsOf(connection, report, report.totals, params)
    t.ok(rows.length > 0, report.id)
    t.equal(totals.length, 1, report.id)
    for (const [at, column] of report.definition.columns.entries()) {
      if (isSummed(column)) t.equal(sum(totals, at), sum(rows, at), `${report.id}: ${column.title}`)
    }
  }
  connection.closeSync()
})

t.test('the call centers add up to the client', async (t) => {
  const [client, dallas, tampa] = await Promise.all([
    openTenant(tenant()),
    openTenant(tenant('dallas')),
    openTenant(tenant('tampa')),
  ])
  const totalsOf = async (report: StandardReport) => {
    const totals = []
    for (const connection of [client, dallas, tampa])
      totals.push(await rowsOf(connection, report, report.totals, params))
    return totals
  }
  for (const report of reports) {
    const [all, ...parts] = await totalsOf(report)
    for (const [at, column] of report.definition.columns.entries()) {
      if (!isSummed(column)) continue
      const added = parts.reduce((total, rows) => total + sum(rows, at), 0)
      t.equal(added, sum(all!, at), `${report.id}: ${column.title}`)
    }
  }
  for (const connection of [client, dallas, tampa]) connection.closeSync()
})

t.test('the rows come in the same order, however the data lies', async (t) => {
  const [up, down] = await Promise.all([openTenant(tenant(), 'ASC'), openTenant(tenant(), 'DESC')])
  for (const report of reports) {
    const [first, second] = await Promise.all(
      [up, down].map((connection) => rowsOf(connection, report, report.query, params)),
    )
    t.same(second, first, report.id)
  }
  up.closeSync()
  down.closeSync()
})

t.test('a period without anything has no rows, zeros as sums, and no percentage or average', async (t) => {
  const connection = await openTenant(tenant())
  const empty = { ...params, period_start: '2020-01-01T06:00:00Z', period_end: '2020-01-02T06:00:00Z' }
  for (const report of reports) {
    t.same(await rowsOf(connection, report, report.query, empty), [], report.id)
    const [total = []] = await rowsOf(connection, report, report.totals, empty)
    for (const [at, column] of report.definition.columns.entries()) {
      const { type, title } = column
      if (isSummed(column)) t.equal(Number(total[at]), 0, `${report.id}: ${title}`)
      if (type === 'percent') t.equal(total[at], null, `${report.id}: ${title}`)
    }
  }
  connection.closeSync()
})
