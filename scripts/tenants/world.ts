/** Fifty clients in one dataset, each row marked by whose it is: a mark where it does not belong is a leak. */
import { hash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { type DatasetTableName, datasetTables } from '../../engine/reports/dataset-tables.ts'
import type { Random } from '../fuzz/mutate.ts'

export const clientCount = 50
export const centers = ['dallas', 'tampa'] as const
/** In files that no query may read. */
export const fileMark = 'MARK-of-a-file'

export interface World {
  /** The dataset, and beside it `secret.csv`, `secret.json` and `secret.duckdb`. */
  folder: string
  data: string
  clients: string[]
}

/** What stands in the rows of a client's call center, and nowhere else: no part of it can be guessed from a name. */
export function markOf(client: string, center: string): string {
  return `MARK${hash('sha256', JSON.stringify([client, center])).slice(0, 12)}`
}

/** Every mark that is not of these rows. */
export function foreignMarks({ clients }: World, client: string, center: string | null): string[] {
  const all = clients.flatMap((name) => centers.map((each) => ({ name, each })))
  const foreign = all.filter(({ name, each }) => name !== client || (center !== null && each !== center))
  return [fileMark, ...foreign.map(({ name, each }) => markOf(name, each))]
}

export async function createWorld(folder: string, random: Random): Promise<World> {
  const data = join(folder, 'data')
  mkdirSync(data)
  // Names that differ little: in case, by what follows, and by what a pattern would take for any sign.
  const odd = ['c_1', 'C_1', 'c-1', 'c%1', "c'1", 'c 1', 'c1 ', 'c1--']
  const clients = Array.from({ length: clientCount }, (_, at) => odd[at] ?? `c${at}`)
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  for (const [table, columns] of Object.entries(datasetTables)) {
    const names = Object.keys(columns)
    const types = names.map((name) => `${name} ${columns[name]}`)
    await connection.run(`CREATE TABLE ${table} (${types.join(', ')})`)
    const rows = clients.flatMap((client) =>
      centers.flatMap((center) =>
        Array.from({ length: 1 + random(3) }, () => `(${cellsOf(table, client, center, random).join(', ')})`),
      ),
    )
    await connection.run(`INSERT INTO ${table} VALUES ${rows.join(', ')}`)
    await connection.run(`COPY ${table} TO '${join(data, `${table}.parquet`)}' (FORMAT parquet)`)
  }
  await connection.run(`ATTACH '${join(folder, 'secret.duckdb')}' AS other`)
  await connection.run(`CREATE TABLE other.secret AS SELECT '${fileMark}' AS mark`)
  connection.closeSync()
  instance.closeSync()
  writeFileSync(join(folder, 'secret.csv'), `mark\n${fileMark}\n`)
  writeFileSync(join(folder, 'secret.json'), JSON.stringify([{ mark: fileMark }]))
  return { folder, data, clients }
}

/** A row's values as SQL: every text but client and call center holds the mark. */
function cellsOf(table: string, client: string, center: string, random: Random): string[] {
  return Object.entries(datasetTables[table as DatasetTableName]).map(([name, type]) => {
    if (name === 'client') return quoted(client)
    if (name === 'call_center') return quoted(center)
    if (type === 'VARCHAR') return quoted(`${markOf(client, center)} ${random(1000)}`)
    if (type === 'TIMESTAMP') return `TIMESTAMP '2026-11-${10 + random(20)} 12:00:00'`
    if (type === 'DATE') return `DATE '2026-11-${10 + random(20)}'`
    return type === 'BOOLEAN' ? 'true' : String(random(1000))
  })
}

export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
