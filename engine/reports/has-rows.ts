import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JobsdError } from '../core/errors.ts'
import type { DatasetConnection } from '../core/manifest.ts'
import { datasetTables } from './dataset-tables.ts'
import { type ReportRequest, runReport } from './run-report.ts'

/**
 * Whether the tenant has any row in the tables that the queries name. False only where each of them could be read:
 * what cannot be read is for the report itself to tell.
 */
export async function hasRows(
  database: NonNullable<ReportRequest['database']>,
  dataset: DatasetConnection,
  tenant: ReportRequest['tenant'],
  queries: string[],
  signal: AbortSignal,
): Promise<boolean> {
  const tables = Object.keys(datasetTables).filter((table) =>
    queries.some((sql) => new RegExp(`\\b${table}\\b`, 'i').test(sql)),
  )
  if (tables.length === 0) return true
  const folder = await mkdtemp(join(tmpdir(), 'jobsd-rows-'))
  try {
    for (const table of tables) {
      const { rows } = await runReport({ ...probeOf(table, dataset, tenant, folder), database }, signal)
      if (rows > 0) return true
    }
    return false
  } catch (error) {
    if (error instanceof JobsdError) return true
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function probeOf(
  table: string,
  dataset: DatasetConnection,
  tenant: ReportRequest['tenant'],
  folder: string,
): ReportRequest {
  return {
    definition: {
      apiVersion: 'jobsd/v1',
      kind: 'Report',
      category: 'call',
      name: table,
      title: table,
      columns: [{ name: 'found', title: 'Found', type: 'integer' }],
      sql: `SELECT 1 AS found FROM ${table} LIMIT 1`,
    },
    dataset,
    tenant,
    // Whether there is one takes no more than one.
    maxRows: 1,
    params: {},
    timezone: 'UTC',
    format: 'csv',
    outPath: join(folder, `${table}.csv`),
    workFolder: folder,
  }
}
