import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import t from 'tap'
import { checkQuery, openSealed } from '../../../engine/reports/query-check.ts'
import { copyTenant } from '../../../engine/reports/tenant-copy.ts'
import { canary, writeSmallDataset } from './small-dataset.ts'

const folder = t.testdir({ data: {}, work: {} })
const data = join(folder, 'data')
const copyPath = join(folder, 'work', 'tenant.duckdb')

t.before(async () => {
  await writeSmallDataset(data, 'parquet')
  await writeSmallDataset(data, 'csv')
  const other = await DuckDBInstance.create(join(data, 'other.duckdb'))
  const connection = await other.connect()
  await connection.run(`CREATE TABLE secrets AS SELECT '${canary}' AS account`)
  connection.closeSync()
  other.closeSync()
  await copyTenant({
    dataset: { name: 'ds', format: 'parquet', path: data },
    tenant: { client: 'acme', callCenters: ['dallas'] },
    tables: ['calls', 'campaigns'],
    outcomes: null,
    databasePath: copyPath,
    settings: {},
    describe: (error) => {
      throw error
    },
  })
})

const readers = (file: (name: string) => string) => [
  `read_parquet('${file('calls.parquet')}')`,
  `parquet_scan('${file('calls.parquet')}')`,
  `parquet_metadata('${file('calls.parquet')}')`,
  `parquet_schema('${file('calls.parquet')}')`,
  `read_csv('${file('calls.csv')}')`,
  `read_csv_auto('${file('calls.csv')}')`,
  `sniff_csv('${file('calls.csv')}')`,
  `read_json('${file('calls.csv')}')`,
  `read_text('${file('calls.csv')}')`,
  `read_blob('${file('calls.csv')}')`,
  `glob('${file('*')}')`,
  `read_duckdb('${file('other.duckdb')}', table_name = 'secrets')`,
  `'${file('calls.csv')}'`,
  `"${file('calls.parquet')}"`,
]
const wrappers = [
  (source: string) => `SELECT * FROM ${source}`,
  (source: string) => `FROM ${source}`,
  (source: string) => `WITH a AS MATERIALIZED (SELECT * FROM ${source}) SELECT * FROM a`,
  (source: string) => `SELECT (SELECT count(*) FROM ${source})::VARCHAR`,
  (source: string) => `SELECT call_id FROM calls WHERE EXISTS (FROM ${source})`,
  (source: string) => `SELECT account FROM calls UNION ALL BY NAME SELECT * FROM ${source}`,
  (source: string) => `SELECT * FROM query('SELECT * FROM ${source.replaceAll("'", "''")}')`,
]
const files = [(name: string) => join(data, name), () => '/etc/passwd', () => '/proc/self/environ']

t.test('the sealed database alone keeps every file closed, however a query asks for it', async (t) => {
  const { connection, close } = await openSealed(copyPath, { access_mode: 'READ_ONLY' })
  t.teardown(close)
  for (const file of files) {
    for (const reader of readers(file)) {
      for (const wrap of wrappers) {
        await t.rejects(connection.run(wrap(reader)), /Permission|Catalog|IO|Binder/, wrap(reader))
      }
    }
  }
})

t.test('the query check alone refuses every function that reads files', async (t) => {
  for (const reader of readers((name) => join(data, name)).filter((source) => source.includes('('))) {
    for (const wrap of wrappers) {
      await t.rejects(checkQuery('r', wrap(reader)), { code: 'REPORT_FAILED' }, wrap(reader))
    }
  }
})

t.test('the sealed database cannot be written, widened or left', async (t) => {
  const { connection, close } = await openSealed(copyPath, { access_mode: 'READ_ONLY' })
  t.teardown(close)
  const before = readdirSync(folder, { recursive: true }).sort()
  for (const sql of [
    `ATTACH '${join(data, 'other.duckdb')}' AS other`,
    `ATTACH ':memory:' AS other`,
    `COPY calls TO '${join(folder, 'out.csv')}'`,
    `COPY calls FROM '${join(data, 'calls.csv')}'`,
    `EXPORT DATABASE '${join(folder, 'out')}'`,
    'SET enable_external_access = true',
    'SET lock_configuration = false',
    "SET memory_limit = '100GB'",
    'RESET memory_limit',
    "PRAGMA memory_limit = '100GB'",
    `SET temp_directory = '${folder}'`,
    `SET home_directory = '${folder}'`,
    'INSTALL httpfs',
    'LOAD httpfs',
    'CREATE TABLE x AS SELECT 1',
    'CREATE SCHEMA x',
    'DROP TABLE calls',
    "UPDATE calls SET client = 'x'",
    'DELETE FROM calls',
    "INSERT INTO calls (client) VALUES ('x')",
    "CREATE PERSISTENT SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "SELECT getenv('PATH')",
  ]) {
    await t.rejects(connection.run(sql), Error, sql)
  }
  t.same(readdirSync(folder, { recursive: true }).sort(), before)
})

t.test('the copy holds the rows of the client and its call center, and nothing else', async (t) => {
  const { connection, close } = await openSealed(copyPath, { access_mode: 'READ_ONLY' })
  t.teardown(close)
  const homes = await connection.runAndReadAll('SELECT DISTINCT client, call_center FROM calls')
  t.same(homes.getRows(), [['acme', 'dallas']])
  const tables = await connection.runAndReadAll('SELECT table_name FROM duckdb_tables() ORDER BY ALL')
  t.same(tables.getRows(), [['calls'], ['campaigns']])
  t.notOk(existsSync(`${copyPath}.wal`))
})

t.test('only exactly one SELECT passes the check, and names the tables that it needs', async (t) => {
  for (const sql of [
    '',
    '-- nothing',
    'SELECT 1; SELECT 2',
    'SELEC 1',
    'DESCRIBE calls',
    'SHOW TABLES',
    'SUMMARIZE calls',
    'EXPLAIN SELECT 1',
    'PRAGMA database_list',
    'CALL pragma_version()',
    'CHECKPOINT',
    'PREPARE x AS SELECT 1',
    'CREATE TABLE x AS SELECT 1',
    'WITH x AS (INSERT INTO calls VALUES (1) RETURNING *) SELECT * FROM x',
    'FROM enable_profiling()',
    "FROM enable_logging('QueryLog', storage = 'file')",
    'SELECT * FROM duckdb_settings()',
    "SELECT * FROM query_table('calls')",
  ]) {
    await t.rejects(checkQuery('call/x', sql), { code: 'REPORT_FAILED', details: { report: 'call/x' } }, sql)
  }
  t.same(await checkQuery('r', 'SELECT * FROM "Calls" c LEFT JOIN main.campaigns USING (campaign_id);'), [
    'calls',
    'campaigns',
  ])
  t.same(
    await checkQuery('r', 'WITH a AS (FROM agents) SELECT (SELECT count(*) FROM calls WHERE x > $x) FROM a'),
    ['calls', 'agents'],
  )
  t.same(await checkQuery('r', 'SELECT 1 FROM range(3)'), [])
})
