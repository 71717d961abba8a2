import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import t from 'tap'
import { type ReportRequest, runReport } from '../../../engine/reports/run-report.ts'
import { createProbe } from './probe-report.ts'
import { canary, writeSmallDataset } from './small-dataset.ts'

const folder = t.testdir({
  parquet: {},
  csv: {},
  json: {},
  parts: { calls: {} },
  broken: { 'calls.parquet': 'no' },
  work: {},
})
const work = join(folder, 'work')
const outPath = join(folder, 'out.csv')
const { dataset, request } = createProbe(folder)
const never = new AbortController().signal

t.before(async () => {
  for (const format of ['parquet', 'csv', 'json'] as const)
    await writeSmallDataset(join(folder, format), format)
  writeFileSync(join(folder, 'parts/calls/a.parquet'), readFileSync(join(folder, 'parquet/calls.parquet')))
})

async function rowsOf(sql: string, columns: string, rest?: Partial<ReportRequest>): Promise<string[]> {
  await runReport(request(sql, columns, rest), never)
  return readFileSync(outPath, 'utf8').split('\n').slice(1, -1)
}

t.test('a report gets the period by parameters, its end exclusive, in UTC', async (t) => {
  const sql = `SELECT call_id, account, phone, start_at FROM calls
    WHERE start_at >= $period_start AND start_at < $period_end ORDER BY start_at, call_id`
  const { rows } = await runReport(request(sql, 'call_id account phone:phone start_at:timestamp'), never)
  t.equal(rows, 3)
  t.equal(
    readFileSync(outPath, 'utf8'),
    'CALL_ID,ACCOUNT,PHONE,START_AT\n' +
      'd1,0017,+12145550100,2026-11-20T00:00:00-06:00\n' +
      'd2,"Müller, ""Jo""",+12145550100,2026-11-20T06:30:00-06:00\n' +
      "d3,'=1+1,+12145550100,2026-11-20T06:30:00-06:00\n",
  )
})

t.test('a tenant is exactly its client and call centers', async (t) => {
  const sql = 'SELECT call_id FROM calls ORDER BY 1'
  t.same(await rowsOf(sql, 'call_id'), ['d1', 'd2', 'd3', 'd4'])
  t.same(await rowsOf(sql, 'call_id', { tenant: { client: 'acme', callCenters: null } }), [
    'd1',
    'd2',
    'd3',
    'd4',
    't1',
  ])
  t.same(await rowsOf(sql, 'call_id', { tenant: { client: 'acme', callCenters: ['tampa'] } }), ['t1'])
  t.same(await rowsOf(sql, 'call_id', { tenant: { client: 'acme', callCenters: [] } }), [])
  t.same(await rowsOf(sql, 'call_id', { tenant: { client: "' OR true --", callCenters: null } }), [])
})

t.test('csv, json and folders of files give the same rows as one Parquet file', async (t) => {
  const sql = 'SELECT call_id, account, talk_s, start_at FROM calls ORDER BY call_id'
  const columns = 'call_id account talk_s:integer start_at:timestamp'
  const expected = await rowsOf(sql, columns)
  t.equal(expected.length, 4)
  t.same(await rowsOf(sql, columns, { dataset: dataset('csv', 'csv') }), expected)
  t.same(await rowsOf(sql, columns, { dataset: dataset('json', 'json') }), expected)
  t.same(await rowsOf(sql, columns, { dataset: dataset('parts') }), expected)
})

t.test('parameters are values: text in them is never SQL, and only those in use must be there', async (t) => {
  const hostile = "x' UNION SELECT account FROM calls --"
  t.same(
    await rowsOf('SELECT $campaign_id::VARCHAR AS a, $client AS b, $n + 1 AS c', 'a b c:integer', {
      params: { campaign_id: hostile, n: 41, unused: null, client: 'other' },
    }),
    [`${hostile},acme,42`],
  )
  await t.rejects(runReport(request('SELECT $toString AS a', 'a'), never), {
    code: 'REPORT_FAILED',
    details: { reason: 'the query uses $toString, which this run does not have' },
  })
})

t.test('hostile queries fail and show nothing of others', async (t) => {
  const file = join(folder, 'parquet/calls.parquet')
  for (const sql of [
    `SELECT account AS a FROM read_parquet('${file}')`,
    `SELECT account AS a FROM '${file}'`,
    "SELECT content AS a FROM read_text('/etc/passwd')",
    `SELECT account AS a FROM calls; COPY calls TO '${outPath}'`,
    `ATTACH '${file}' AS a`,
    'FROM enable_profiling()',
    "SELECT getenv('PATH') AS a",
  ]) {
    const error = await runReport(request(sql, 'a'), never).catch((error) => error)
    t.equal(error.code, 'REPORT_FAILED', sql)
    t.notMatch(error.message, new RegExp(`${canary}|${folder}|\\n`))
    t.throws(() => readFileSync(outPath), { code: 'ENOENT' })
  }
})

t.test('an error says what is wrong with the query, but no value of a row', async (t) => {
  const reasonOf = async (sql: string) =>
    (await runReport(request(sql, 'a'), never).catch((error) => error)).details.reason
  t.equal(
    await reasonOf('SELECT nix AS a FROM calls'),
    'Binder Error: Referenced column "nix" not found in FROM clause!',
  )
  t.equal(await reasonOf('SELECT a FROM nix'), 'Catalog Error: Table with name nix does not exist!')
  t.equal(await reasonOf('SELECT CAST(account AS DATE)::VARCHAR AS a FROM calls'), 'Conversion Error')
  t.equal(await reasonOf('SELECT FROM'), 'the query does not parse: syntax error at end of input')
})

