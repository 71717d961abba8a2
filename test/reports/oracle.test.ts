import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import '../fakes/clean-children.ts'
import { type Case, casesOf, tenants } from '../../scripts/reports/oracle/cases.ts'
import { readCsv } from '../../scripts/reports/oracle/cells.ts'
import { firstMoment, hourOf, statisticalDays, withOffset } from '../../scripts/reports/oracle/clock.ts'
import { compareReport, oracles } from '../../scripts/reports/oracle/compare.ts'
import { readOracleData, writeOracleData } from '../../scripts/reports/oracle/data.ts'
import { formatExact, ratio } from '../../scripts/reports/oracle/exact.ts'
import { type Render, renderApart, renderHere } from '../../scripts/reports/oracle/render.ts'
import type { Tables } from '../../scripts/reports/oracle/tables.ts'
import { standardReports } from '../../scripts/reports/standard-reports.ts'

const folder = t.testdir({ work: {} })
const folders = { data: join(folder, 'data'), work: join(folder, 'work') }
const here = renderHere(folders)
const reports = standardReports()
let tables: Tables
let cases: Case[]

t.before(async () => {
  mkdirSync(folders.data)
  await writeOracleData(folders.data, { seed: 3, scale: 0.003 })
  tables = await readOracleData(folders.data)
  cases = tenants.flatMap((tenant) => casesOf(tenant, tables))
})
t.teardown(() => here.close())

function casesNamed(name: string): Case[] {
  const found = cases.filter((each) => each.name.startsWith(name))
  // The client and its first call center.
  return found.filter(({ callCenter, tenant }) => callCenter === null || callCenter === tenant.callCenters[0])
}

async function compareAll(report: (typeof reports)[number], wanted: Case[], render: Render) {
  const sums = { rows: 0, differences: [] as string[] }
  for (const each of wanted) {
    const { rows, differences } = await compareReport(report, each, tables, render)
    sums.rows += rows
    sums.differences.push(...differences.map((text) => `${each.tenant.client}, ${each.name}: ${text}`))
  }
  return sums
}

t.test('each report gives what plain code computes from its description', async (t) => {
  t.same(Object.keys(oracles).sort(), reports.map(({ id }) => id).sort())
  const days = [...casesNamed('a day of a clock change'), ...casesNamed('October').slice(0, 1)]
  t.equal(days.length, 8)
  for (const report of reports) {
    const { rows, differences } = await compareAll(report, days, here.render)
    t.ok(rows > 0, report.id)
    t.same(differences, [], report.id)
  }
})

t.test('a run at the end of a campaign gives what plain code computes', async (t) => {
  const campaigns = casesNamed('the campaign').filter((_, at) => at % 3 === 0)
  t.ok(campaigns.length > 3)
  for (const report of reports.filter(({ definition }) => definition.category === 'campaign')) {
    const { rows, differences } = await compareAll(report, campaigns, here.render)
    t.ok(rows > 0, report.id)
    t.same(differences, [], report.id)
  }
})

t.test('a report in its own process gives the same', async (t) => {
  const report = reports.find(({ id }) => id === 'inbound/inbound-efficiency')!
  const { rows, differences } = await compareAll(
    report,
    casesNamed('October').slice(0, 1),
    renderApart(folders),
  )
  t.ok(rows > 0)
  t.same(differences, [])
})

t.test('a wrong cell, a row too few and a query of the wrong period are differences', async (t) => {
  const report = reports.find(({ id }) => id === 'call/call-detail')!
  const [day] = casesNamed('a day of a clock change')
  const countWith = async (render: Render) => (await compareAll(report, [day!], render)).differences.length
  const change = (edit: (text: string) => string): Render => {
    return async (definition, sql, of) => edit(await here.render(definition, sql, of))
  }
  t.equal(await countWith(here.render), 0)
  // The total names no call.
  t.equal(await countWith(change((text) => text.replace(',outbound,', ',inbound,'))), 1)
  t.equal(await countWith(change((text) => text.replace(/\n[^\n]*\n$/, '\n'))), 2)
  const late: Render = (definition, sql, of) => {
    const { from, until } = of.run.period
    return here.render(definition, sql, {
      ...of,
      run: { ...of.run, period: { from: from + 43_200, until } },
    })
  }
  t.ok((await countWith(late)) > 0)
})

t.test('the plain code has its own clock', (t) => {
  const at = (text: string) => Date.parse(text) / 1000
  const lordHowe = 'Australia/Lord_Howe'
  t.equal(withOffset(lordHowe, at('2026-04-04T15:15:00Z')), '2026-04-05T01:45:00+10:30')
  t.equal(hourOf('America/Chicago', at('2026-11-01T07:10:09Z')), at('2026-11-01T07:00:00Z'))
  // Skipped and repeated wall times.
  t.equal(firstMoment('Europe/Berlin', '2026-03-29', '02:30'), at('2026-03-29T01:00:00Z'))
  t.equal(firstMoment('Europe/Berlin', '2026-10-25', '02:30'), at('2026-10-25T00:30:00Z'))
  const day = { from: at('2026-10-31T19:00:00Z'), until: at('2026-11-01T20:00:00Z') }
  t.same(statisticalDays('America/Chicago', '14:00', day), [{ ...day, date: '2026-11-01' }])
  t.end()
})

t.test('the plain code rounds exactly, half away from zero', (t) => {
  t.equal(formatExact(ratio(1005, 1000)!, 2), '1.01')
  t.equal(formatExact(ratio(-5, 1000)!, 2), '-0.01')
  t.equal(formatExact(ratio(1, 3)!, 4), '0.3333')
  t.equal(ratio(1, 0), null)
  t.same(readCsv('a,"b ""x"", y"\n,\n'), [
    ['a', 'b "x", y'],
    ['', ''],
  ])
  t.throws(() => readCsv('a,b'), /no csv/)
  t.end()
})
