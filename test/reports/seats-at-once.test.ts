import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { datasetTables } from '../../engine/reports/dataset-tables.ts'
import type { ReportRequest } from '../../engine/reports/run-report.ts'
import { standardReports } from './report-cases.ts'
import { openTenant, rowsOf } from './total-line.ts'

const folder = t.testdir({ data: {} })
const data = join(folder, 'data')
const agents = 40
const params: ReportRequest['params'] = {
  client: 'acme',
  timezone: 'UTC',
  day_cut_off: '00:00',
  period_start: '2026-10-14T00:00:00Z',
  period_end: '2026-10-15T00:00:00Z',
}

type Session = { id: string; logon: string; login: string; logoff: string }

/** The other tables are empty: no session has a rate. */
async function seatsOf(name: string, sessions: Session[]) {
  const path = join(data, name)
  mkdirSync(path)
  for (const [table, columns] of Object.entries(datasetTables))
    writeFileSync(join(path, `${table}.csv`), `${Object.keys(columns).join()}\n`)
  const columns = Object.keys(datasetTables.agent_sessions)
  const lines = sessions.map(({ id, logon, login, logoff }) => {
    const cells = { session_id: id, logon, login_at: login, logoff_at: logoff, client: 'acme' }
    const row: Record<string, string> = { ...cells, call_center: 'dallas', service: 'Care' }
    return columns.map((column) => row[column] ?? '').join()
  })
  writeFileSync(join(path, 'agent_sessions.csv'), `${[columns.join(), ...lines].join('\n')}\n`)
  const dataset = {
    apiVersion: 'jobsd/v1',
    kind: 'Connection',
    type: 'dataset',
    name,
    format: 'csv',
    path,
  } as const
  const connection = await openTenant({ dataset, tenant: { client: 'acme', callCenters: null } })
  const report = standardReports().find(({ id }) => id === 'billing/agent-seats')!
  try {
    return {
      rows: await rowsOf(connection, report, report.query, params),
      total: await rowsOf(connection, report, report.totals, params),
    }
  } finally {
    connection.closeSync()
  }
}

t.test('sessions of one agent over the same time are one seat, however many they are', async (t) => {
  const sessions = Array.from({ length: agents * 5 }, (_, at) => ({
    id: `S${at}`,
    logon: `agent${at % agents}`,
    // All of the day is in each of them.
    login: `2026-10-13 ${10 + Math.floor(at / agents)}:00:00`,
    logoff: '2026-10-15 09:00:00',
  }))
  const { rows, total } = await seatsOf('same', sessions)
  t.same(rows, [['2026-10-14', 'Care', agents, agents, agents * 24, null, null]])
  t.same(total, [[null, null, agents, agents, agents * 24, null, '0.0000']])
})

t.test('a session that ends as it begins takes no seat', async (t) => {
  const moment = '2026-10-14 12:00:00'
  const { rows, total } = await seatsOf('none', [{ id: 'S1', logon: 'ada', login: moment, logoff: moment }])
  t.same(rows, [])
  t.same(total, [[null, null, 0, 0, 0, null, '0.0000']])
})
