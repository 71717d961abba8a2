/** Writes the sample dataset of the demo as Parquet, by the contract of docs/dataset.md. */
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  timestampValue,
} from '@duckdb/node-api'
import { DAY } from '../../engine/core/civil.ts'
import {
  type DatasetColumnType,
  type DatasetTableName,
  datasetTables,
} from '../../engine/reports/dataset-tables.ts'
import { sampleRates } from './sample-bills.ts'
import { sampleAgents, sampleDay, sampleSkills } from './sample-calls.ts'
import { type SampleRow, sampleClients } from './sample-domain.ts'

export interface SampleOptions {
  /** Made if it is missing; its tables are replaced, each at once. */
  folder: string
  seed: number
  /** The last local day with data, `yyyy-MM-dd`. */
  lastDay: string
  days: number
  /** Default all three. */
  clients?: string[]
  /** Default 1, which is more than 9,000 calls a weekday; 0.01 is enough for a quick test. */
  scale?: number
}

export interface SampleCampaign {
  id: string
  name: string
  client: string
  callCenter: string
  /** RFC 3339, UTC. */
  startedAt: string
  endedAt: string
}

/** Writes every table of the contract. The same seed and last day give the same content. */
export async function writeSampleData(
  options: SampleOptions,
): Promise<{ calls: number; campaigns: SampleCampaign[] }> {
  const { folder, seed, clients: names, scale = 1 } = options
  await mkdir(folder, { recursive: true })
  const workFolder = await mkdtemp(join(folder, '.sample-'))
  const instance = await DuckDBInstance.create(join(workFolder, 'sample.duckdb'), {
    threads: '2',
    memory_limit: '512MB',
  })
  const connection = await instance.connect()
  const campaigns: SampleCampaign[] = []
  let callCount = 0
  try {
    const add = await openTables(connection)
    const last = Date.parse(options.lastDay) / DAY
    const first = last - options.days + 1
    for (const client of sampleClients.filter(({ name }) => names?.includes(name) ?? true)) {
      for (const callCenter of client.callCenters) {
        const append = (table: DatasetTableName, rows: SampleRow[]) => {
          for (const row of rows) add(table, row)
        }
        append('agents', sampleAgents(seed, client, callCenter, scale))
        append('skills', sampleSkills(client, callCenter))
        append('rates', sampleRates(client, callCenter, first, last))
        for (let day = first; day <= last; day++) {
          const { campaign, rows, callCount: count } = sampleDay(seed, client, callCenter, day, scale)
          add('campaigns', campaign)
          for (const [table, made] of Object.entries(rows)) append(table as DatasetTableName, made)
          callCount += count
          campaigns.push(describeCampaign(campaign))
        }
      }
    }
    add.close()
    await keepPast(connection, last)
    await writeTables(connection, workFolder, folder)
  } finally {
    connection.closeSync()
    instance.closeSync()
    await rm(workFolder, { recursive: true, force: true })
  }
  return { calls: callCount, campaigns }
}

function describeCampaign(campaign: SampleRow): SampleCampaign {
  return {
    id: String(campaign.campaign_id),
    name: String(campaign.name),
    client: String(campaign.client),
    callCenter: String(campaign.call_center),
    startedAt: (campaign.start_at as Date).toISOString(),
    endedAt: (campaign.end_at as Date).toISOString(),
  }
}

type Append = ((table: DatasetTableName, row: SampleRow) => void) & { close: () => void }

async function openTables(connection: DuckDBConnection): Promise<Append> {
  const appenders = new Map<DatasetTableName, DuckDBAppender>()
  for (const [table, columns] of Object.entries(datasetTables)) {
    const definition = Object.entries(columns).map(([name, type]) => `${name} ${type}`)
    await connection.run(`CREATE TABLE ${table} (${definition.join(', ')})`)
    appenders.set(table as DatasetTableName, await connection.createAppender(table))
  }
  const add = (table: DatasetTableName, row: SampleRow) => {
    const appender = appenders.get(table)!
    for (const [column, type] of Object.entries(datasetTables[table])) {
      const value = row[column] ?? null
      if (value === null) appender.appendNull()
      else append[type](appender, value)
    }
    appender.endRow()
  }
  return Object.assign(add, { close: () => appenders.forEach((appender) => void appender.closeSync()) })
}

const append: Record<DatasetColumnType, (appender: DuckDBAppender, value: SampleRow[string]) => void> = {
  VARCHAR: (appender, value) => appender.appendVarchar(String(value)),
  INTEGER: (appender, value) => appender.appendInteger(Number(value)),
  BIGINT: (appender, value) => appender.appendBigInt(BigInt(Number(value))),
  BOOLEAN: (appender, value) => appender.appendBoolean(value === true),
  DOUBLE: (appender, value) => appender.appendDouble(Number(value)),
  DATE: (appender, value) => appender.appendDate(new DuckDBDateValue(Number(value) / DAY)),
  TIMESTAMP: (appender, value) => appender.appendTimestamp(timestampValue(BigInt(Number(value)) * 1000n)),
  'DECIMAL(12,6)': (appender, value) =>
    appender.appendDecimal(new DuckDBDecimalValue(BigInt(Math.round(Number(value) * 1e6)), 12, 6)),
}

/** What was not deleted by the end of the last day is still there. */
async function keepPast(connection: DuckDBConnection, lastDay: number): Promise<void> {
  const end = timestampValue(BigInt((lastDay + 1) * DAY) * 1000n)
  await connection.run('UPDATE recordings SET deleted_at = NULL WHERE deleted_at >= $1', [end])
}

/** Under another name first: a report that runs meanwhile reads the old table or the new one. */
async function writeTables(connection: DuckDBConnection, workFolder: string, folder: string): Promise<void> {
  for (const [table, columns] of Object.entries(datasetTables)) {
    const made = join(workFolder, `${table}.parquet`)
    const moment = ['start_at', 'login_at', 'created_at', 'billed_at'].find((column) => column in columns)
    const order = ['client', ...(moment ? [moment] : []), ...Object.keys(columns).slice(0, 5)]
    const rows = `SELECT * FROM ${table} ORDER BY ${order.join()}`
    await connection.run(
      `COPY (${rows}) TO '${made.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`,
    )
    await rename(made, join(folder, `${table}.parquet`))
  }
}
