/** One report of one case: what the oracle computes against what the report writes. */

import type { StandardReport } from '../standard-reports.ts'
import * as agent from './agent.ts'
import * as billing from './billing.ts'
import * as calls from './calls.ts'
import * as campaign from './campaign.ts'
import type { Case } from './cases.ts'
import { cellText, readCsv } from './cells.ts'
import * as inbound from './inbound.ts'
import type { Render } from './render.ts'
import { ofTenant, type Tables } from './tables.ts'
import type { Cell, Oracle } from './words.ts'

export const oracles: Record<string, Oracle> = {
  'agent/agent-login-logoff': agent.agentLoginLogoff,
  'agent/agent-state-detail': agent.agentStateDetail,
  'agent/agent-summary': agent.agentSummary,
  'agent/agent-termination-codes': agent.agentTerminationCodes,
  'billing/agent-seats': billing.agentSeats,
  'billing/billed-call-detail': billing.billedCallDetail,
  'billing/recording-storage': billing.recordingStorage,
  'billing/usage-summary': billing.usageSummary,
  'call/account-phone-lookup': calls.accountPhoneLookup,
  'call/call-detail': calls.callDetail,
  'call/failed-operator': calls.failedOperator,
  'call/result-summary': calls.resultSummary,
  'campaign/campaign-disposition': campaign.campaignDisposition,
  'campaign/campaign-line-summary': campaign.campaignLineSummary,
  'campaign/campaign-summary': campaign.campaignSummary,
  'campaign/service-efficiency': campaign.serviceEfficiency,
  'inbound/abandon-detail': inbound.abandonDetail,
  'inbound/inbound-efficiency': inbound.inboundEfficiency,
  'inbound/service-level-by-hour': inbound.serviceLevelByHour,
}

export interface Comparison {
  rows: number
  cells: number
  differences: string[]
}

/** The rows, and the Total row as its query gives it: written as csv like any other query. */
export async function compareReport(
  report: StandardReport,
  of: Case,
  tables: Tables,
  render: Render,
): Promise<Comparison> {
  const { tenant, callCenter, run } = of
  const { columns } = report.definition
  const expected = oracles[report.id]!(ofTenant(tables, tenant.client, callCenter), run)
  const texts = (rows: Cell[][]) =>
    rows.map((row) => row.map((cell, at) => cellText(cell, columns[at]!, run.timezone)))
  const [rows, total] = [
    compareRows(texts(expected.rows), await found(report.query), 'row'),
    compareRows(texts([expected.total]), await found(report.totals), 'total'),
  ]
  return {
    rows: expected.rows.length,
    cells: rows.cells + total.cells,
    differences: [...rows.differences, ...total.differences],
  }

  async function found(sql: string): Promise<string[][]> {
    const [header, ...rows] = readCsv(await render(report.definition, sql, of))
    const titles = columns.map(({ title }) => title)
    if (header?.join('|') !== titles.join('|')) throw new Error(`${report.id} has the header ${header}`)
    return rows
  }
}

function compareRows(
  expected: string[][],
  found: string[][],
  what: string,
): { cells: number; differences: string[] } {
  const differences: string[] = []
  let cells = 0
  for (let at = 0; at < Math.max(expected.length, found.length); at++) {
    const [wanted, given] = [expected[at], found[at]]
    cells += wanted?.length ?? 0
    if (wanted?.length !== given?.length || wanted!.some((cell, column) => cell !== given![column]))
      differences.push(
        `${what} ${at + 1}\n      expected ${wanted?.join('|')}\n      found    ${given?.join('|')}`,
      )
  }
  return { cells, differences }
}
