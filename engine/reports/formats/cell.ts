/** Values as a query gives them, and their plain texts. */
import type { Column } from '../../core/manifest.ts'
import { formatLocal, formatWithOffset } from '../../core/zone.ts'

/** Decimals are `value` / 10^`scale`, times microseconds since 1970 in UTC, dates days since 1970. */
export type Cell =
  | null
  | string
  | number
  | bigint
  | boolean
  | { value: bigint; scale: number }
  | { micros: bigint }
  | { days: number }

/** A report's rows by column: `cells[column][row]`. */
export type Cells = readonly (readonly Cell[])[]

export const numberTypes: readonly Column['type'][] = ['integer', 'number', 'percent', 'money']

export function isNumeric({ type }: Column): boolean {
  return numberTypes.includes(type)
}

/** Digits after the point. */
export function decimalsOf({ type, decimals }: Column): number {
  return type === 'integer' ? 0 : (decimals ?? 2)
}

/**
 * A number's digits with that many decimals, rounded half away from zero; empty for anything that is no finite
 * number.
 */
export function formatNumber(cell: Cell, decimals: number): string {
  if (typeof cell === 'number') return formatDouble(cell, decimals)
  if (typeof cell === 'bigint') return formatDecimal(cell, 0, decimals)
  if (cell !== null && typeof cell === 'object' && 'value' in cell)
    return formatDecimal(cell.value, cell.scale, decimals)
  return ''
}

/** Whole milliseconds since 1970. */
export function msOf({ micros }: { micros: bigint }): number {
  return Number(micros / 1000n)
}

export function formatDay({ days }: { days: number }, pattern?: string): string {
  const ms = days * 86_400_000
  return pattern === undefined ? new Date(ms).toISOString().slice(0, 10) : formatLocal('UTC', ms, pattern)
}

// Since then no zone has changed its offset within a minute; until then a year has four digits.
const wholeMinutesFrom = Date.UTC(1980, 0, 1)
const wholeMinutesUntil = Date.UTC(9999, 0, 1)

/** Writes moments in the zone: RFC 3339 at its offset of that moment, or by a pattern. Made once for a column. */
export function createTimeText(zone: string, pattern?: string): (cell: { micros: bigint }) => string {
  if (pattern !== undefined) return (cell) => formatLocal(zone, msOf(cell), pattern)
  // Rows are mostly in the order of time: the minute's text is that of the row before.
  let minute = Number.NaN
  let start = ''
  let offset = ''
  return (cell) => {
    const ms = msOf(cell)
    if (ms < wholeMinutesFrom || ms >= wholeMinutesUntil) return formatWithOffset(zone, ms)
    const its = Math.floor(ms / 60_000)
    if (its !== minute) {
      const text = formatWithOffset(zone, its * 60_000)
      start = text.slice(0, 17)
      offset = text.slice(19)
      minute = its
    }
    const rest = ms - its * 60_000
    const milli = rest % 1000
    const second = (rest - milli) / 1000
    const fraction = milli === 0 ? '' : `.${String(milli).padStart(3, '0')}`
    return `${start}${second < 10 ? '0' : ''}${second}${fraction}${offset}`
  }
}

function formatDouble(value: number, decimals: number): string {
  // A number that is none has no place in a column of numbers.
  if (!Number.isFinite(value)) return ''
  if (Number.isSafeInteger(value)) {
    const whole = String(value)
    return decimals === 0 ? whole : `${whole}.${'0'.repeat(decimals)}`
  }
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
