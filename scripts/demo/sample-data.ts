/** Writes the sample dataset of the demo as Parquet, by the contract of docs/dataset.md. */
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type DuckDBAppender, type DuckDBConnection, DuckDBInstance, timestampValue } from '@duckdb/node-api'
import { DAY } from '../../engine/core/civil.ts'
import { type DatasetTableName, datasetTables } from '../../engine/reports/dataset-tables.ts'
import { type SampleRow, sampleAgents, sampleDay } from './sample-calls.ts'
import { sampleClients } from './sample-domain.ts'

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

/** Writes calls, campaigns, campaign_records and agents. The same seed and last day give the same content. */
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
    const append = await openTables(connection)
    const last = Date.parse(options.lastDay) / DAY
    for (const client of sampleClients.filter(({ name }) => names?.includes(name) ?? true)) {
      for (const callCenter of client.callCenters) {
        for (const agent of sampleAgents(seed, client, callCenter)) append('agents', agent)
        for (let day = last - options.days + 1; day <= last; day++) {
          const { campaign, records, calls } = sampleDay(seed, client, callCenter, day, scale)
          append('campaigns', campaign)
          for (const record of records) append('campaign_records', record)
          for (const call of calls) append('calls', call)
          callCount += calls.length
          campaigns.push(describeCampaign(campaign))
        }
      }
    }
    append.close()
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
  const append = (table: DatasetTableName, row: SampleRow) => {
    const appender = appenders.get(table)!
    for (const column of Object.keys(datasetTables[table])) appendCell(appender, row[column] ?? null)
    appender.endRow()
  }
  return Object.assign(append, { close: () => appenders.forEach((appender) => void appender.closeSync()) })
}

function appendCell(appender: DuckDBAppender, value: SampleRow[string]): void {
  if (value === null) appender.appendNull()
  else if (typeof value === 'string') appender.appendVarchar(value)
  else if (typeof value === 'number') appender.appendInteger(value)
  else if (typeof value === 'boolean') appender.appendBoolean(value)
  else appender.appendTimestamp(timestampValue(BigInt(value.getTime()) * 1000n))
}

/** Under another name first: a report that runs meanwhile reads the old table or the new one. */
async function writeTables(connection: DuckDBConnection, workFolder: string, folder: string): Promise<void> {
  for (const [table, columns] of Object.entries(datasetTables)) {
    const made = join(workFolder, `${table}.parquet`)
    const order = 'start_at' in columns ? 'start_at, ' : ''
    const rows = `SELECT * FROM ${table} ORDER BY client, ${order}${Object.keys(columns)[0]}`
    await connection.run(
      `COPY (${rows}) TO '${made.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`,
    )
    await rename(made, join(folder, `${table}.parquet`))
  }
}
