/** Looks whether a dataset is what docs/dataset.md asks for. */
import { LIST, listValue, VARCHAR } from '@duckdb/node-api'
import type { Finding } from '../core/contracts/checkup.ts'
import { JobsdError } from '../core/errors.ts'
import type { FileDatasetConnection } from '../core/manifest.ts'
import { spellCount } from '../core/spell-count.ts'
import { describeAge, describeLack, judgeTenants, moments, names } from './dataset-findings.ts'
import { type DatasetColumnType, type DatasetTableName, datasetTables } from './dataset-tables.ts'
import { type OpenDatabase, openDatabase } from './open-database.ts'
import { sourceColumns, tableFiles, tableSource } from './tenant-copy.ts'

export interface DatasetQuestion {
  dataset: FileDatasetConnection
  /** The values of `client` that policies name. */
  tenants: string[]
  /** The SQL of the reports in use: what they do not name may be missing. */
  queries: string[]
}

type Column = { name: string; type: string }

/** Reads every table once, within 512 MB. Findings are in the contract's order of tables. */
export async function checkDataset(question: DatasetQuestion, signal: AbortSignal): Promise<Finding[]> {
  const database = await openDatabase(':memory:', { memory_limit: '512MB', threads: '2' })
  const interrupt = () => database.connection.interrupt()
  signal.addEventListener('abort', interrupt)
  try {
    const findings: Finding[] = []
    const seen = new Map<string, number>()
    for (const table of Object.keys(datasetTables) as DatasetTableName[]) {
      signal.throwIfAborted()
      findings.push(...(await checkTable(database, question, table, seen)))
    }
    return [...findings, ...judgeTenants(seen, question.tenants)]
  } finally {
    signal.removeEventListener('abort', interrupt)
    database.close()
  }
}

async function checkTable(
  { connection }: OpenDatabase,
  { dataset, queries }: DatasetQuestion,
  table: DatasetTableName,
  seen: Map<string, number>,
): Promise<Finding[]> {
  const using = queries.filter((sql) => names(sql, table))
  let files: string[]
  try {
    files = await tableFiles(dataset, table)
  } catch (error) {
    if (!(error instanceof JobsdError)) return [{ level: 'problem', text: `${table}: ${codeOf(error)}` }]
    const text = `${table}: there is neither ${table}.${dataset.format} nor a folder ${table} with such files`
    return [describeLack(using.length > 0, text)]
  }
  try {
    const source = tableSource(table, dataset.format).looked
    const found = await sourceColumns(connection, { asFound: source }, files)
    const known = new Map(found.map((column) => [column.name.toLowerCase(), column]))
    const findings: Finding[] = []
    const unfit: string[] = []
    for (const [name, type] of Object.entries(datasetTables[table])) {
      const column = known.get(name)
      const isOwner = name === 'client' || name === 'call_center'
      if (!column) {
        const isUsed = isOwner || using.some((sql) => names(sql, name))
        const text = `${table}: there is no column ${name}`
        findings.push(isOwner ? { level: 'problem', text } : describeLack(isUsed, text))
      } else if (column.type !== 'VARCHAR' && !fits(column, type)) {
        findings.push({ level: 'problem', text: `${table}: ${name} is ${column.type} instead of ${type}` })
      } else if (column.type === 'VARCHAR' && type !== 'VARCHAR') unfit.push(name)
    }
    const moment = moments.find((name) => known.has(name) && name in datasetTables[table])
    const values = { files: listValue(files) }
    const types = { files: LIST(VARCHAR) }
    const wrong = unfit.map(
      (name) =>
        `count(*) FILTER (${name} IS NOT NULL AND TRY_CAST(${name} AS ${datasetTables[table][name]}) IS NULL) AS ${name}`,
    )
    const newest = moment ? `max(TRY_CAST(${moment} AS TIMESTAMP))` : 'NULL'
    const counted = await connection.runAndReadAll(
      `SELECT ${[`count(*) AS row_count, CAST(${newest} AS VARCHAR) AS newest`, ...wrong].join(', ')} FROM ${source}`,
      values,
      types,
    )
    const [row = {}] = counted.getRowObjectsJson()
    for (const name of unfit) {
      const type = datasetTables[table][name]
      if (Number(row[name]) > 0) {
        const text = `${table}: ${spellCount(Number(row[name]), 'value')} of ${name} cannot be read as ${type}`
        findings.push({ level: 'problem', text })
      } else if (dataset.format === 'parquet') {
        findings.push({
          level: 'warning',
          text: `${table}: ${name} is VARCHAR; all of it can be read as ${type}`,
        })
      }
    }
    if (known.has('client')) {
      const owners = await connection.runAndReadAll(
        `SELECT CAST(client AS VARCHAR) AS client, count(*) AS row_count FROM ${source} GROUP BY ALL`,
        values,
        types,
      )
      for (const { client, row_count } of owners.getRowObjectsJson()) {
        const owner = client === null ? '' : String(client)
        seen.set(owner, (seen.get(owner) ?? 0) + Number(row_count))
      }
    }
    const latest = row.newest === null ? null : `${String(row.newest).replace(' ', 'T')}Z`
    const text = `${table}: ${spellCount(Number(row.row_count), 'row')}${describeAge(moment, latest)}`
    return [{ level: 'ok', text }, ...findings]
  } catch (error) {
    if (error instanceof Error && /^INTERRUPT Error/.test(error.message)) throw error
    // Without its text, which may hold a value of a row.
    return [{ level: 'problem', text: `${table}: it cannot be read as ${dataset.format}: ${codeOf(error)}` }]
  }
}

const numeric = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL\(.*|DOUBLE|FLOAT)$/

function fits({ type: found }: Column, type: DatasetColumnType): boolean {
  if (found === 'SQLNULL' || found === '"NULL"') return true
  if (type === 'VARCHAR') return /^(ENUM|UUID)/.test(found)
  if (type === 'TIMESTAMP') return found.startsWith('TIMESTAMP')
  if (type === 'DATE' || type === 'BOOLEAN') return found === type
  return numeric.test(found)
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code)
  return /^([A-Za-z ]+?) Error: /.exec(error instanceof Error ? error.message : '')?.[1] ?? 'an unknown error'
}
