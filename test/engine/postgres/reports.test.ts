import '../../fakes/clean-children.ts'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import t from 'tap'
import { createPostgresTables } from '../../../engine/adapters/postgres-tables.ts'
import { datasetTables } from '../../../engine/reports/dataset-tables.ts'
import { type ReportRequest, runReport } from '../../../engine/reports/run-report.ts'
import { postgresFolder } from '../../fakes/postgres-server.ts'
import { reportCases, requestOf, standardReports } from '../../reports/report-cases.ts'
import { createProbe } from '../reports/probe-report.ts'
import { openProxy, openStage } from './stage.ts'

const never = new AbortController().signal
const fixtures = join(import.meta.dirname, '../../fixtures/reports/data')
const canary = 'CANARY-7f3a'

t.test('reports of a database', { skip: postgresFolder ? false : 'no PostgreSQL' }, async (t) => {
  const stage = await openStage(t)
  const folder = t.testdir({ work: {}, parquet: {}, odd: {} })
  const { request } = createProbe(folder)
  const duckdb = await DuckDBInstance.create()
  const connection = await duckdb.connect()
  t.teardown(() => {
    connection.closeSync()
    duckdb.closeSync()
  })
  for (const file of readdirSync(fixtures).filter((name) => name.endsWith('.csv'))) {
    const name = file.replace('.csv', '') as keyof typeof datasetTables
    const path = join(fixtures, file)
    const columns = readFileSync(path, 'utf8').split('\n')[0]!.split(',')
    const types = columns.map((column) => `'${column}': '${datasetTables[name][column]}'`).join(', ')
    await connection.run(
      `COPY (FROM read_csv('${path}', header = true, types = {${types}})) TO '${folder}/parquet/${name}.parquet' (FORMAT parquet)`,
    )
    // One instant is kept without a zone: then it is in UTC already.
    await stage.table(name, columns, { end_at: 'timestamp' })
    await stage.load(name, path)
  }

  const render = async (
    asked: Partial<ReportRequest> & Pick<ReportRequest, 'definition'>,
  ): Promise<string> => {
    const database = (dataset: typeof stage.connection) => createPostgresTables(dataset, stage)
    const given = { ...request('SELECT 1 AS x', 'x:integer'), outPath: join(folder, 'out'), ...asked }
    await runReport({ ...given, database: database as never }, never)
    return readFileSync(given.outPath, 'utf8')
  }

  await t.test('standard reports are the same bytes as from Parquet', async (t) => {
    const ids = ['call/call-detail', 'agent/agent-summary', 'billing/usage-summary']
    const all = standardReports()
    const chosen = ids.map((id) => all.find((report) => report.id === id)!)
    let bytes = 0
    for (const report of chosen) {
      const wanted = reportCases(report.id).cases[0]!
      const definition = { ...report.definition, sql: report.query, totalsSql: report.totals }
      const asked = { ...requestOf(wanted), definition, format: 'html' as const }
      const dataset = { ...asked.dataset, format: 'parquet' as const, path: join(folder, 'parquet') }
      const fromFiles = await render({ ...asked, dataset } as typeof asked)
      const fromDatabase = await render({ ...asked, dataset: stage.connection })
      t.equal(fromDatabase, fromFiles, report.id)
      bytes += fromFiles.length
    }
    t.ok(bytes > 4000, 'there are rows to compare')
  })

  await t.test('every type and every odd text arrives as from Parquet', async (t) => {
    await stage.run('DROP TABLE reporting.calls, reporting.recordings, reporting.rates')
    const texts = [
      '',
      'a,b',
      'say "hi"',
      'two\nlines',
      'car\rriage',
      'crlf\r\nend',
      '\\.',
      '\\N',
      "O'Hara",
      'Zoë ☎ 😀',
      ' pad ',
      '=1+1',
      'NULL',
      'x'.repeat(150),
    ]
    await stage.table(
      'calls',
      [
        'call_id',
        'client',
        'call_center',
        'account',
        'start_at',
        'answer_at',
        'talk_s',
        'callback',
        'service',
      ],
      {
        call_id: 'bigint',
        talk_s: 'numeric',
        client: 'char(12)',
        answer_at: 'timestamp',
        service: 'text',
      },
    )
    await stage.table('recordings', ['recording_id', 'client', 'call_center', 'bytes'], {
      recording_id: 'uuid',
    })
    await stage.table('rates', ['item', 'client', 'call_center', 'rate', 'valid_from', 'valid_until'])
    const quote = (text: string) => `'${text.replaceAll("'", "''")}'`
    const rows = texts.map(
      (text, at) =>
        `(${9007199254740990n + BigInt(at)}, 'acme', 'dallas', ${quote(text)}, '2026-11-0${(at % 9) + 1} 01:30:00.123456+02', '2026-11-01 06:00:00', ${at}.6, ${at % 2 === 0}, NULL)`,
    )
    await stage.run(`INSERT INTO reporting.calls VALUES ${rows.join(', ')}`)
    await stage.run(
      `INSERT INTO reporting.recordings VALUES ('6f9619ff-8b86-d011-b42d-00c04fc964ff', 'acme', 'dallas', 9223372036854775807)`,
    )
    await stage.run(
      `INSERT INTO reporting.rates VALUES ('gb-day', 'acme', 'dallas', 0.0000015, '2024-02-29', NULL), ('agent-hour', 'acme', 'dallas', 123456.654321, '2026-11-01', '2026-12-01')`,
    )
    await connection.run(
      'CREATE TABLE calls (call_id VARCHAR, client VARCHAR, call_center VARCHAR, account VARCHAR, start_at TIMESTAMP, answer_at TIMESTAMP, talk_s INTEGER, callback BOOLEAN, service VARCHAR)',
    )
    for (const [at, text] of texts.entries()) {
      await connection.run(
        `INSERT INTO calls VALUES ($1, 'acme', 'dallas', $2, CAST($3 AS TIMESTAMP), '2026-11-01 06:00:00', CAST(${at}.6 AS INTEGER), ${at % 2 === 0}, NULL)`,
        [String(9007199254740990n + BigInt(at)), text, `2026-11-0${(at % 9) + 1} 01:30:00.123456`],
      )
    }
    await connection.run(`UPDATE calls SET start_at = start_at - INTERVAL 2 HOUR`)
    await connection.run(`COPY calls TO '${folder}/odd/calls.parquet'`)
    await connection.run(
      `COPY (SELECT '6f9619ff-8b86-d011-b42d-00c04fc964ff' AS recording_id, 'acme' AS client, 'dallas' AS call_center, 9223372036854775807 AS bytes) TO '${folder}/odd/recordings.parquet'`,
    )
    await connection.run(
      `COPY (SELECT * FROM (VALUES ('gb-day', 'acme', 'dallas', CAST(0.0000015 AS DECIMAL(18, 9)), DATE '2024-02-29', NULL), ('agent-hour', 'acme', 'dallas', 123456.654321, DATE '2026-11-01', DATE '2026-12-01')) AS v(item, client, call_center, rate, valid_from, valid_until)) TO '${folder}/odd/rates.parquet'`,
    )
    const queries: [sql: string, columns: string][] = [
      [
        'SELECT call_id, account, account IS NULL AS none, length(account) AS long, start_at, epoch_us(start_at) AS micros, answer_at, talk_s, callback, service FROM calls ORDER BY call_id',
        'call_id account none:boolean long:integer start_at:timestamp micros:integer answer_at:timestamp talk_s:integer callback:boolean service',
      ],
      ['SELECT recording_id, bytes FROM recordings', 'recording_id bytes:integer'],
      [
        'SELECT item, CAST(rate AS VARCHAR) AS rate, valid_from, valid_until FROM rates ORDER BY item',
        'item rate valid_from:date valid_until:date',
      ],
    ]
    for (const [sql, columns] of queries) {
      const asked = { ...request(sql, columns), format: 'json' as const, outPath: join(folder, 'out') }
      const dataset = { ...asked.dataset, format: 'parquet' as const, path: join(folder, 'odd') }
      const fromFiles = await render({ ...asked, dataset } as typeof asked)
      t.equal(await render({ ...asked, dataset: stage.connection }), fromFiles, sql.slice(0, 40))
    }
  })

  await t.test(
    'no byte of another client, call center, column or table comes over the wire, and no SQL of the report goes',
    async (t) => {
      await stage.run('DROP TABLE reporting.calls')
      await stage.table('calls', undefined, { account: 'text' })
      await stage.run(`ALTER TABLE reporting.calls ADD "x""; DROP TABLE calls; --" text DEFAULT '${canary}'`)
      const mean = `acme' OR '1'='1`
      const insert = (client: string, center: string, account: string) =>
        stage.run(
          `INSERT INTO reporting.calls (client, call_center, account, talk_s, phone) VALUES ('${client.replaceAll("'", "''")}', '${center.replaceAll("'", "''")}', '${account}', 5, '${canary}')`,
        )
      await insert('acme', 'dallas', 'ours')
      for (const other of ['ACME', 'acme ', 'borealis', '%']) await insert(other, 'dallas', canary)
      await insert('acme', 'tampa', canary)
      await insert(mean, `da"l,{l}\\as'`, 'of the mean one')
      const proxy = await openProxy(stage.port)
      t.teardown(() => proxy.close())
      const dataset = { ...stage.connection, port: proxy.port }
      const sql = `SELECT account, talk_s FROM calls /* of-the-report */`
      const ours = { ...request(sql, 'account talk_s:integer'), dataset, outPath: join(folder, 'out') }
      t.equal(await render(ours), 'ACCOUNT,TALK_S\nours,5\n')
      t.notMatch(proxy.received(), canary)
      t.notMatch(proxy.sent(), 'of-the-report')
      t.match(proxy.sent(), 'REPEATABLE READ READ ONLY')
      const tenant = { client: mean, callCenters: [`da"l,{l}\\as'`, 'none'] }
      t.equal(await render({ ...ours, tenant }), 'ACCOUNT,TALK_S\nof the mean one,5\n')
      t.equal(await render({ ...ours, tenant: { client: '%', callCenters: ['tampa'] } }), 'ACCOUNT,TALK_S\n')
      t.notMatch(proxy.received(), canary)
      const whole = { ...ours, tenant: { client: 'acme', callCenters: null } }
      t.equal((await render(whole)).split('\n').length, 4, 'without call centers, all of the client')
    },
  )
})
