/** What each standard report gives of the small dataset under test/fixtures/reports, as somebody computed it by hand. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { ReportRequest } from '../../engine/reports/run-report.ts'

export { type StandardReport, standardReports } from '../../scripts/reports/standard-reports.ts'

export interface ReportCase {
  scope: 'client' | 'dallas' | 'tampa' | 'spring' | 'noon'
  period?: 'month'
  campaign?: string
  /** Lines of csv, without the header. */
  rows: string
  /** One line of csv. */
  total: string
}

const root = join(import.meta.dirname, '../..')
const fixtures = join(root, 'test/fixtures/reports')

// March 29, 2026, in Berlin: of 23 hours with either cut-off.
const springDays = {
  spring: ['2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
  noon: ['2026-03-28T11:00:00Z', '2026-03-29T10:00:00Z'],
} as const
const cutOffs = { spring: '00:00', noon: '12:00' }

export function reportCases(id: string): { how: string; cases: ReportCase[] } {
  return parse(readFileSync(join(fixtures, 'expected', `${id}.yaml`), 'utf8'))
}

/** Whose rows, in which zone and period. */
export function requestOf({
  scope,
  period,
  campaign,
}: Pick<ReportCase, 'scope' | 'period' | 'campaign'>): Pick<
  ReportRequest,
  'dataset' | 'tenant' | 'timezone' | 'params'
> {
  const isSpring = scope === 'spring' || scope === 'noon'
  const client = isSpring ? 'borealis' : 'acme'
  const timezone = isSpring ? 'Europe/Berlin' : 'America/Chicago'
  const [start, end] = isSpring
    ? springDays[scope]
    : ([
        period === 'month' ? '2026-10-01T09:00:00Z' : '2026-10-31T09:00:00Z',
        '2026-11-01T10:00:00Z',
      ] as const)
  return {
    dataset: {
      apiVersion: 'jobsd/v1',
      kind: 'Connection',
      type: 'dataset',
      name: 'by-hand',
      format: 'csv',
      path: join(fixtures, 'data'),
    },
    tenant: { client, callCenters: scope === 'client' ? null : [isSpring ? 'berlin' : scope] },
    timezone,
    params: {
      client,
      timezone,
      day_cut_off: isSpring ? cutOffs[scope] : '04:00',
      period_start: start,
      period_end: end,
      campaign_id: campaign ?? null,
      slot: end,
    },
  }
}
