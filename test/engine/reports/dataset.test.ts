import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import t from 'tap'
import { datasetTables } from '../../../engine/reports/dataset-tables.ts'
import { writeManyCalls } from '../../../scripts/demo/many-calls.ts'
import { writeSampleData } from '../../../scripts/demo/sample-data.ts'

const folder = t.testdir({})
const tables = Object.keys(datasetTables)
type Row = Record<string, string | number | boolean | null>

let connection: DuckDBConnection

t.before(async () => {
  const write = (name: string, lastDay: string, days: number, scale: number, clients?: string[]) =>
    writeSampleData({
      folder: join(folder, name),
      seed: 3,
      lastDay,
      days,
      scale,
      ...(clients && { clients }),
    })
  // Over the end of a month and the rates' change.
  await write('autumn', '2026-11-16', 23, 0.1)
  // Over the nights in which America's clocks go back and forth.
  await write('back', '2026-11-01', 2, 8, ['acme'])
  await write('forth', '2026-03-08', 2, 8, ['acme'])
  const instance = await DuckDBInstance.create()
  connection = await instance.connect()
  for (const season of ['autumn', 'back', 'forth']) {
    await connection.run(`CREATE SCHEMA ${season}`)
    for (const table of tables)
      await connection.run(`CREATE VIEW ${season}.${table} AS FROM '${join(folder, season, table)}.parquet'`)
  }
  await connection.run('USE autumn')
  t.teardown(() => {
    connection.closeSync()
    instance.closeSync()
  })
})

async function rowsOf(sql: string): Promise<Row[]> {
  return (await connection.runAndReadAll(sql)).getRowObjectsJson() as Row[]
}
async function countOf(sql: string): Promise<number> {
  return Number((await rowsOf(`SELECT count(*) AS n ${sql}`))[0]!.n)
}

t.test('the sample data has every table of the contract, with its columns and types, and rows', async (t) => {
  for (const [table, columns] of Object.entries(datasetTables)) {
    const found = await rowsOf(`SELECT column_name, column_type FROM (DESCRIBE ${table})`)
    t.same(
      found.map(({ column_name, column_type }) => [column_name, column_type]),
      Object.entries(columns),
      table,
    )
    t.ok((await countOf(`FROM ${table}`)) > 0, table)
  }
})

t.test('a call is the sum of its stages', async (t) => {
  const legs = `SELECT client, call_id, min(start_at) AS first, max(end_at) AS last,
    sum(date_sub('second', start_at, end_at)) FILTER (kind = 'ivr') AS ivr_s,
    sum(date_sub('second', start_at, end_at)) FILTER (kind IN ('queue', 'ringing')) AS wait_s,
    sum(date_sub('second', start_at, end_at)) FILTER (kind = 'agent') AS agent_s,
    max(skill) AS leg_skill FROM call_legs GROUP BY ALL`
  const both = `FROM calls LEFT JOIN (${legs}) USING (client, call_id)`
  const wrong = [
    "date_sub('second', start_at, end_at) <> ring_s + coalesce(ivr_s, 0) + hold_s + talk_s",
    'hold_s <> coalesce(wait_s, 0)',
    'talk_s <> coalesce(agent_s, 0)',
    'skill IS DISTINCT FROM leg_skill',
    'first <> answer_at',
    'last <> end_at',
    "(talk_s > 0) <> (result = 'Operator Transfer')",
    '(termination_code IS NULL) <> (talk_s = 0)',
    "skill IS NULL AND abandon_stage IN ('queue', 'ringing')",
    "result LIKE 'Operator Transfer (%' AND abandon_stage IS NULL",
    "direction = 'inbound' AND (dnis IS NULL OR (talk_s > 0) = (abandon_stage IS NOT NULL))",
    'wrap_s > 0 AND talk_s = 0',
  ]
  for (const claim of wrong) t.equal(await countOf(`${both} WHERE ${claim}`), 0, claim)
  t.equal(
    await countOf(`FROM (SELECT start_at, seq, lag(end_at) OVER calls AS before, row_number() OVER calls AS place
      FROM call_legs WINDOW calls AS (PARTITION BY client, call_id ORDER BY seq))
      WHERE before <> start_at OR seq <> place`),
    0,
    'a leg begins where the one before ended',
  )
  const stages = await rowsOf('SELECT DISTINCT abandon_stage AS stage FROM calls ORDER BY ALL')
  t.same(
    stages.map(({ stage }) => stage),
    ['ivr', 'queue', 'ringing', null],
  )
})

