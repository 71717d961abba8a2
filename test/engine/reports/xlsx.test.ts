import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Column } from '../../../engine/core/manifest.ts'
import type { Cell } from '../../../engine/reports/formats/cell.ts'
import { openFileSink } from '../../../engine/reports/formats/file-sink.ts'
import { createXlsxFile } from '../../../engine/reports/formats/xlsx-file.ts'
import { type RowFile, writeRows } from '../../../engine/reports/write-rows.ts'
import { readZip } from '../../fakes/read-zip.ts'

const folder = t.testdir({})
const outPath = join(folder, 'out.xlsx')
const never = new AbortController().signal
const columns: Column[] = [
  { name: 'a', title: 'A & B', type: 'text' },
  { name: 'n', title: 'N', type: 'integer' },
  { name: 'p', title: 'P', type: 'percent', decimals: 1 },
  { name: 'at', title: 'At', type: 'timestamp' },
  { name: 'day', title: 'Day', type: 'date' },
  { name: 'ok', title: 'OK', type: 'boolean' },
]
const content = {
  report: 'call/x',
  title: 'Calls',
  columns,
  timezone: 'America/Chicago',
  locale: 'en',
  head: null,
  layout: null,
  totals: null,
  format: 'xlsx' as const,
  gzip: false,
  outPath,
  maxBytes: 2 ** 30,
}

async function write(chunks: Cell[][][], rest: Partial<RowFile> = {}): Promise<Map<string, string>> {
  const rowCount = chunks.reduce((sum, cells) => sum + cells[0]!.length, 0)
  const left = [...chunks]
  const stream = {
    async fetchChunk() {
      const cells = left.shift()
      return cells === undefined ? null : { rowCount: cells[0]!.length, getColumns: () => cells }
    },
  }
  await writeRows(stream, { ...content, rowCount, ...rest }, never)
  return readZip(readFileSync(outPath))
}

const cells: Cell[][] = [
  ['=1+1', 'a\u0001_x0041_ <é>'],
  [1234567, null],
  [{ value: 1255n, scale: 2 }, Number.NaN],
  [{ micros: 1_793_491_200_000_000n }, { micros: -3_000_000_000_000_000n }],
  [{ days: 20_758 }, null],
  [true, false],
]

t.test('cells are typed: numbers, local times, dates, truth; a formula is a text', async (t) => {
  const sheet = (await write([cells])).get('xl/worksheets/sheet1.xml')!
  t.match(sheet, '<c r="A2" s="2" t="inlineStr"><is><t xml:space="preserve">=1+1</t></is></c>')
  t.notMatch(sheet, '<f>')
  t.match(sheet, '<c r="B2" s="3"><v>1234567</v></c><c r="C2" s="4"><v>12.6</v></c>')
  // 2026-10-31 19:00 in Chicago, and 2026-11-01.
  t.match(sheet, '<c r="D2" s="5"><v>46326.79166666667</v></c><c r="E2" s="6"><v>46327</v></c>')
  t.match(sheet, '<c r="F2" s="7" t="b"><v>1</v></c>')
  t.match(sheet, 'a_x0001__x005F_x0041_ &lt;é&gt;</t>')
  t.notMatch(sheet, 'r="B3"', 'what is null has no cell')
  t.notMatch(sheet, 'r="C3"', 'nor what is no number')
  t.match(sheet, /<c r="D3" s="5" t="inlineStr">.*1874-/, 'a time before 1900 is a text')
  t.match(sheet, 'state="frozen"')
  t.match(sheet, '<autoFilter ref="A1:F3"/>')
  const styles = (await write([cells])).get('xl/styles.xml')!
  for (const format of ['@', '#,##0', '0.0&quot;%&quot;', 'yyyy-mm-dd hh:mm:ss', 'yyyy-mm-dd'])
    t.match(styles, `formatCode="${format}"`)
})

t.test(
  'the Total row is last and outside the filter; a sheet of its own says what the file covers',
  async (t) => {
    const head = {
      client: 'Acme',
      scope: 'client' as const,
      callCenters: ['Dallas', 'Tampa'],
      period: null,
      generatedAt: '2026-11-02T12:30:00.000Z',
      revision: 'abc',
    }
    const parts = await write([cells], { head, totals: [null, 1234567n, null, null, null, null] })
    const sheet = parts.get('xl/worksheets/sheet1.xml')!
    t.match(
      sheet,
      /<row r="4"><c r="A4" s="8".*>Total<.*<c r="B4" s="9"><v>1234567<\/v><\/c><\/row><\/sheetData>/,
    )
    t.match(sheet, '<autoFilter ref="A1:F3"/>')
    t.match(parts.get('xl/workbook.xml')!, '<sheet name="Rows" sheetId="1" r:id="rId1"/><sheet name="About"')
    t.match(parts.get('xl/worksheets/sheet2.xml')!, 'Dallas, Tampa')
    t.match(parts.get('[Content_Types].xml')!, '/xl/worksheets/sheet2.xml')
  },
)

t.test('rows that one sheet cannot hold go on in the next, under the titles', async (t) => {
  const sink = openFileSink(outPath, { gzip: false, maxBytes: 2 ** 20, tooLarge: () => new Error('large') })
  const file = createXlsxFile(sink, { ...content, columns: columns.slice(1, 2), rowCount: 5 }, 2)
  await file.start()
  await file.rows([[1, 2, 3]])
  await file.rows([[4, 5]])
  await file.end(null)
  await sink.end()
  const parts = readZip(readFileSync(outPath))
  const rowsOf = (sheet: number) =>
    [...parts.get(`xl/worksheets/sheet${sheet}.xml`)!.matchAll(/<v>(\d)<\/v>/g)].map(([, value]) => value)
  t.same([rowsOf(1), rowsOf(2), rowsOf(3)], [['1', '2'], ['3', '4'], ['5']])
  t.match(parts.get('xl/workbook.xml')!, 'name="Rows 3"')
})

const manyRows = 10_000
const many = Array.from({ length: 10 }, (_, chunk): Cell[][] => [
  Array.from({ length: 1000 }, (_, row) => `text ${chunk * 1000 + row}`),
  Array.from({ length: 1000 }, (_, row) => chunk * 1000 + row),
])

t.test('the same rows give the same bytes, and too many of them fail', async (t) => {
  const rest = { columns: columns.slice(0, 2) }
  const sheet = (await write(many, rest)).get('xl/worksheets/sheet1.xml')!
  t.equal([...sheet.matchAll(/<row /g)].length, manyRows + 1)
  const first = readFileSync(outPath)
  await write(many, rest)
  t.ok(first.equals(readFileSync(outPath)))
  await t.rejects(write(many, { ...rest, maxBytes: 1000 }), {
    code: 'REPORT_FAILED',
    details: { report: 'call/x', reason: 'its file would have more than 1000 bytes' },
  })
  await t.rejects(write([[['x'.repeat(32_768)], [1]]], rest), { code: 'REPORT_FAILED' })
})

function hasOffice(): boolean {
  try {
    execFileSync('soffice', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

t.test('LibreOffice opens it', { skip: hasOffice() ? false : 'no soffice' }, async (t) => {
  await write([cells])
  const settings = `-env:UserInstallation=file://${join(folder, 'office')}`
  execFileSync('soffice', ['--headless', settings, '--convert-to', 'csv', '--outdir', folder, outPath], {
    stdio: 'ignore',
  })
  t.equal(
    readFileSync(join(folder, 'out.csv'), 'utf8').split('\n')[1],
    '=1+1,1234567,12.6,2026-10-31 19:00:00,2026-11-01,TRUE',
  )
})
