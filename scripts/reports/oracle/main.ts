/**
 * Computes the standard reports a second time, in plain code from their descriptions, and compares every cell with
 * what the reports write. `npm run reports:oracle -- [--seed 1] [--scale 0.02] [--only agent/] [--case TEXT]`; exits with 1
 * where they differ.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseOptions } from '../../parse-options.ts'
import { type StandardReport, standardReports } from '../standard-reports.ts'
import { type Case, casesOf, tenants } from './cases.ts'
import { compareReport } from './compare.ts'
import { readOracleData, writeOracleData } from './data.ts'
import { renderApart, renderHere } from './render.ts'
import type { Tables } from './tables.ts'

const { values } = parseOptions(import.meta.filename, {
  options: {
    seed: { type: 'string', default: '1' },
    scale: { type: 'string', default: '0.02' },
    only: { type: 'string', default: '' },
    case: { type: 'string', default: '' },
  },
})
const shownDifferences = 3
const folder = mkdtempSync(join(tmpdir(), 'jobsd-oracle-'))
const began = performance.now()
const folders = { data: join(folder, 'data'), work: join(folder, 'work') }
const here = renderHere(folders)
const apart = renderApart(folders)
const sums = { renders: 0, apart: 0, rows: 0, cells: 0, differences: 0 }

/** Where differences are few the first ones say enough. */
function tell({ tenant, callCenter, name }: Case, differences: string[]): void {
  if (differences.length === 0) return
  console.log(`  ${tenant.client} ${tenant.dayCutOff}, ${callCenter ?? 'client'}, ${name}:`)
  for (const difference of differences.slice(0, shownDifferences)) console.log(`    ${difference}`)
}

async function compareAll(report: StandardReport, cases: Case[], tables: Tables): Promise<void> {
  const before = { ...sums }
  for (const each of cases) {
    // A process of its own for one case of each scope is enough to see that nothing is lost on that way.
    const isApart = each.name === 'a day of a clock change'
    for (const render of isApart ? [here.render, apart] : [here.render]) {
      const { rows, cells, differences } = await compareReport(report, each, tables, render)
      sums.renders += 2
      sums.apart += render === apart ? 2 : 0
      sums.rows += rows
      sums.cells += cells
      sums.differences += differences.length
      tell(each, differences)
    }
  }
  const own = (name: keyof typeof sums) => sums[name] - before[name]
  console.log(`${report.id}: ${own('rows')} rows, ${own('cells')} cells, ${own('differences')} differences`)
}

try {
  mkdirSync(folders.work)
  await writeOracleData(folders.data, { seed: Number(values.seed), scale: Number(values.scale) })
  const tables = await readOracleData(folders.data)
  console.log(
    Object.entries(tables)
      .map(([name, list]) => `${list.length} ${name}`)
      .join(', '),
  )
  const cases = tenants
    .flatMap((tenant) => casesOf(tenant, tables))
    .filter(({ name }) => name.includes(values.case))
  const reports = standardReports().filter(({ id }) => id.startsWith(values.only))
  for (const report of reports) {
    // No other report looks at the campaign.
    const isCampaign = report.definition.category === 'campaign'
    const own = cases.filter(({ run }) => isCampaign || run.campaignId === null)
    await compareAll(report, own, tables)
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  console.log(
    `${reports.length} reports, ${cases.length} scopes and periods, ${sums.renders} queries, ${sums.apart} of them in a process each: ${sums.rows} rows, ${sums.cells} cells compared, ${sums.differences} differences, ${seconds} s`,
  )
  process.exitCode = sums.differences === 0 && sums.cells > 0 ? 0 : 1
} finally {
  here.close()
  rmSync(folder, { recursive: true, force: true })
}
