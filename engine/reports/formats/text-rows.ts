/** Rows of the machine formats csv, txt and fixed, reproducible byte for byte. */
import type { Column } from '../../core/manifest.ts'
import { type Cell, type Cells, createTimeText, decimalsOf, formatDay, formatNumber } from './cell.ts'
import type { TextColumn, TextLayout } from './text-layout.ts'

export interface TextRows {
  /** Empty where the layout has no header. */
  header(): string
  /** Throws a RowFault. */
  rows(cells: Cells): string
}

/** A cell that the layout has no place for. It never says the cell's value. */
export class RowFault extends Error {}

/** The texts of one layout's rows; it counts them from 1 for its faults. */
export function createTextRows(layout: TextLayout, timezone: string): TextRows {
  const { columns, lineEnd } = layout
  const between = layout.type === 'fixed' ? '' : layout.delimiter
  const place = layout.type === 'fixed' ? padCell : createQuoter(layout)
  const texts = columns.map((column) => createCellText(column, timezone))
  let before = 0

  function placeAt(column: TextColumn, text: string, row: number): string {
    try {
      return place(column, text)
    } catch (error) {
      if (!(error instanceof RowFault)) throw error
      const where = row === 0 ? 'the header' : `row ${row}`
      throw new RowFault(`${where}, column "${column.title}": ${error.message}`)
    }
  }

  return {
    header: () =>
      layout.header ? columns.map((column) => placeAt(column, column.title, 0)).join(between) + lineEnd : '',
    rows(cells) {
      const count = cells[0]?.length ?? 0
      const placed = columns.map((column, index) => {
        const { source } = column
        const toText = texts[index]!
        if (!('at' in source))
          return new Array<string>(count).fill(placeAt(column, source.constant, before + 1))
        return cells[source.at]!.map((cell, row) => placeAt(column, toText(cell), before + row + 1))
      })
      before += count
      let rows = ''
      for (let row = 0; row < count; row++) {
        rows += placed[0]![row]
        for (let at = 1; at < placed.length; at++) rows += between + placed[at]![row]
        rows += lineEnd
      }
      return rows
    },
  }
}

/**
 * The text of one column's cells before quotes and padding. Null is empty. A `text` that a spreadsheet would run as a
 * formula gets a leading `'`, and so does a `phone` that is no number; numbers and dates never do. Numbers have the
 * column's decimals.
 */
function createCellText({ source, pattern, decimalSign }: TextColumn, zone: string): (cell: Cell) => string {
  if (!('column' in source)) return () => source.constant
  const { column } = source
  const decimals = decimalsOf(column)
  const toTime = createTimeText(zone, pattern)
  return (cell) => {
    if (cell === null) return ''
    if (typeof cell === 'string') return isFormula(column, cell) ? `'${cell}` : cell
    if (typeof cell === 'boolean') return String(cell)
    if (typeof cell === 'object' && 'micros' in cell) return toTime(cell)
    if (typeof cell === 'object' && 'days' in cell) return formatDay(cell, pattern)
    const number = formatNumber(cell, decimals)
    return decimalSign === '.' ? number : number.replace('.', decimalSign)
  }
}

// Programs differ in which blanks they trim first, and some take the wide signs of East Asian keyboards for the plain ones.
const runnable = /^[\s\ufeff]*[=+\-@＝＋－＠]|^[\t\r\n]/

/** Of a `text` or a `phone`: no other column has strings. */
function isFormula({ type }: Column, text: string): boolean {
  if (!runnable.test(text)) return false
  return type !== 'phone' || !/^[+\d][\d ().-]*$/.test(text)
}

/** RFC 3339 texts and digits never need quotes, but a delimiter may be any sign: every cell is looked at. */
function createQuoter({ delimiter, quote }: TextLayout): (column: TextColumn, text: string) => string {
  const quoteText = (text: string) => `"${text.includes('"') ? text.replaceAll('"', '""') : text}"`
  if (quote === 'all') return (_, text) => quoteText(text)
  const sign = `\\u{${delimiter.codePointAt(0)!.toString(16)}}`
  if (quote === 'minimal') {
    const special = new RegExp(`["\\r\\n${sign}]`, 'u')
    return (_, text) => (special.test(text) ? quoteText(text) : text)
  }
  const special = new RegExp(`[\\r\\n${sign}]`, 'u')
  return (_, text) => {
    if (special.test(text))
      throw new RowFault('it has the delimiter or a line break in it, and there are no quotes')
    return text
  }
}

function padCell({ source, width, align, pad, tooLong }: TextColumn, text: string): string {
  if (/[\r\n]/.test(text)) throw new RowFault('it has a line break in it')
  // Characters, not UTF-16 units.
  const length = /[\ud800-\udbff]/.test(text) ? [...text].length : text.length
  if (length <= width) {
    const fill = pad.repeat(width - length)
    if (align === 'left') return text + fill
    // Zeros stand between the sign and the digits.
    return pad === '0' && /^-\d/.test(text) ? `-${fill}${text.slice(1)}` : fill + text
  }
  const isNumber = 'column' in source && !['text', 'phone'].includes(source.column.type)
  if (tooLong === 'cut' && !isNumber) return [...text].slice(0, width).join('')
  throw new RowFault(`it has ${length} characters, the column ${width}`)
}
