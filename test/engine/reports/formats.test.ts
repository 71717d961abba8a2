import '../../fakes/clean-children.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import t from 'tap'
import { writeMadeUpReport } from '../../../engine/reports/made-up-report.ts'
import { type ReportRequest, runReport } from '../../../engine/reports/run-report.ts'
import { createProbe } from './probe-report.ts'
import { writeSmallDataset } from './small-dataset.ts'

const folder = t.testdir({ parquet: {}, work: {} })
const { request } = createProbe(folder)
const never = new AbortController().signal
const outPath = join(folder, 'out.csv')

t.before(() => writeSmallDataset(join(folder, 'parquet'), 'parquet'))

// Two rows of each type, one of nulls, and what each format has to look after.
const sql = `SELECT * FROM (VALUES
  ('<b>Müller</b>', '+12145550100', 1234567, 1234.565::DECIMAL(12,3), 12.5::DOUBLE, 9.995::DECIMAL(8,3),
    TIMESTAMP '2026-11-01 07:00:00', DATE '2026-11-01', true),
  ('=1+1', NULL, -5, NULL, NULL, NULL, NULL, NULL, false)) t(a, b, c, d, e, f, g, h, i)`
const columns = 'a b:phone c:integer d:number e:percent f:money g:timestamp h:date i:boolean'
const head: NonNullable<ReportRequest['head']> = {
  client: 'Acme & Sons',
  scope: 'call-center',
  callCenters: ['Dallas, TX'],
  period: {
    start: '2026-11-01T05:00:00.000Z',
    end: '2026-11-02T06:00:00.000Z',
    timezone: 'America/Chicago',
  },
  generatedAt: '2026-11-02T12:30:00.000Z',
  revision: 'abc123',
}
const totalsSql = `SELECT NULL AS a, NULL AS b, 1234562 AS c, NULL AS d, NULL AS e, 9.995 AS f,
  NULL AS g, NULL AS h, NULL AS i`

function requestOf(format: ReportRequest['format'], rest: Partial<ReportRequest> = {}): ReportRequest {
  const made = request(sql, columns, { format, head, ...rest })
  return { ...made, definition: { ...made.definition, totalsSql } }
}

async function fileOf(format: ReportRequest['format'], rest: Partial<ReportRequest> = {}): Promise<Buffer> {
  await runReport(requestOf(format, rest), never)
  return readFileSync(outPath)
}

t.test('json is an array of objects by column name, with ISO times and exact decimals', async (t) => {
  const text = (await fileOf('json')).toString()
  t.same(JSON.parse(text), [
    {
      a: '<b>Müller</b>',
      b: '+12145550100',
      c: 1234567,
      d: 1234.57,
      e: 12.5,
      f: 10,
      g: '2026-11-01T01:00:00-06:00',
      h: '2026-11-01',
      i: true,
    },
    { a: '=1+1', b: null, c: -5, d: null, e: null, f: null, g: null, h: null, i: false },
  ])
  t.match(text, '"d":1234.57,"e":12.50,"f":10.00,')
  t.equal((await runReport(request('SELECT 1 AS a LIMIT 0', 'a:integer', { format: 'json' }), never)).rows, 0)
  t.equal(readFileSync(outPath, 'utf8'), '[]\n')
})

t.test('txt is between tabs, as csv else', async (t) => {
  const [, first, second] = (await fileOf('txt')).toString().split('\n')
  t.equal(
    first,
    '<b>Müller</b>\t+12145550100\t1234567\t1234.57\t12.50\t10.00\t2026-11-01T01:00:00-06:00\t2026-11-01\ttrue',
  )
  t.equal(second, "'=1+1\t\t-5\t\t\t\t\t\tfalse")
})

t.test('compressed is the same file, and the same bytes each time', async (t) => {
  for (const format of ['csv', 'json'] as const) {
    const plain = await fileOf(format)
    const first = await fileOf(format, { gzip: true })
    t.equal(gunzipSync(first).toString(), plain.toString())
    t.ok((await fileOf(format, { gzip: true })).equals(first))
  }
})

