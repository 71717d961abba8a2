/** The text of a cell as docs/dataset.md describes csv, and csv read back. */
import type { Column } from '../../../engine/core/manifest.ts'
import { withOffset } from './clock.ts'
import { formatExact } from './exact.ts'
import type { Cell } from './words.ts'

export function cellText(cell: Cell, { type, decimals = 2 }: Column, timezone: string): string {
  if (cell === null) return ''
  if (typeof cell === 'string') return type === 'text' && /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  if (type === 'timestamp') return withOffset(timezone, Number(cell))
  if (type === 'integer') return String(cell)
  return formatExact(typeof cell === 'object' ? cell : { count: BigInt(cell), of: 1n }, decimals)
}

/** Rows of cells. Throws where the text is no csv of RFC 4180 with line feeds. */
export function readCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  const cell = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\n)/y
  while (cell.lastIndex < text.length) {
    const from = cell.lastIndex
    const match = cell.exec(text)
    if (match === null) throw new Error(`no csv: ${JSON.stringify(text.slice(from, from + 60))}`)
    const [, value = '', end] = match
    row.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value)
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}