t.test('states cover a session without a hole, and their talk is that of the calls', async (t) => {
  const states = `SELECT *, lag(end_at) OVER own AS before, row_number() OVER own AS place,
    lead(state) OVER own AS later FROM agent_states
    WINDOW own AS (PARTITION BY client, session_id ORDER BY start_at, state = 'Logoff')`
  t.equal(await countOf(`FROM (${states}) WHERE before <> start_at`), 0)
  t.equal(await countOf(`FROM (${states}) WHERE (state = 'Logoff') <> (later IS NULL)`), 0)
  t.equal(
    await countOf(`FROM (${states}) JOIN agent_sessions USING (client, session_id)
      WHERE (place = 1 AND start_at <> login_at) OR (later IS NULL AND end_at <> logoff_at)`),
    0,
  )
  t.equal(
    await countOf(`FROM agent_sessions a JOIN agent_sessions b ON a.client = b.client AND a.logon = b.logon
      AND a.session_id < b.session_id AND a.login_at < b.logoff_at AND b.login_at < a.logoff_at`),
    0,
    'nobody is logged in twice at a time',
  )
  const [longest] = await rowsOf(
    `SELECT max(date_sub('minute', login_at, logoff_at)) AS minutes FROM agent_sessions`,
  )
  t.ok(Number(longest!.minutes) > 8 * 60 && Number(longest!.minutes) < 10 * 60, 'a shift ends')
  const byAgent = `SELECT client, agent_logon AS logon, sum(talk_s) AS talk_s, sum(wrap_s) AS wrap_s
    FROM calls WHERE talk_s > 0 GROUP BY ALL`
  const byState = `SELECT client, logon,
    sum(date_sub('second', start_at, end_at)) FILTER (state IN ('In Call', 'Hold')) AS in_call_s,
    sum(date_sub('second', start_at, end_at)) FILTER (state = 'Wrap') AS wrapped_s FROM agent_states GROUP BY ALL`
  const both = `FROM (${byAgent}) FULL JOIN (${byState}) USING (client, logon)`
  t.ok((await countOf(both)) > 30)
  t.equal(
    await countOf(`${both} WHERE talk_s IS DISTINCT FROM in_call_s OR wrap_s IS DISTINCT FROM wrapped_s`),
    0,
  )
  const kinds = await rowsOf('SELECT DISTINCT state FROM agent_states ORDER BY ALL')
  t.same(
    kinds.map(({ state }) => state),
    ['Hold', 'In Call', 'Logoff', 'Not Ready', 'Ready', 'Wrap'],
  )
})

t.test('bills come after their calls, some on a later day, rounded up to their increment', async (t) => {
  const both = 'FROM billed_calls AS bill JOIN calls USING (client, call_id)'
  t.equal(await countOf(both), await countOf('FROM billed_calls'))
  t.equal(
    await countOf("FROM billed_calls WHERE channel = 'voice'"),
    await countOf("FROM calls WHERE result NOT LIKE '%(Not Made)'"),
  )
  t.equal(await countOf(`${both} WHERE billed_at <= end_at`), 0)
  t.ok((await countOf(`${both} WHERE billed_at > end_at + INTERVAL 9 HOUR`)) > 100)
  t.equal(
    await countOf(`FROM billed_calls WHERE channel = 'voice'
      AND (billed_s % increment_s <> 0 OR billed_s < raw_s OR billed_s >= raw_s + increment_s)`),
    0,
  )
  const rates = await rowsOf(`SELECT destination, count(DISTINCT rate) AS n FROM billed_calls GROUP BY 1`)
  t.ok(rates.length > 5)
  t.ok(
    rates.filter(({ destination }) => String(destination).startsWith('US')).every(({ n }) => n === '2'),
    'a rate changes within the month',
  )
  const hourly = "FROM rates WHERE item = 'agent-hour' AND service IS NULL AND client = 'acme'"
  t.equal(await countOf(`${hourly} AND call_center = 'tampa' AND valid_from <= DATE '2026-11-16'`), 4)
  t.equal(
    await countOf(`FROM (SELECT *, lead(valid_from) OVER (PARTITION BY client, call_center, item, service
      ORDER BY valid_from) AS later FROM rates) WHERE later <> valid_until`),
    0,
  )
})

