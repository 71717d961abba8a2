/** xlsx against exceljs's streaming writer, from the same cells in memory; and whether others open ours. */
import { execFileSync } from 'node:child_process'
import { createReadStream, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Column } from '../../engine/core/manifest.ts'
import type { Cell } from '../../engine/reports/formats/cell.ts'
import { writeRows } from '../../engine/reports/write-rows.ts'

interface ExcelJs {
  stream: {
    xlsx: {
      WorkbookWriter: new (
        options: object,
      ) => {
        addWorksheet(
          name: string,
          options: object,
        ): {
          columns: object[]
          addRow(cells: unknown[]): { commit(): void }
          commit(): void
        }
        commit(): Promise<void>
      }
      WorkbookReader: new (
        input: NodeJS.ReadableStream,
        options: object,
      ) => AsyncIterable<AsyncIterable<object>>
    }
  }
}

const chunkRows = 2048
const types: Column['type'][] = [
  'text',
  'phone',
  'text',
  'timestamp',
  'timestamp',
  'integer',
  'integer',
  'money',
  'text',
  'text',
]
const columns = types.map((type, at) => ({ name: `c${at}`, title: `Column ${at}`, type }))

export function loadExcelJs(folder: string): ExcelJs {
  return createRequire(join(folder, 'index.js'))('exceljs') as ExcelJs
}

function chunkAt(from: number, count: number): Cell[][] {
  return types.map((type, at) =>
    Array.from({ length: count }, (_, index): Cell => {
      const row = from + index
      if (type === 'phone') return `+1202555${row % 10_000}`
      if (type === 'timestamp') return { micros: BigInt(1_772_000_000 + row) * 1_000_000n }
      if (type === 'integer') return row % 600
      return type === 'money' ? { value: BigInt(row), scale: 2 } : `text ${at} ${row % 1000}`
    }),
  )
}

export function writeOurs(outPath: string, rows: number): Promise<void> {
  let from = 0
  const stream = {
    async fetchChunk() {
      const rowCount = Math.min(chunkRows, rows - from)
      const cells = chunkAt(from, rowCount)
      from += rowCount
      return { rowCount, getColumns: () => cells }
    },
  }
  const target = { report: 'call/bench', title: 'Bench', columns, timezone: 'America/Chicago', locale: 'en' }
  const rest = { head: null, layout: null, totals: null, format: 'xlsx', gzip: false, outPath } as const
  const never = new AbortController().signal
  return writeRows(stream, { ...target, ...rest, rowCount: rows, maxBytes: 2 ** 32 }, never)
}

export async function writeTheirs(excel: ExcelJs, outPath: string, rows: number): Promise<void> {
  const options = { filename: outPath, useStyles: true, useSharedStrings: false }
  const book = new excel.stream.xlsx.WorkbookWriter(options)
  const sheet = book.addWorksheet('Rows', { views: [{ state: 'frozen', ySplit: 1 }] })
  const numFmts: Partial<Record<Column['type'], string>> = {
    timestamp: 'yyyy-mm-dd hh:mm:ss',
    integer: '#,##0',
    money: '#,##0.00',
  }
  sheet.columns = columns.map(({ title, type }) => ({
    header: title,
    width: 18,
    style: numFmts[type] ? { numFmt: numFmts[type] } : {},
  }))
  for (let from = 0; from < rows; from += chunkRows) {
    const count = Math.min(chunkRows, rows - from)
    const cells = chunkAt(from, count)
    for (let row = 0; row < count; row++)
      sheet.addRow(cells.map((column) => plainValue(column[row]!))).commit()
    // Its zip takes what it has when the event loop turns.
    await new Promise((resolve) => setImmediate(resolve))
  }
  sheet.commit()
  await book.commit()
}

function plainValue(cell: Cell): unknown {
  if (cell === null || typeof cell !== 'object') return cell
  if ('micros' in cell) return new Date(Number(cell.micros / 1000n))
  return 'value' in cell ? Number(cell.value) / 10 ** cell.scale : new Date(cell.days * 86_400_000)
}

/** Rows that a second library reads in the first sheet, the titles included. */
export async function countRows(excel: ExcelJs, path: string): Promise<number> {
  let rows = 0
  const reader = new excel.stream.xlsx.WorkbookReader(createReadStream(path), { worksheets: 'emit' })
  for await (const sheet of reader) {
    for await (const _ of sheet) rows += 1
    break
  }
  return rows
}

/** Lines that LibreOffice makes of the first sheet, the titles included; undefined where it is not there. */
export function convertedLines(path: string, folder: string): number | undefined {
  try {
    const args = ['--headless', `-env:UserInstallation=file://${folder}/office`, '--convert-to', 'csv']
    execFileSync('soffice', [...args, '--outdir', folder, path], { stdio: 'ignore' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const csv = path.replace(/\.xlsx$/, '.csv')
  statSync(csv)
  return Number(execFileSync('wc', ['-l', csv], { encoding: 'utf8' }).trim().split(' ')[0])
}
