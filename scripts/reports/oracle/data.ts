/** The seeded data that is compared: two spans of time in one dataset, made worse, as Parquet and as plain rows. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { datasetTables } from '../../../engine/reports/dataset-tables.ts'
import { writeSampleData } from '../../demo/sample-data.ts'
import { addEdges, type PlainTables } from './edges.ts'
import { createChance } from './random.ts'
import { type PlainRow, readRow, type Tables } from './tables.ts'

/** The days before and of both changes of the clock, of every tenant's zone. */
const spans = [
  { lastDay: '2026-04-06', days: 32 },
  { lastDay: '2026-11-03', days: 35 },
]

/** Makes the folder, with a Parquet file for each table. */
export async function writeOracleData(
  folder: string,
  options: { seed: number; scale: number },
): Promise<void> {
  await mkdir(folder, { recursive: true })
  await withDatabase(async (connection) => {
    const all: PlainTables = Object.fromEntries(Object.keys(datasetTables).map((table) => [table, []]))
    for (const [at, span] of spans.entries()) {
      const part = join(folder, `span-${at}`)
      await writeSampleData({ folder: part, ...options, ...span })
      for (const [table, rows] of Object.entries(await readPlain(connection, part))) {
        // What has no span of its own is there already.
        const isOnce = at > 0 && (table === 'agents' || table === 'skills')
        if (!isOnce) for (const row of rows) all[table]!.push(row)
      }
      await rm(part, { recursive: true })
    }
    const changed = addEdges(all, createChance(options.seed))
    for (const [table, rows] of Object.entries(changed)) await writeTable(connection, folder, table, rows)
  })
}

export async function readOracleData(folder: string): Promise<Tables> {
  return withDatabase(async (connection) => {
    const tables = await readPlain(connection, folder)
    return Object.fromEntries(
      Object.entries(tables).map(([name, rows]) => [name, rows.map(readRow)]),
    ) as unknown as Tables
  })
}

async function readPlain(connection: DuckDBConnection, folder: string): Promise<PlainTables> {
  const tables: PlainTables = {}
  for (const table of Object.keys(datasetTables)) {
    const result = await connection.runAndReadAll(`SELECT * FROM '${join(folder, table)}.parquet'`)
    tables[table] = result.getRowObjectsJson() as PlainRow[]
  }
  return tables
}

async function writeTable(
  connection: DuckDBConnection,
  folder: string,
  table: string,
  rows: PlainRow[],
): Promise<void> {
  const lines = join(folder, `${table}.jsonl`)
  await writeFile(lines, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  const types = Object.entries(datasetTables[table as keyof typeof datasetTables])
  const columns = types.map(([name, type]) => `'${name}': '${type}'`).join(', ')
  const source = `read_json('${lines}', format = 'newline_delimited', columns = {${columns}})`
  await connection.run(`COPY (SELECT * FROM ${source}) TO '${join(folder, table)}.parquet' (FORMAT parquet)`)
  await rm(lines)
}

async function withDatabase<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '512MB' })
  const connection = await instance.connect()
  try {
    await connection.run("SET TimeZone = 'UTC'")
    return await work(connection)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
