import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { type DatasetTableName, datasetTables } from '../../../engine/reports/dataset-tables.ts'

/** Only in rows of others: wherever it shows, something leaked. */
export const canary = 'CANARY-7f3a'

type Row = Record<string, string | number | boolean>

export const smallCalls: Row[] = [
  ['d1', 'acme', 'dallas', '0017', '2026-11-20 06:00:00'],
  ['d3', 'acme', 'dallas', '=1+1', '2026-11-20 12:30:00'],
  ['d2', 'acme', 'dallas', 'Müller, "Jo"', '2026-11-20 12:30:00'],
  ['d4', 'acme', 'dallas', '0018', '2026-11-21 06:00:00'],
  ['t1', 'acme', 'tampa', canary, '2026-11-20 13:00:00'],
  ['b1', 'borealis', 'dallas', canary, '2026-11-20 13:00:00'],
  ['b2', 'ACME', 'dallas', canary, '2026-11-20 13:00:00'],
].map(([call_id, client, call_center, account, start_at]) => ({
  call_id: call_id!,
  client: client!,
  call_center: call_center!,
  account: account!,
  start_at: start_at!,
  end_at: start_at!,
  phone: '+12145550100',
  talk_s: 5,
}))

/** Writes calls and campaigns as one file each; columns that a row lacks are null. */
export async function writeSmallDataset(folder: string, format: 'parquet' | 'csv' | 'json'): Promise<void> {
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  const tables: [DatasetTableName, Row[]][] = [
    ['calls', smallCalls],
    ['campaigns', [{ campaign_id: 'c1', client: 'acme', call_center: 'dallas', name: 'One' }]],
  ]
  for (const [table, rows] of tables) {
    const columns = Object.entries(datasetTables[table])
    await connection.run(
      `CREATE TABLE ${table} (${columns.map(([name, type]) => `${name} ${type}`).join(', ')})`,
    )
    for (const row of rows) {
      const values = Object.values(row)
      const places = values.map((_, at) => `$${at + 1}`).join(', ')
      await connection.run(`INSERT INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${places})`, values)
    }
    await connection.run(`COPY ${table} TO '${join(folder, `${table}.${format}`)}' (FORMAT ${format})`)
  }
  connection.closeSync()
  instance.closeSync()
}
