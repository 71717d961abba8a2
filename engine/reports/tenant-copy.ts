/** The tenant's rows, copied out of the dataset: what is not in the copy cannot leak. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type DuckDBConnection, LIST, listValue, VARCHAR } from '@duckdb/node-api'
import { JobsdError } from '../core/errors.ts'
import type { FileDatasetConnection } from '../core/manifest.ts'
import { type DatasetTableName, datasetTables } from './dataset-tables.ts'
import { type FetchedRows, fetchedSource } from './fetched-rows.ts'
import { copiedColumns, isMapped } from './needs.ts'
import { openDatabase } from './open-database.ts'
import { mapOutcomes, type OutcomeMap } from './outcome-map.ts'

type TableFiles = Pick<FileDatasetConnection, 'name' | 'format' | 'path'>

export interface TenantCopy {
  dataset: TableFiles | FetchedRows
  tenant: { client: string; callCenters: string[] | null }
  tables: DatasetTableName[]
  /** In lower case, of whichever table; all where it is null or left out. */
  columns?: ReadonlySet<string> | null
  /** Null leaves the custom outcomes as they are in the data. */
  outcomes: OutcomeMap | null
  databasePath: string
  settings: Record<string, string>
  /** Turns what DuckDB throws while it reads a table into an error of the table of errors. */
  describe: (error: unknown, table: string) => JobsdError
}

/**
 * Writes a fresh DuckDB file with each table's rows of the client, and of its call centers unless null. Columns
 * get the contract's types; those that are missing stay so, those that are not asked for stay out. Throws DATASET_MISSING.
 */
export async function copyTenant(copy: TenantCopy): Promise<void> {
  const { connection, close } = await openDatabase(copy.databasePath, copy.settings)
  try {
    for (const table of copy.tables) {
      const files = await tableFiles(copy.dataset, table)
      const { client, callCenters } = copy.tenant
      const source =
        copy.dataset.format === 'rows'
          ? fetchedSource(table, copy.dataset)
          : tableSource(table, copy.dataset.format)
      const values = {
        files: listValue(files),
        client,
        ...(callCenters && { call_centers: listValue(callCenters) }),
      }
      try {
        const found = await sourceColumns(connection, source, files)
        const wanted = copiedColumns(table, copy.columns ?? null, copy.outcomes !== null)
        const statement = copyStatement(table, source, found, wanted, callCenters !== null)
        await connection.run(statement, values, { files: LIST(VARCHAR), call_centers: LIST(VARCHAR) })
        if (isMapped(table, copy.columns ?? null, copy.outcomes !== null))
          await mapOutcomes(connection, copy.outcomes!)
      } catch (error) {
        throw copy.describe(error, table)
      }
    }
  } finally {
    close()
  }
}

/** What follows FROM; `$files` is the list of the table's files. */
export function tableSource(table: DatasetTableName, format: TableFiles['format']): TableSource {
  const options = 'hive_partitioning = false'
  const types = (names: string[]) =>
    `{${names.map((name) => `'${name}': '${datasetTables[table][name.toLowerCase()]}'`).join(', ')}}`
  const listed = Object.keys(datasetTables[table])
  if (format === 'parquet') {
    const sql = `read_parquet($files, ${options})`
    return { asFound: sql, looked: sql, typed: () => sql }
  }
  if (format === 'csv') {
    const asFound = `read_csv($files, header = true, all_varchar = true, ${options})`
    return {
      asFound,
      looked: asFound,
      typed: (found) => {
        // Names differ in case at most, as they may in SQL.
        const known = found.filter((name) => listed.includes(name.toLowerCase()))
        return `read_csv($files, header = true, types = ${types(known)}, ${options})`
      },
    }
  }
  const json = `read_json($files, columns = ${types(listed)}, ${options})`
  return { asFound: json, looked: `read_json($files, ${options})`, typed: () => json }
}

export interface TableSource {
  /** With the columns that a copy can have. */
  asFound: string
  /** With the columns that are there, of JSON by a look at its first rows. */
  looked: string
  /** With the contract's types for those of its columns that are there. */
  typed(found: string[]): string
}

/** The columns of a table as its files have them; of JSON the contract's. */
export async function sourceColumns(
  connection: DuckDBConnection,
  { asFound }: Pick<TableSource, 'asFound'>,
  files: string[],
): Promise<{ name: string; type: string }[]> {
  const none = await connection.run(
    `SELECT * FROM ${asFound} LIMIT 0`,
    { files: listValue(files) },
    { files: LIST(VARCHAR) },
  )
  return none.columnNames().map((name, at) => ({ name, type: none.columnType(at).toString() }))
}

/** A column that is not there is not copied: the query that names it says so, any other does not mind. */
function copyStatement(
  table: DatasetTableName,
  source: TableSource,
  found: { name: string }[],
  wanted: ReadonlySet<string> | null,
  isNarrow: boolean,
): string {
  const names = found.map(({ name }) => name)
  const columns = names
    .filter((name) => wanted === null || wanted.has(name.toLowerCase()))
    .map((name) => {
      const quoted = `"${name.replaceAll('"', '""')}"`
      const type = datasetTables[table][name.toLowerCase()]
      return type === undefined ? quoted : `CAST(${quoted} AS ${type}) AS ${name.toLowerCase()}`
    })
  const rows = isNarrow
    ? 'client = $client AND list_contains($call_centers, call_center)'
    : 'client = $client'
  return `CREATE TABLE ${table} AS SELECT ${columns.join(', ') || '1 AS x'} FROM ${source.typed(names)} WHERE ${rows}`
}

/** `<table>.<format>`, or every file of that ending in the folder `<table>`. */
export async function tableFiles(dataset: TenantCopy['dataset'], table: string): Promise<string[]> {
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