t.test('columns that differ in name, order or type are drift', async (t) => {
  const drift = (found: string, expected: string) => ({
    code: 'REPORT_DRIFT',
    details: { report: 'call/probe', found, expected },
  })
  const sql = 'SELECT call_id, talk_s FROM calls'
  await t.rejects(
    runReport(request(sql, 'talk_s:integer call_id'), never),
    drift('call_id, talk_s', 'talk_s, call_id'),
  )
  await t.rejects(runReport(request(sql, 'call_id'), never), drift('call_id, talk_s', 'call_id'))
  await t.rejects(
    runReport(request(sql, 'call_id talk_s:timestamp'), never),
    drift('talk_s INTEGER', 'talk_s timestamp'),
  )
  await t.rejects(runReport(request("SELECT DATE '2026-01-01' AS a", 'a'), never), drift('a DATE', 'a text'))
  t.same(await rowsOf('SELECT NULL AS a', 'a:money'), [''])
})

t.test('a table whose file is missing is named, one that is not used may be missing', async (t) => {
  await t.rejects(runReport(request('SELECT name AS a FROM agents', 'a'), never), {
    code: 'DATASET_MISSING',
    details: { connection: 'warehouse', table: 'agents' },
  })
  await t.rejects(
    runReport(request('SELECT call_id AS a FROM calls', 'a', { dataset: dataset('nowhere') }), never),
    {
      code: 'DATASET_MISSING',
      details: { table: 'calls' },
    },
  )
  await t.rejects(
    runReport(request('SELECT call_id AS a FROM calls', 'a', { dataset: dataset('broken') }), never),
    {
      code: 'REPORT_FAILED',
      details: { reason: 'table calls: Invalid Input Error' },
    },
  )
})

t.test('a column that the data lacks stops only the queries that name it, and is named', async (t) => {
  const files = {
    csv: 'call_id,client,call_center,talk_s\nc1,acme,dallas,7\nc2,borealis,dallas,8\n',
    json: '[{"call_id":"c1","client":"acme","call_center":"dallas","talk_s":7}]',
  }
  for (const format of ['csv', 'json', 'parquet'] as const) {
    const path = `lacking-${format}`
    mkdirSync(join(folder, path), { recursive: true })
    if (format === 'parquet') {
      const instance = await DuckDBInstance.create()
      const connection = await instance.connect()
      const rows = "SELECT 'c1' AS call_id, 'acme' AS client, 'dallas' AS call_center, 7 AS talk_s"
      await connection.run(`COPY (${rows}) TO '${join(folder, path)}/calls.parquet' (FORMAT parquet)`)
      connection.closeSync()
      instance.closeSync()
    } else writeFileSync(join(folder, path, `calls.${format}`), files[format])
    const lacking = { dataset: dataset(path, format) }
    t.same(await rowsOf('SELECT call_id, talk_s FROM calls', 'call_id talk_s:integer', lacking), ['c1,7'])
    // JSON may leave a column out wherever it is null.
    if (format === 'json') t.same(await rowsOf('SELECT skill AS a FROM calls', 'a', lacking), [''])
    else
      await t.rejects(
        runReport(request('SELECT skill AS a FROM calls', 'a', lacking), never),
        /Binder Error: Referenced column "skill" not found in FROM clause!/,
      )
  }
})

t.test('the case of a column in the data does not matter', async (t) => {
  mkdirSync(join(folder, 'shouting'))
  writeFileSync(
    join(folder, 'shouting/calls.csv'),
    'CALL_ID,CLIENT,CALL_CENTER,ACCOUNT\nc1,acme,dallas,0017\n',
  )
  const rows = await rowsOf('SELECT call_id, account FROM calls', 'call_id account', {
    dataset: dataset('shouting', 'csv'),
  })
  t.same(rows, ['c1,0017'])
})

t.test('data without the column that says whose its rows are is nobody’s', async (t) => {
  mkdirSync(join(folder, 'ownerless'))
  writeFileSync(join(folder, 'ownerless/calls.csv'), 'call_id,call_center\nc1,dallas\n')
  const sql = 'SELECT call_id AS a FROM calls'
  await t.rejects(runReport(request(sql, 'a', { dataset: dataset('ownerless', 'csv') }), never), {
    code: 'REPORT_FAILED',
    details: { reason: 'table calls: Binder Error: Referenced column "client" not found in FROM clause!' },
  })
})

t.test('an abort kills the process and rejects with its reason', async (t) => {
  const controller = new AbortController()
  const reason = new Error('the run was cancelled')
  const sql = 'SELECT count(*)::VARCHAR AS a FROM range(10000000000) x, range(10000000000) y'
  const running = runReport(request(sql, 'a'), controller.signal)
  setImmediate(() => controller.abort(reason))
  await t.rejects(running, reason)
  await t.rejects(runReport(request(sql, 'a'), controller.signal), reason)
})

t.test('a second report in the same work folder does not meet the first', async (t) => {
  mkdirSync(join(folder, 'two'))
  const out = (at: number) => join(folder, 'two', `${at}.csv`)
  await Promise.all(
    [1, 2].map((at) => runReport(request(`SELECT ${at} AS a`, 'a:integer', { outPath: out(at) }), never)),
  )
  t.same(
    [1, 2].map((at) => readFileSync(out(at), 'utf8')),
    ['A\n1\n', 'A\n2\n'],
  )
})

t.test('whatever happened, no work file is left', async (t) => {
  t.same(readdirSync(work), [])
})
