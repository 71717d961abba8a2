/**
 * The machine format csv: reproducible byte for byte. A header row of column titles, commas, RFC 4180 quoting
 * where a cell needs it, lines end in a single LF (also the last), UTF-8 without a byte-order mark.
 */
import type { Column } from '../../core/manifest.ts'
import { formatWithOffset } from '../../core/zone.ts'

/** A value as the query gave it: decimals are `value` / 10^`scale`, times microseconds since 1970 in UTC, dates days since 1970. */
export type Cell =
  | null
  | string
  | number
  | bigint
  | boolean
  | { value: bigint; scale: number }
  | { micros: bigint }
  | { days: number }

/** The header row. */
export function formatCsvHeader(columns: Column[]): string {
  return columns.map((column) => quoteCell(column.title)).join(',') + '\n'
}

/** Rows from cells by column: `cells[column][row]`. Timestamps are RFC 3339 at the zone's offset of that moment. */
export function formatCsvRows(columns: Column[], cells: Cell[][], timezone: string): string {
  const texts = columns.map((column, at) => cells[at]!.map((cell) => formatCell(column, cell, timezone)))
  const rowCount = texts[0]?.length ?? 0
  let rows = ''
  for (let row = 0; row < rowCount; row++) {
    for (let at = 0; at < texts.length; at++) rows += (at === 0 ? '' : ',') + texts[at]![row]
    rows += '\n'
  }
  return rows
}

/**
 * One cell. Null is empty. A `text` that a spreadsheet would run as a formula gets a leading `'`, and so does a
 * `phone` that is no number; numbers and dates never do. Numbers have the column's decimals, rounded half away from
 * zero.
 */
export function formatCell(column: Column, cell: Cell, timezone: string): string {
  if (cell === null) return ''
  const decimals = column.type === 'integer' ? 0 : (column.decimals ?? 2)
  switch (typeof cell) {
    case 'string':
      return quoteCell(isFormula(column, cell) ? `'${cell}` : cell)
    case 'bigint':
      return formatDecimal(cell, 0, decimals)
    case 'number':
      return formatDouble(cell, decimals)
    case 'boolean':
      return String(cell)
  }
  if ('micros' in cell) return formatWithOffset(timezone, Number(cell.micros / 1000n))
  if ('days' in cell) return new Date(cell.days * 86_400_000).toISOString().slice(0, 10)
  return formatDecimal(cell.value, cell.scale, decimals)
}

/** Of a `text` or a `phone`: no other column has strings. */
function isFormula({ type }: Column, text: string): boolean {
  const isNumber = type === 'phone' && /^[+\d][\d ().-]*$/.test(text)
  return !isNumber && /^[=+\-@\t\r]/.test(text)
}

function quoteCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function formatDouble(value: number, decimals: number): string {
  // A number that is none has no place in a column of numbers.
  if (!Number.isFinite(value)) return ''
  // The shortest text that gives this double: 1.005 is rounded as it is read, not as it is stored.
  const [digits = '', exponent = '0'] = value.toExponential().split('e')
  const scale = (digits.split('.')[1]?.length ?? 0) - Number(exponent)
  const unscaled = BigInt(digits.replace('.', ''))
  return scale >= 0
    ? formatDecimal(unscaled, scale, decimals)
    : formatDecimal(unscaled * 10n ** BigInt(-scale), 0, decimals)
}

function formatDecimal(unscaled: bigint, scale: number, decimals: number): string {
  const size = unscaled < 0n ? -unscaled : unscaled
  const divisor = 10n ** BigInt(Math.max(0, scale - decimals))
  const rounded = (size + divisor / 2n) / divisor
  const digits = String(scale < decimals ? rounded * 10n ** BigInt(decimals - scale) : rounded)
  const padded = digits.padStart(decimals + 1, '0')
  const whole = padded.slice(0, padded.length - decimals)
  const sign = unscaled < 0n && rounded !== 0n ? '-' : ''
  return sign + (decimals === 0 ? whole : `${whole}.${padded.slice(-decimals)}`)
}
