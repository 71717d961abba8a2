/** A query's rows as the engine writes them in csv. */
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { FileDatasetConnection, Report } from '../../../engine/core/manifest.ts'
import { type DatasetTableName, datasetTables } from '../../../engine/reports/dataset-tables.ts'
import { openDatabase } from '../../../engine/reports/open-database.ts'
import { type ReportRequest, runReport } from '../../../engine/reports/run-report.ts'
import { storeResult } from '../../../engine/reports/stored-result.ts'
import { copyTenant } from '../../../engine/reports/tenant-copy.ts'
import { writeRows } from '../../../engine/reports/write-rows.ts'
import type { Case } from './cases.ts'

/** Text of csv. */
export type Render = (definition: Report, sql: string, of: Case) => Promise<string>

export interface Folders {
  data: string
  /** Files are written and removed again there. */
  work: string
}

type Dataset = FileDatasetConnection & { type: 'dataset' }

const datasetOf = (path: string): Dataset => ({
  apiVersion: 'jobsd/v1',
  kind: 'Connection',
  type: 'dataset',
  name: 'oracle',
  format: 'parquet',
  path,
})

function paramsOf({ tenant, run }: Case): ReportRequest['params'] {
  const moment = (at: number) => new Date(at * 1000).toISOString()
  return {
    client: tenant.client,
    timezone: run.timezone,
    day_cut_off: run.dayCutOff,
    period_start: moment(run.period.from),
    period_end: moment(run.period.until),
    campaign_id: run.campaignId,
    slot: moment(run.period.until),
  }
}

const tenantOf = ({ tenant, callCenter }: Case) => ({
  client: tenant.client,
  callCenters: callCenter === null ? null : [callCenter],
})

/** The whole of it, in a process for each query. */
export function renderApart({ data, work }: Folders): Render {
  return async (definition, sql, of) => {
    const outPath = join(work, `${randomUUID()}.csv`)
    const request: ReportRequest = {
      definition: { ...definition, sql },
      dataset: datasetOf(data),
      tenant: tenantOf(of),
      params: paramsOf(of),
      timezone: of.run.timezone,
      format: 'csv',
      outPath,
      workFolder: work,
    }
    await runReport(request, new AbortController().signal)
    return takeText(outPath)
  }
}

/** What that process does, here, with one copy of each tenant's rows: a process for each query would take an hour. */
export function renderHere({ data, work }: Folders): { render: Render; close: () => void } {
  const copies = new Map<string, Promise<{ connection: DuckDBConnection; close: () => void }>>()
  const open: (() => void)[] = []

  async function copy(of: Case) {
    const folder = join(work, randomUUID())
    await mkdir(folder)
    const databasePath = join(folder, 'tenant.duckdb')
    const settings = { threads: '2', memory_limit: '512MB' }
    await copyTenant({
      dataset: datasetOf(data),
      tenant: tenantOf(of),
      tables: Object.keys(datasetTables) as DatasetTableName[],
      outcomes: null,
      databasePath,
      settings,
      describe: (error, table) =>
        new JobsdError('REPORT_FAILED', { report: table, reason: (error as Error).message }),
    })
    const database = await openDatabase(databasePath, { ...settings, access_mode: 'READ_ONLY' })
    open.push(database.close)
    return database
  }

  const render: Render = async ({ category, name, title, columns }, sql, of) => {
    const key = JSON.stringify(tenantOf(of))
    const database = copies.get(key) ?? copy(of)
    copies.set(key, database)
    const { connection } = await database
    const report = `${category}/${name}`
    const { stream, rowCount } = await storeResult(connection, { report, sql, parameters: paramsOf(of) })
    const outPath = join(work, `${randomUUID()}.csv`)
    const target = { report, title, columns, timezone: of.run.timezone, locale: 'en', head: null }
    const file = { layout: null, totals: null, format: 'csv', gzip: false, outPath } as const
    const never = new AbortController().signal
    await writeRows(stream, { ...target, ...file, rowCount, maxBytes: 2 ** 30 }, never)
    await connection.run('DROP TABLE result')
    return takeText(outPath)
  }
  return { render, close: () => open.forEach((close) => void close()) }
}

async function takeText(path: string): Promise<string> {
  const text = await readFile(path, 'utf8')
  await rm(path)
  return text
}
