/** Cells as people of a locale write them. */
import type { Column } from '../../core/manifest.ts'
import { type Cell, decimalsOf, formatNumber, msOf } from './cell.ts'

/** The text of one column's cells; null is empty. Made once for a column: the formats of Intl are slow to make. */
export function createPeopleText(column: Column, locale: string, timezone: string): (cell: Cell) => string {
  const decimals = decimalsOf(column)
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals }
  const percent = { style: 'unit', unit: 'percent' } as const
  const numbers = new Intl.NumberFormat(locale, { ...digits, ...(column.type === 'percent' && percent) })
  const times = new Intl.DateTimeFormat(locale, {
    dateStyle: 'medium',
    timeStyle: 'medium',
    timeZone: timezone,
  })
  const days = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' })
  return (cell) => {
    if (cell === null) return ''
    if (typeof cell === 'string') return cell
    if (typeof cell === 'boolean') return cell ? 'Yes' : 'No'
    if (typeof cell === 'object' && 'micros' in cell) return times.format(msOf(cell))
    if (typeof cell === 'object' && 'days' in cell) return days.format(cell.days * 86_400_000)
    const text = formatNumber(cell, decimals)
    // The text and not a double: no digit is lost.
    return text === '' ? '' : numbers.format(text as `${number}`)
  }
}
