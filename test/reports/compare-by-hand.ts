/** Renders the standard reports of some categories and compares them with what was computed by hand. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Test } from 'tap'
import { runReport } from '../../engine/reports/run-report.ts'
import '../fakes/clean-children.ts'
import {
  type ReportCase,
  reportCases,
  requestOf,
  type StandardReport,
  standardReports,
} from './report-cases.ts'
import { openTenant, totalLine } from './total-line.ts'

const tenants = new Map<string, Promise<DuckDBConnection>>()
let files = 0

/** The lines of csv that the report gives, without the header. */
async function linesOf(folder: string, report: StandardReport, wanted: ReportCase): Promise<string> {
  files += 1
  const outPath = join(folder, `${files}.csv`)
  const definition = { ...report.definition, sql: report.query }
  const request = { ...requestOf(wanted), definition, format: 'csv' as const, outPath, workFolder: folder }
  await runReport(request, new AbortController().signal)
  const text = readFileSync(outPath, 'utf8')
  const header = `${definition.columns.map(({ title }) => title).join(',')}\n`
  if (!text.startsWith(header)) throw new Error(`${report.id} has the header ${text.split('\n')[0]}`)
  return text.slice(header.length)
}

async function totalOf(report: StandardReport, wanted: ReportCase): Promise<string> {
  const request = requestOf(wanted)
  const tenant = tenants.get(wanted.scope) ?? openTenant(request)
  tenants.set(wanted.scope, tenant)
  return totalLine(await tenant, report, request)
}

/** One subtest for each report of the categories. Each category is rendered by one test file: a process a report takes time. */
export async function compareByHand(t: Test, categories: string[]): Promise<void> {
  const folder = t.testdir({})
  for (const report of standardReports()) {
    if (!categories.includes(report.definition.category)) continue
    t.test(report.id, async (t) => {
      const { cases } = reportCases(report.id)
      t.ok(cases.some(({ scope }) => scope === 'client') && cases.some(({ scope }) => scope !== 'client'))
      for (const wanted of cases) {
        const title = [wanted.scope, wanted.period ?? 'day', wanted.campaign].filter(Boolean).join(', ')
        t.equal(await linesOf(folder, report, wanted), wanted.rows, `${title}: rows`)
        t.equal(await totalOf(report, wanted), wanted.total, `${title}: total`)
      }
    })
  }
  t.teardown(async () => {
    for (const connection of tenants.values()) (await connection).closeSync()
  })
}