t.test('every recording is of a call, gone only in the past, and some are gone', async (t) => {
  const both = 'FROM recordings JOIN calls USING (client, call_id)'
  t.equal(
    await countOf(`${both} WHERE recordings.recording_id = calls.recording_id`),
    await countOf('FROM recordings'),
  )
  t.equal(await countOf('FROM recordings WHERE deleted_at < created_at'), 0)
  t.equal(await countOf("FROM recordings WHERE deleted_at >= TIMESTAMP '2026-11-17'"), 0)
  t.ok((await countOf('FROM recordings WHERE deleted_at IS NOT NULL')) > 20)
})

t.test('the hour that comes twice has calls both times, the one that is left out has none', async (t) => {
  const local = (column: string) => `timezone('America/Chicago', ${column} AT TIME ZONE 'UTC')`
  const nightHours = async (season: string, day: string) => {
    const rows =
      await rowsOf(`SELECT DISTINCT date_trunc('hour', start_at)::VARCHAR AS utc FROM ${season}.calls
      WHERE CAST(${local('start_at')} AS DATE) = DATE '${day}' AND hour(${local('start_at')}) IN (1, 2) ORDER BY 1`)
    return rows.map(({ utc }) => String(utc).slice(11, 13))
  }
  t.same(await nightHours('back', '2026-11-01'), ['06', '07', '08'])
  t.same(await nightHours('forth', '2026-03-08'), ['07'])
  t.ok(
    (await countOf(
      `FROM back.calls WHERE date_trunc('hour', ${local('start_at')}) = TIMESTAMP '2026-11-01 04:00:00'`,
    )) > 0,
    'the day is longer by an hour, not shifted',
  )
  const overMidnight = `WHERE CAST(${local('login_at')} AS DATE) < CAST(${local('logoff_at')} AS DATE)`
  t.ok((await countOf(`FROM back.agent_sessions ${overMidnight}`)) > 0, 'and shifts go over midnight')
})

t.test('calls by the million have the contract’s columns, and the same values the same rows', async (t) => {
  const options = {
    ...{ rows: 20_000, seed: 5, lastDay: '2026-11-22', days: 2 },
    ...{ client: 'acme', callCenters: ['dallas', 'tampa'] },
  }
  for (const name of ['many', 'again']) await writeManyCalls({ folder: join(folder, name), ...options })
  const rows = (name: string) => `FROM '${join(folder, name)}/calls.parquet'`
  const found = await rowsOf(`SELECT column_name, column_type FROM (DESCRIBE ${rows('many')})`)
  t.same(
    found.map(({ column_name, column_type }) => [column_name, column_type]),
    Object.entries(datasetTables.calls),
  )
  t.equal(await countOf(rows('many')), 20_000)
  t.equal(await countOf(`FROM (SELECT * ${rows('many')} EXCEPT SELECT * ${rows('again')})`), 0)
  const [span] = await rowsOf(`SELECT count(DISTINCT call_id) AS ids, count(DISTINCT call_center) AS centers,
    min(start_at)::VARCHAR AS first, max(start_at)::VARCHAR AS last ${rows('many')}`)
  t.match(span, { ids: '20000', centers: '2', first: '2026-11-21 00:00:00', last: /^2026-11-22 23:59:/ })
})
