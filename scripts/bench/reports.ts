/**
 * Reports of any size. Alternates, in one command: DuckDB's own COPY of a query to .csv.gz, and the same query as a
 * report; then exceljs's streaming writer and ours. Says the peak memory of the engine's process and of the query's.
 * `npm run bench:reports -- [--rows 1000000] [--rounds 3] [--exceljs FOLDER] [--xlsx-rows 200000] [--open]`; FOLDER has
 * exceljs in node_modules; --open makes 1,000,000 rows of xlsx and has LibreOffice, where it is there, and exceljs
 * open them.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Column } from '../../engine/core/manifest.ts'
import { type ReportRequest, runReport } from '../../engine/reports/run-report.ts'
import { parseOptions } from '../parse-options.ts'
import { watchPeaks } from './peaks.ts'
import { callsSql, columns, period, queryOf } from './report-data.ts'
import { convertedLines, countRows, loadExcelJs, writeOurs, writeTheirs } from './xlsx-peer.ts'

const { values } = parseOptions(import.meta.filename, {
  options: {
    rows: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    'xlsx-rows': { type: 'string', default: '200000' },
    exceljs: { type: 'string' },
    open: { type: 'boolean', default: false },
  },
})
const rows = Number(values.rows)
const folder = mkdtempSync(join(tmpdir(), 'jobsd-bench-'))
const data = join(folder, 'data')
const work = join(folder, 'work')

function requestOf(format: ReportRequest['format'], outPath: string): ReportRequest {
  return {
    definition: {
      apiVersion: 'jobsd/v1',
      kind: 'Report',
      category: 'call',
      name: 'bench',
      title: 'Bench',
      columns: columns.map(([name, type = 'text']) => ({ name, title: name, type })) as [Column, ...Column[]],
      sql: queryOf('calls'),
    },
    dataset: {
      apiVersion: 'jobsd/v1',
      kind: 'Connection',
      type: 'dataset',
      name: 'bench',
      format: 'parquet',
      path: data,
    },
    tenant: { client: 'acme', callCenters: null },
    params: { period_start: period.start, period_end: period.end },
    timezone: 'America/Chicago',
    format,
    gzip: format === 'csv',
    outPath,
    workFolder: work,
    limits: { timeoutMs: 3_600_000 },
  }
}

/** As a report's query is: in a process of its own. */
function runApart(sql: string): Promise<unknown> {
  return promisify(execFile)(process.execPath, [join(import.meta.dirname, 'sql-child.ts'), sql])
}

async function compareXlsx(exceljs: string, count: number): Promise<void> {
  const excel = loadExcelJs(exceljs)
  const theirs: number[] = []
  const ours: number[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    theirs.push(await timed(() => writeTheirs(excel, join(folder, 'theirs.xlsx'), count)))
    ours.push(await timed(() => writeOurs(join(folder, 'ours.xlsx'), count)))
  }
  const rate = (list: number[]) => `${Math.round(count / median(list) / 1000)} k rows/s`
  console.log(`${count} rows of 10 columns to .xlsx, alternated ${values.rounds} times`)
  console.log(`  exceljs      ${show(theirs)}, ${rate(theirs)}`)
  console.log(`  report       ${show(ours)}, ${rate(ours)}`)
  console.log(`  speed        ${(median(theirs) / median(ours)).toFixed(2)}x of exceljs`)
}

async function openMillion(exceljs: string | undefined): Promise<void> {
  const count = 1_000_000
  const path = join(folder, 'million.xlsx')
  const seconds = await timed(() => writeOurs(path, count))
  const size = (statSync(path).size / 2 ** 20).toFixed(0)
  console.log(`${count} rows to .xlsx: ${seconds.toFixed(1)} s, ${size} MB`)
  const lines = convertedLines(path, folder)
  console.log(`  LibreOffice  ${lines === undefined ? 'is not there' : `opens it: ${lines} lines as csv`}`)
  if (exceljs !== undefined)
    console.log(`  exceljs      reads ${await countRows(loadExcelJs(exceljs), path)} rows`)
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

const median = (list: number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!
const show = (list: number[]) =>
  `${median(list).toFixed(1)} s (${Math.min(...list).toFixed(1)} to ${Math.max(...list).toFixed(1)})`

try {
  mkdirSync(data)
  mkdirSync(work)
  await runApart(callsSql(join(data, 'calls.parquet'), rows))
  const peaks = watchPeaks(process.pid)
  const copy: number[] = []
  const report: number[] = []
  const out = { copy: join(folder, 'copy.csv.gz'), report: join(folder, 'report.csv.gz') }
  for (let round = 0; round < Number(values.rounds); round++) {
    const source = `read_parquet('${join(data, 'calls.parquet')}')`
    const sql = `COPY (${queryOf(source)}) TO '${out.copy}' (FORMAT csv, COMPRESSION gzip)`
    copy.push(await timed(() => runApart(sql)))
    report.push(await timed(() => runReport(requestOf('csv', out.report), new AbortController().signal)))
  }
  peaks.stop()
  const size = (path: string) => `${(statSync(path).size / 2 ** 20).toFixed(0)} MB`
  console.log(`${rows} rows to .csv.gz, alternated ${values.rounds} times`)
  console.log(`  DuckDB COPY  ${show(copy)}, ${size(out.copy)}`)
  console.log(`  report       ${show(report)}, ${size(out.report)}`)
  console.log(`  speed        ${(median(copy) / median(report)).toFixed(2)}x of COPY`)
  console.log(
    `  peak memory  engine ${peaks.engine.toFixed(0)} MB, query process ${peaks.child.toFixed(0)} MB`,
  )
  if (values.exceljs !== undefined) await compareXlsx(values.exceljs, Number(values['xlsx-rows']))
  if (values.open) await openMillion(values.exceljs)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