t.test(
  'html escapes texts, says what it covers and ends in the Total row, in the locale and zone',
  async (t) => {
    const page = (await fileOf('html', { locale: 'de' })).toString()
    t.notMatch(page, '<b>')
    t.match(page, '<td>&lt;b&gt;Müller&lt;/b&gt;</td>')
    t.match(page, '<td>=1+1</td>', 'a page runs no formulas')
    t.match(page, '<td class="n">1.234.567</td><td class="n">1.234,57</td>')
    t.match(page, /<td class="n">12,50\s%<\/td>/)
    t.match(page, '<td>01.11.2026, 01:00:00</td><td>01.11.2026</td><td>Yes</td>')
    for (const line of [
      '<dt>Client</dt><dd>Acme &amp; Sons</dd>',
      '<dt>Scope</dt><dd>Call center</dd>',
      '<dt>Call centers</dt><dd>Dallas, TX</dd>',
      '<dt>Period start</dt><dd>01.11.2026, 00:00</dd>',
      '<dt>Period end (exclusive)</dt><dd>02.11.2026, 00:00</dd>',
      '<dt>Time zone</dt><dd>America/Chicago</dd>',
      '<dt>Generated at</dt><dd>02.11.2026, 06:30</dd>',
      '<dt>Revision</dt><dd>abc123</dd>',
      '<dt>Rows</dt><dd>2</dd>',
    ])
      t.match(page, line)
    const foot = page.slice(page.indexOf('<tfoot>'))
    t.match(foot, '<tfoot><tr><td>Total</td><td></td><td class="n">1.234.562</td>')
    t.match(foot, '<td class="n">10,00</td>')
    t.ok((await fileOf('html', { locale: 'de' })).equals(Buffer.from(page)))
    t.match((await fileOf('html')).toString(), '<td>Nov 1, 2026, 1:00:00')
  },
)

t.test('machines never get the totals, people only where the query gives a row', async (t) => {
  for (const format of ['csv', 'json', 'txt'] as const)
    t.notMatch((await fileOf(format)).toString(), '1234562', format)
  const without = requestOf('html')
  without.definition = { ...without.definition, totalsSql: `${totalsSql} WHERE false` }
  await runReport(without, never)
  t.notMatch(readFileSync(outPath, 'utf8'), '<tfoot>')
})

t.test('totals are under the lock-down of every query, and have the columns of the report', async (t) => {
  for (const [totals, error] of [
    ["SELECT * FROM read_csv('/etc/hosts')", { code: 'REPORT_FAILED' }],
    ['SELECT 1; SELECT 2', { code: 'REPORT_FAILED' }],
    [totalsSql.replace('AS c', 'AS z'), { code: 'REPORT_DRIFT' }],
    [totalsSql.replace('1234562', "'many'"), { code: 'REPORT_DRIFT' }],
    [
      `${totalsSql} FROM range(2)`,
      { code: 'REPORT_FAILED', details: { reason: 'totals.sql gives more than one row' } },
    ],
  ] as const) {
    const wrong = requestOf('html')
    wrong.definition = { ...wrong.definition, totalsSql: totals }
    await t.rejects(runReport(wrong, never), error as { code: string; details?: object })
  }
})

t.test('parquet has the report’s types; the query reaches no other file while it is written', async (t) => {
  await fileOf('parquet')
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  const found = await connection.run(`SELECT * FROM read_parquet('${outPath}')`)
  t.same(found.columnTypes().map(String), [
    'VARCHAR',
    'VARCHAR',
    'BIGINT',
    'DOUBLE',
    'DOUBLE',
    'DECIMAL(18,2)',
    'TIMESTAMP WITH TIME ZONE',
    'DATE',
    'BOOLEAN',
  ])
  const [first] = await found.getRowsJson()
  t.same(first?.slice(0, 4), ['<b>Müller</b>', '+12145550100', '1234567', 1234.565])
  connection.closeSync()
  instance.closeSync()
  const reads = `SELECT a FROM '${join(folder, 'parquet/calls.parquet')}' t(a)`
  await t.rejects(runReport(request(reads, 'a', { format: 'parquet' }), never), { code: 'REPORT_FAILED' })
  await t.rejects(fileOf('parquet', { limits: { maxBytes: 10 } }), {
    code: 'REPORT_FAILED',
    details: { reason: 'its file has more than 10 bytes' },
  })
})

t.test('made-up rows come in every format', async (t) => {
  for (const format of ['csv', 'txt', 'json', 'html', 'xlsx', 'parquet'] as const) {
    t.same(await writeMadeUpReport(requestOf(format), 3), { rows: 3, overview: null })
    const bytes = readFileSync(outPath)
    t.ok(bytes.length > 100, format)
    await writeMadeUpReport(requestOf(format), 3)
    t.ok(bytes.equals(readFileSync(outPath)), `${format} has the same bytes again`)
  }
})
