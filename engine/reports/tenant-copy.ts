/** The tenant's rows, copied out of the dataset: what is not in the copy cannot leak. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { LIST, listValue, VARCHAR } from '@duckdb/node-api'
import { JobsdError } from '../core/errors.ts'
import type { DatasetConnection } from '../core/manifest.ts'
import { type DatasetTableName, datasetTables } from './dataset-tables.ts'
import { openDatabase } from './open-database.ts'

export interface TenantCopy {
  dataset: Pick<DatasetConnection, 'name' | 'format' | 'path'>
  tenant: { client: string; callCenters: string[] | null }
  tables: DatasetTableName[]
  databasePath: string
  settings: Record<string, string>
  /** Turns what DuckDB throws while it reads a table into an error of the table of errors. */
  describe: (error: unknown, table: string) => JobsdError
}

/**
 * Writes a fresh DuckDB file with each table's rows of the client, and of its call centers unless null. Columns
 * get the contract's types. Throws DATASET_MISSING.
 */
export async function copyTenant(copy: TenantCopy): Promise<void> {
  const { connection, close } = await openDatabase(copy.databasePath, copy.settings)
  try {
    for (const table of copy.tables) {
      const files = await tableFiles(copy.dataset, table)
      const { client, callCenters } = copy.tenant
      const statement = copyStatement(table, copy.dataset.format, callCenters !== null)
      const values = {
        files: listValue(files),
        client,
        ...(callCenters && { call_centers: listValue(callCenters) }),
      }
      try {
        await connection.run(statement, values, { files: LIST(VARCHAR), call_centers: LIST(VARCHAR) })
      } catch (error) {
        throw copy.describe(error, table)
      }
    }
  } finally {
    close()
  }
}

function copyStatement(
  table: DatasetTableName,
  format: TenantCopy['dataset']['format'],
  narrow: boolean,
): string {
  const columns = Object.entries(datasetTables[table])
  const types = `{${columns.map(([name, type]) => `'${name}': '${type}'`).join(', ')}}`
  const casts = columns.map(([name, type]) => `CAST(${name} AS ${type}) AS ${name}`).join(', ')
  const source = {
    parquet: 'read_parquet($files, hive_partitioning = false)',
    csv: `read_csv($files, header = true, types = ${types}, hive_partitioning = false)`,
    json: `read_json($files, columns = ${types}, hive_partitioning = false)`,
  }[format]
  const rows = narrow ? 'client = $client AND list_contains($call_centers, call_center)' : 'client = $client'
  return `CREATE TABLE ${table} AS SELECT * REPLACE (${casts}) FROM ${source} WHERE ${rows}`
}

/** `<table>.<format>`, or every file of that ending in the folder `<table>`. */
async function tableFiles(dataset: TenantCopy['dataset'], table: string): Promise<string[]> {
  const file = join(dataset.path, `${table}.${dataset.format}`)
  if ((await stat(file).catch(whenAbsent))?.isFile()) return [file]
  const folder = join(dataset.path, table)
  const names = (await readdir(folder).catch(whenAbsent)) ?? []
  const files = names.filter((name) => name.endsWith(`.${dataset.format}`)).sort()
  if (files.length === 0) throw new JobsdError('DATASET_MISSING', { connection: dataset.name, table })
  return files.map((name) => join(folder, name))
}

function whenAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
}
