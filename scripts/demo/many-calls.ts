/** Calls by the million, for measuring: made within DuckDB, so that making them is not what takes the time. */
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { datasetTables } from '../../engine/reports/dataset-tables.ts'

export interface ManyCalls {
  /** Made if it is missing; its table `calls` is replaced at once. */
  folder: string
  rows: number
  seed: number
  /** The calls are spread evenly over the days before its end, `yyyy-MM-dd`, UTC. */
  lastDay: string
  days: number
  client: string
  callCenters: string[]
}

/** Writes `calls.parquet` ordered by start. The same values give the same rows. */
export async function writeManyCalls(options: ManyCalls): Promise<void> {
  const { folder, rows, seed, client, callCenters } = options
  await mkdir(folder, { recursive: true })
  const workFolder = await mkdtemp(join(folder, '.sample-'))
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GB' })
  const connection = await instance.connect()
  try {
    const made = join(workFolder, 'calls.parquet')
    const stepUs = Math.floor((options.days * 86_400_000_000) / rows)
    const from = `TIMESTAMP '${options.lastDay}' - INTERVAL ${options.days - 1} DAY`
    const centers = callCenters.map(quote).join(', ')
    const sql = callsSql({ rows, seed, from, stepUs, client: quote(client), centers })
    await connection.run(`COPY (${sql}) TO ${quote(made)} (FORMAT parquet, COMPRESSION zstd)`)
    await rename(made, join(folder, 'calls.parquet'))
  } finally {
    connection.closeSync()
    instance.closeSync()
    await rm(workFolder, { recursive: true, force: true })
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** Each `d` is a number from 0 to 999 of its own; what they decide is as in the sample data, only cruder. */
function callsSql(by: {
  rows: number
  seed: number
  from: string
  stepUs: number
  client: string
  centers: string
}): string {
  const chances = [1, 2, 3, 4, 5].map((at) => `(hash(i, ${by.seed}, ${at}) % 1000)::INTEGER AS d${at}`)
  const values: Record<string, string> = {
    call_id: "'M' || lpad(i::VARCHAR, 9, '0')",
    client: by.client,
    call_center: 'center',
    service: "upper(center[1]) || center[2:] || CASE WHEN is_out THEN ' Collections' ELSE ' Care' END",
    skill:
      "CASE WHEN is_talk THEN upper(center[1]) || center[2:] || CASE WHEN is_out THEN ' Collections Outbound' ELSE ' Care Main' END END",
    campaign_id: "CASE WHEN is_out THEN center || '-' || strftime(entered, '%Y%m%d') END",
    account: "CASE d5 WHEN 13 THEN '=A' || d4 ELSE 'AC' || (100000 + d4 * 900 + d5) END",
    phone: "'+1214555' || lpad((100 + d5 % 100)::VARCHAR, 4, '0')",
    dnis: "CASE WHEN NOT is_out THEN '+12145550140' END",
    direction: "CASE WHEN is_out THEN 'outbound' ELSE 'inbound' END",
    start_at: 'entered',
    answer_at: "CASE WHEN result NOT IN ('No Answer', 'Busy') THEN entered + to_seconds(ring) END",
    end_at: 'entered + to_seconds(ring + waited + talk)',
    ring_s: 'ring',
    hold_s: 'waited',
    talk_s: 'talk',
    wrap_s: 'CASE WHEN is_talk THEN 4 + d4 % 60 ELSE 0 END',
    result: 'result',
    abandon_stage: 'NULL',
    callback: 'is_talk AND d4 < 50',
    right_party: 'is_talk AND d4 < 600',
    termination_code: "CASE WHEN is_talk THEN (['Resolved', 'Promise to Pay', 'Refused'])[1 + d4 % 3] END",
    custom_outcome_1: "CASE WHEN is_talk THEN (['PTP', 'PAID', '=1+1', 'CALLBACK'])[1 + d4 % 4] END",
    custom_outcome_2: 'NULL',
    custom_outcome_3: 'NULL',
    agent_logon: "CASE WHEN is_talk THEN center[1:3] || lpad((1 + d4 % 40)::VARCHAR, 3, '0') END",
    caller_id: "'+12145550107'",
    recording_id: "CASE WHEN is_talk THEN 'RM' || lpad(i::VARCHAR, 9, '0') END",
  }
  const columns = Object.entries(datasetTables.calls).map(
    ([name, type]) => `CAST(${values[name]} AS ${type}) AS ${name}`,
  )
  return `WITH drawn AS (SELECT i, ${chances.join(', ')} FROM range(${by.rows}) AS numbers(i)),
    kinds AS (SELECT *,
      date_trunc('second', ${by.from} + to_microseconds(i * ${by.stepUs})) AS entered,
      ([${by.centers}])[1 + d1 % len([${by.centers}])] AS center,
      d2 < 580 AS is_out,
      CASE WHEN d2 >= 580 OR d3 < 130 THEN 'Operator Transfer'
        WHEN d3 < 430 THEN 'No Answer' WHEN d3 < 800 THEN 'Answering Machine (Hung Up)'
        WHEN d3 < 900 THEN 'Listened' ELSE 'Busy' END AS result
      FROM drawn),
    calls AS (SELECT *,
      result = 'Operator Transfer' AS is_talk,
      2 + d4 % 20 AS ring,
      CASE WHEN result = 'Operator Transfer' THEN d5 % 45 ELSE 0 END AS waited,
      CASE WHEN result = 'Operator Transfer' THEN 15 + d3 + d1 % 90 ELSE 0 END AS talk
      FROM kinds)
    SELECT ${columns.join(', ')} FROM calls`
}
