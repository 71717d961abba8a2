/** Calls of one client and month as a Parquet file, the same for the same number of rows. */
import { DuckDBInstance } from '@duckdb/node-api'

export const period = { start: '2026-03-01T06:00:00.000Z', end: '2026-04-01T05:00:00.000Z' }

/** Runs one statement in a database of its own, with as many threads and as much memory as a report has. */
export async function runSql(sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '512MB' })
  const connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  await connection.run(sql)
  connection.closeSync()
  instance.closeSync()
}

/** Writes that many calls into the file. */
export function callsSql(path: string, rows: number): string {
  const pick = (salt: number, count: number) => `(hash(i + ${salt}) % ${count})`
  const at = (seconds: number) =>
    `TIMESTAMP '2026-03-01 06:00:00' + to_seconds(i * 2674800 // ${rows} + ${seconds})`
  return `COPY (SELECT
    'C' || lpad(i::VARCHAR, 10, '0') AS call_id, 'acme' AS client,
    CASE WHEN ${pick(0, 2)} = 0 THEN 'dallas' ELSE 'tampa' END AS call_center,
    'service-' || ${pick(1, 5)} AS service, 'K' || ${pick(2, 40)} AS campaign_id,
    'A' || ${pick(3, 900_000)} AS account,
    '+1202555' || lpad(${pick(4, 10_000)}::VARCHAR, 4, '0') AS phone, 'outbound' AS direction,
    ${at(0)} AS start_at, ${at(7)} AS answer_at, ${at(187)} AS end_at,
    ${pick(5, 600)}::INTEGER AS talk_s, ${pick(6, 60)}::INTEGER AS hold_s,
    CASE ${pick(7, 4)} WHEN 0 THEN 'Operator Transfer' WHEN 1 THEN 'No Answer' WHEN 2 THEN 'Busy'
      ELSE 'Answering Machine (Hung Up)' END AS result,
    'CODE' || ${pick(8, 9)} AS custom_outcome_1, NULL::VARCHAR AS custom_outcome_2,
    'agent' || ${pick(9, 200)} AS agent_logon, '+12025550100' AS caller_id, 'R' || i AS recording_id
    FROM range(${rows}) t(i)) TO '${path}' (FORMAT parquet)`
}

/** What both sides read, in order. */
export const columns = [
  'call_id',
  'client',
  'call_center',
  'service',
  'campaign_id',
  'account',
  'phone:phone',
  'direction',
  'start_at:timestamp',
  'answer_at:timestamp',
  'end_at:timestamp',
  'talk_s:integer',
  'hold_s:integer',
  'result',
  'custom_outcome_1',
  'custom_outcome_2',
  'agent_logon',
  'caller_id:phone',
  'recording_id',
].map((text) => text.split(':') as [name: string, type?: string])

export function queryOf(table: string): string {
  const names = columns.map(([name]) => name).join(', ')
  return `SELECT ${names} FROM ${table}
    WHERE start_at >= TIMESTAMP '2026-03-01 06:00:00' AND start_at < TIMESTAMP '2026-04-01 05:00:00'
    ORDER BY start_at, call_id`
}
