/** Runs hostile queries by every way that a report's SQL reaches DuckDB, and looks for marks in all that comes out. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { FileDatasetConnection } from '../../engine/core/manifest.ts'
import type { ReportDefinition } from '../../engine/core/model.ts'
import type { FileFormat } from '../../engine/core/report-file.ts'
import { type DatasetTableName, datasetTables } from '../../engine/reports/dataset-tables.ts'
import { checkQuery, openSealed } from '../../engine/reports/query-check.ts'
import { runReport } from '../../engine/reports/run-report.ts'
import { copyTenant } from '../../engine/reports/tenant-copy.ts'
import { foreignMarks, type World } from './world.ts'

/** In whose name a query runs; `center` null is the whole client. */
export interface Tenant {
  client: string
  center: string | null
}

/** Which file of a report holds the query. */
export type Place = 'query.sql' | 'totals.sql' | 'chart.sql'

export interface Attempt {
  sql: string
  place: Place
  format: FileFormat
  tenant: Tenant
}

export interface Outcome {
  /** The first foreign mark in what came out; undefined: none. */
  leaked: string | undefined
  /** All of it: the file, what a mail would show, or the error. */
  output: string
  /** Its error's code; undefined where it gave rows. */
  code: string | undefined
}

/** As the engine runs it: in a process of its own, then the file, what a mail shows of it, and the error. */
export async function attemptReport(world: World, attempt: Attempt, timeoutMs: number): Promise<Outcome> {
  const { tenant, format, sql, place } = attempt
  const work = join(world.folder, 'work')
  mkdirSync(work, { recursive: true })
  const outPath = join(world.folder, 'out')
  const said: string[] = []
  let code: string | undefined
  try {
    const { overview } = await runReport(
      {
        definition: definitionOf(sql, place),
        dataset: datasetOf(world),
        tenant: { client: tenant.client, callCenters: tenant.center === null ? null : [tenant.center] },
        params: { period_start: null, period_end: null },
        timezone: 'America/Chicago',
        format,
        overview: { previous: null },
        outPath,
        workFolder: work,
        limits: { timeoutMs, memoryMb: 128, threads: 1, maxBytes: 2 ** 22, maxTempBytes: 2 ** 24 },
      },
      new AbortController().signal,
    )
    said.push(readFileSync(outPath, 'latin1'), JSON.stringify(overview))
  } catch (error) {
    const { message, stack, details } = error as Error & { details?: unknown }
    code = (error as { code?: string }).code ?? 'BUG'
    said.push(message, stack ?? '', JSON.stringify(details ?? null))
  } finally {
    rmSync(outPath, { force: true })
  }
  const output = said.join('\n')
  return { leaked: findLeak(world, tenant, output), output, code }
}

/** The sealed copy of a tenant's rows, for queries that are run with no check before them. */
export async function openTenant(world: World, { client, center }: Tenant, name: string) {
  const databasePath = join(world.folder, name)
  await copyTenant({
    dataset: datasetOf(world),
    tenant: { client, callCenters: center === null ? null : [center] },
    tables: Object.keys(datasetTables) as DatasetTableName[],
    outcomes: null,
    databasePath,
    settings: { threads: '1' },
    describe: (error) => {
      throw error
    },
  })
  const { connection, close } = await openSealed(databasePath, {
    access_mode: 'READ_ONLY',
    threads: '1',
    memory_limit: '64MB',
    temp_directory: join(world.folder, 'spill'),
    max_temp_directory_size: '1MB',
  })
  return {
    /** Past the check that only a report's one SELECT passes: what is not in the copy is not there at all. */
    async attempt(sql: string, timeoutMs: number): Promise<Outcome & { isChecked: boolean }> {
      const timer = setTimeout(() => connection.interrupt(), timeoutMs)
      const said: string[] = []
      let code: string | undefined
      try {
        const isNamed = sql.includes('$client')
        const result = await connection.runAndReadUntil(sql, 2000, isNamed ? { client } : undefined)
        said.push(JSON.stringify(result.getRowsJson()))
      } catch (error) {
        code = 'REFUSED'
        said.push((error as Error).message)
      } finally {
        clearTimeout(timer)
      }
      const output = said.join('\n')
      const isChecked = await checkQuery('r', sql).then(
        () => true,
        () => false,
      )
      return { leaked: findLeak(world, { client, center }, output), output, code, isChecked }
    },
    close,
  }
}

/** No query has a whole mark in its text, so what quotes the query is no leak. */
function findLeak(world: World, { client, center }: Tenant, output: string): string | undefined {
  return foreignMarks(world, client, center).find((mark) => output.includes(mark))
}

function datasetOf({ data }: World): FileDatasetConnection & { type: 'dataset' } {
  return {
    apiVersion: 'jobsd/v1',
    kind: 'Connection',
    type: 'dataset',
    name: 'warehouse',
    format: 'parquet',
    path: data,
  }
}

const plain = 'SELECT call_id AS mark FROM calls'

function definitionOf(sql: string, place: Place): ReportDefinition {
  const mark = { name: 'mark', title: 'Mark', type: 'text' } as const
  const count = { name: 'n', title: 'Count', type: 'integer' } as const
  return {
    apiVersion: 'jobsd/v1',
    kind: 'Report',
    category: 'call',
    name: 'hostile',
    title: 'Hostile',
    columns: [mark],
    sql: place === 'query.sql' ? sql : plain,
    ...(place === 'totals.sql' && { totalsSql: sql }),
    ...(place === 'chart.sql' && {
      chartSql: sql,
      mail: { chart: { title: 'Marks', kind: 'bar', columns: [mark, count] } },
    }),
  }
}
