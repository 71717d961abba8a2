/** The format xlsx, streamed: sheets of rows, then one with the header block. The same rows give the same bytes. */
import { PassThrough } from 'node:stream'
import { ZipFile } from 'yazl'
import type { Cell, Cells } from './cell.ts'
import type { FileSink } from './file-sink.ts'
import { headLines } from './head.ts'
import type { PageParts } from './html-page.ts'
import { createSheetCell } from './xlsx-cells.ts'
import {
  columnStyle,
  labelSheet,
  sheetEnd,
  sheetStart,
  textCell,
  totalStyle,
  workbookParts,
} from './xlsx-parts.ts'

// A spreadsheet has 1,048,576 rows: the titles, these, and on the last sheet perhaps a Total.
const maxSheetRows = 1_048_574

const entryOptions = { mtime: new Date(1980, 0, 1), mode: 0o100600, forceDosTimestamp: true }

/** Writes into the sink, which it does not end. `maxRows` is of one sheet. */
export function createXlsxFile(sink: FileSink, parts: PageParts, maxRows = maxSheetRows) {
  const { title, columns, timezone, locale, head, rowCount } = parts
  const zip = new ZipFile()
  const failed = new Promise<never>((_, reject) => {
    zip.on('error', reject)
    sink.stream.on('error', reject)
    sink.stream.on('close', () => reject(new Error('the file was closed')))
  })
  // Whoever waits is told.
  failed.catch(() => {})
  zip.outputStream.pipe(sink.stream, { end: false })
  const cellTexts = columns.map((column, at) => createSheetCell(column, at, columnStyle(at), timezone))
  const sheets: string[] = []
  let sheet: PassThrough | undefined
  let row = 0

  async function push(text: string): Promise<void> {
    if (sheet!.write(text)) return
    await Promise.race([new Promise((resolve) => sheet!.once('drain', resolve)), failed])
  }

  async function openSheet(): Promise<void> {
    sheets.push(sheets.length === 0 ? 'Rows' : `Rows ${sheets.length + 1}`)
    sheet = new PassThrough({ highWaterMark: 2 ** 20 })
    zip.addReadStream(sheet, `xl/worksheets/sheet${sheets.length}.xml`, entryOptions)
    row = 1
    await push(sheetStart(columns))
  }

  async function closeSheet(last = ''): Promise<void> {
    await push(last + sheetEnd(columns.length, row))
    sheet!.end()
  }

  return {
    start: openSheet,
    async rows(cells: Cells): Promise<void> {
      const count = cells[0]?.length ?? 0
      for (let from = 0; from < count; ) {
        if (row > maxRows) {
          await closeSheet()
          await openSheet()
        }
        const until = Math.min(count, from + maxRows + 1 - row)
        let text = ''
        for (; from < until; from++) {
          row += 1
          text += `<row r="${row}">`
          for (let at = 0; at < cellTexts.length; at++) text += cellTexts[at]!(cells[at]![from]!, row)
          text += '</row>'
        }
        await push(text)
      }
    },
    async end(totals: readonly Cell[] | null): Promise<void> {
      await closeSheet(totals === null ? '' : totalRow(totals))
      if (head !== null) {
        sheets.push('About')
        const lines = [['Report', title] as const, ...headLines(head, rowCount, { locale, timezone })]
        zip.addBuffer(Buffer.from(labelSheet(lines)), `xl/worksheets/sheet${sheets.length}.xml`, entryOptions)
      }
      for (const [path, content] of workbookParts(sheets, columns))
        zip.addBuffer(Buffer.from(content), path, entryOptions)
      zip.end()
      await Promise.race([new Promise((resolve) => zip.outputStream.once('end', resolve)), failed])
    },
  }

  /** The first column says what the row is where it has no total itself. */
  function totalRow(totals: readonly Cell[]): string {
    const cells = totals.map((cell, at) => {
      const style = totalStyle(at, columns.length)
      if (at === 0 && cell === null) return textCell(0, row + 1, style, 'Total')
      return createSheetCell(columns[at]!, at, style, timezone)(cell, row + 1)
    })
    return `<row r="${row + 1}">${cells.join('')}</row>`
  }
}
