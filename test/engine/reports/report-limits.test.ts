import { existsSync, lstatSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { describeFailure } from '../../../engine/reports/query-failure.ts'
import { type ReportRequest, runReport } from '../../../engine/reports/run-report.ts'
import { writeRows } from '../../../engine/reports/write-rows.ts'
import { createProbe } from './probe-report.ts'

const folder = t.testdir({ work: {} })
const outPath = join(folder, 'out.csv')
const { request } = createProbe(folder)
const never = new AbortController().signal
const run = (sql: string, columns: string, limits: ReportRequest['limits'] = {}) =>
  runReport(request(sql, columns, { limits }), never)

t.test('rows come in order and whole when they are more than memory holds', async (t) => {
  const sql =
    'SELECT i AS a, md5(i::VARCHAR) || md5((i + 1)::VARCHAR) AS b FROM range(1000000) t(i) ORDER BY i'
  t.same(await run(sql, 'a:integer b', { memoryMb: 64 }), { rows: 1_000_000, overview: null })
  const rows = readFileSync(outPath, 'utf8').split('\n').slice(1, -1)
  t.equal(rows.length, 1_000_000)
  t.ok(rows.every((row, at) => row.length > 64 && row.startsWith(`${at},`)))
})

t.test('a query that fails at a late row fails the report, and leaves no file', async (t) => {
  const late = (then: string, otherwise: string) =>
    `SELECT CASE WHEN i = 700000 THEN ${then} ELSE ${otherwise} END AS a FROM range(1000000) t(i)`
  for (const [sql, columns, reason] of [
    [`SELECT CAST(a AS INTEGER) AS a FROM (${late("'x'", "'1'")})`, 'a:integer', 'Conversion Error'],
    [late("error('No space left on device')", '1'), 'a:integer', 'Invalid Input Error'],
    [late('(2147483647 + i::INTEGER)', '1'), 'a:integer', 'Out of Range Error'],
    [late("repeat('x', 2000000000 + i::INTEGER)", "'1'"), 'a', 'the query needs more than 64 MB'],
  ] as const) {
    await t.rejects(run(sql, columns, { memoryMb: 64 }), { code: 'REPORT_FAILED', details: { reason } }, sql)
    t.notOk(existsSync(outPath), sql)
  }
})

t.test(
  'a deadline ends a query that computes for ever, and one whose rows take too long to write',
  async (t) => {
    for (const [sql, timeoutMs] of [
      ['SELECT count(*) AS a FROM range(10000000000) x, range(10000000000) y', 700],
      ['SELECT i AS a FROM range(40000000) t(i)', 2500],
    ] as const) {
      await t.rejects(
        run(sql, 'a:integer', { timeoutMs }),
        { code: 'STEP_TIMEOUT', details: { timeoutMs } },
        sql,
      )
      t.notOk(existsSync(outPath), sql)
    }
  },
)

t.test('a deadline further off than a timer can count does not end a query at once', async (t) => {
  const sql = 'SELECT count(*) AS a FROM range(100000000) t(i) WHERE hash(i) % 3 = 0'
  t.same(await run(sql, 'a:integer', { timeoutMs: 30 * 86_400_000 }), { rows: 1, overview: null })
})

t.test('a query that wants too much memory fails, also where DuckDB does not count it', async (t) => {
  for (const sql of [
    "SELECT list(repeat('x', 1000) || i)::VARCHAR AS a FROM range(100000000) t(i)",
    "SELECT repeat('x', 3000000000) AS a",
  ]) {
    await t.rejects(run(sql, 'a', { memoryMb: 64 }), {
      code: 'REPORT_FAILED',
      details: { reason: 'the query needs more than 64 MB' },
    })
  }
})

t.test('a query cannot fill the disk, neither by its file nor by what it keeps aside', async (t) => {
  const sql = 'SELECT md5(i::VARCHAR) || md5((i + 1)::VARCHAR) AS a FROM range(1000000000) t(i)'
  await t.rejects(run(sql, 'a', { memoryMb: 64, maxTempBytes: 20_000_000, timeoutMs: 10_000 }), {
    code: 'REPORT_FAILED',
    details: { reason: 'the query needs more than 20000000 bytes of temporary files' },
  })
  await t.rejects(run("SELECT 'äöü' AS a FROM range(200)", 'a', { maxBytes: 1401 }), {
    code: 'REPORT_FAILED',
    details: { reason: 'its file would have more than 1401 bytes' },
  })
  t.notOk(existsSync(outPath))
  // Two bytes of header, seven a row.
  t.same(await run("SELECT 'äöü' AS a FROM range(200)", 'a', { maxBytes: 1402 }), {
    rows: 200,
    overview: null,
  })
})

t.test('a stream that ends early is no whole report', async (t) => {
  const chunk = { rowCount: 2, getColumns: () => [['x', 'y']] }
  const streamOf = (chunks: number, onEnd = () => {}) => ({
    async fetchChunk() {
      if (chunks-- > 0) return chunk
      onEnd()
      return null
    },
  })
  const target = {
    report: 'call/probe',
    columns: [{ name: 'a', title: 'A', type: 'text' as const }],
    title: 'Probe',
    timezone: 'UTC',
    locale: 'en',
    head: null,
    layout: null,
    totals: null,
    format: 'csv' as const,
    gzip: false,
    outPath: join(t.testdir(), 'out.csv'),
    rowCount: 4,
    maxBytes: 1000,
  }
  await writeRows(streamOf(2), target, never)
  t.equal(readFileSync(target.outPath, 'utf8'), 'A\nx\ny\nx\ny\n')
  for (const [chunks, rows] of [
    [0, 0],
    [1, 2],
    [3, 6],
  ] as const) {
    const reason = `it gave ${rows} rows of 4 back`
    await t.rejects(writeRows(streamOf(chunks), target, never), {
      code: 'REPORT_FAILED',
      details: { reason },
    })
  }
  const deadline = new AbortController()
  const late = new Error('late')
  await t.rejects(
    writeRows(
      streamOf(1, () => deadline.abort(late)),
      target,
      deadline.signal,
    ),
    late,
  )
})

const noFullDevice = existsSync('/dev/full') ? false : 'no /dev/full'
t.test('a disk without room is no fault of the report', { skip: noFullDevice }, async (t) => {
  const link = join(t.testdir(), 'out.csv')
  symlinkSync('/dev/full', link)
  await t.rejects(runReport(request('SELECT 1 AS a', 'a:integer', { outPath: link }), never), {
    code: 'STORAGE_FAILED',
    retry: true,
    details: { reason: 'ENOSPC' },
  })
  t.throws(() => lstatSync(link), { code: 'ENOENT' })
})

t.test('what the disk did to DuckDB or to Node is told from what the query did', async (t) => {
  const limits = { timeoutMs: 1, memoryMb: 2, threads: 1, maxBytes: 4, maxTempBytes: 5 }
  const tell = (text: string, code?: string) => {
    const error = describeFailure(Object.assign(new Error(text), code && { code }), 'call/probe', limits)
    return `${error.code} ${error.details.reason}`
  }
  t.equal(tell('IO Error: Could not write file "x": No space left on device'), 'STORAGE_FAILED ENOSPC')
  t.equal(tell('IO Error: Could not write file "x": Disk quota exceeded'), 'STORAGE_FAILED EDQUOT')
  t.equal(tell('IO Error: Cannot open file "x": Too many open files'), 'STORAGE_FAILED EMFILE')
  t.equal(tell('IO Error: Cannot open file "x": Too many open files in system'), 'STORAGE_FAILED ENFILE')
  t.equal(
    tell('FATAL Error: database has been invalidated. Original error: "No space left on device"'),
    'STORAGE_FAILED ENOSPC',
  )
  t.equal(tell('EMFILE: too many open files, open', 'EMFILE'), 'STORAGE_FAILED EMFILE')
  t.equal(tell('IO Error: Could not read file'), 'REPORT_FAILED IO Error')
  t.equal(tell('Conversion Error: "No space left on device"'), 'REPORT_FAILED Conversion Error')
  t.equal(tell('EISDIR: is a directory, open', 'EISDIR'), 'REPORT_FAILED the query process met EISDIR')
  t.equal(tell('what'), 'REPORT_FAILED the query process met an unknown error')
})

t.test('whatever happened, no work file is left', async (t) => {
  t.same(readdirSync(join(folder, 'work')), [])
})
