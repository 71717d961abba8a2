/** Cells of a sheet as its XML: typed, so that a spreadsheet sorts and adds them. */
import type { Column } from '../../core/manifest.ts'
import { offsetMsAt } from '../../core/zone.ts'
import { type Cell, decimalsOf, formatDay, formatNumber, msOf } from './cell.ts'
import { RowFault } from './text-rows.ts'

/** A spreadsheet's own limit. */
const maxTextLength = 32_767
// Day 25,569 of a spreadsheet is 1970-01-01. Before day 61 it counts a February 29, 1900, which never was.
const epochDay = 25_569
const firstDay = 61

/** The letters of a column: A, B ... Z, AA. */
export function columnLetters(at: number): string {
  const last = String.fromCharCode(65 + (at % 26))
  return at < 26 ? last : columnLetters(Math.floor(at / 26) - 1) + last
}

/** The number format of a column's style. */
export function numberFormat(column: Column): string {
  if (column.type === 'timestamp') return 'yyyy-mm-dd hh:mm:ss'
  if (column.type === 'date') return 'yyyy-mm-dd'
  if (column.type === 'integer') return '#,##0'
  const decimals = decimalsOf(column)
  const fraction = decimals === 0 ? '' : `.${'0'.repeat(decimals)}`
  if (column.type === 'percent') return `0${fraction}"%"`
  if (column.type === 'number' || column.type === 'money') return `#,##0${fraction}`
  return column.type === 'boolean' ? 'General' : '@'
}

/** Gives the XML of a column's cells by the row's number; an empty cell is left out. `style` counts from 0. */
export function createSheetCell(
  column: Column,
  at: number,
  style: number,
  timezone: string,
): (cell: Cell, row: number) => string {
  const start = `<c r="${columnLetters(at)}`
  const decimals = decimalsOf(column)
  const number = (row: number, digits: string | number) => `${start}${row}" s="${style}"><v>${digits}</v></c>`
  const text = (row: number, content: string) => {
    if (content.length > maxTextLength)
      throw new RowFault(`a text in column "${column.title}" has more than ${maxTextLength} characters`)
    return `${start}${row}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${escapeXml(content)}</t></is></c>`
  }
  return (cell, row) => {
    if (cell === null) return ''
    if (typeof cell === 'string') return text(row, cell)
    if (typeof cell === 'boolean') return `${start}${row}" s="${style}" t="b"><v>${cell ? 1 : 0}</v></c>`
    if (typeof cell === 'object' && 'micros' in cell) {
      const ms = msOf(cell)
      const day = (ms + offsetMsAt(timezone, ms)) / 86_400_000 + epochDay
      return day < firstDay ? text(row, new Date(ms).toISOString()) : number(row, day)
    }
    if (typeof cell === 'object' && 'days' in cell) {
      const day = cell.days + epochDay
      return day < firstDay ? text(row, formatDay(cell)) : number(row, day)
    }
    const digits = formatNumber(cell, decimals)
    if (digits === '') return ''
    // A spreadsheet keeps 15 digits and makes the others zeros.
    return digits.length > 15 && digits.replace(/\D/g, '').length > 15
      ? text(row, digits)
      : number(row, digits)
  }
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** For content and attributes. What XML cannot hold is written as a spreadsheet does: `_x0001_`. */
export function escapeXml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  if (!/[&<>"\r_\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]/.test(text)) return text
  return (
    text
      .toWellFormed()
      // A text that looks like such an escape is escaped itself.
      .replace(/_(?=x[\dA-Fa-f]{4}_)/g, '_x005F_')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
      .replace(/[\0-\x08\x0b-\x0d\x0e-\x1f\ufffe\uffff]/g, (sign) => {
        return `_x${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`
      })
      .replace(/[&<>"]/g, (sign) => escapes[sign]!)
  )
}
