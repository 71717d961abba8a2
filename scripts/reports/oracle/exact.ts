/** Exact numbers: what a report shows is rounded once, at the end, half away from zero. */

/** A fraction; `of` is above zero. */
export interface Exact {
  count: bigint
  of: bigint
}

export function ratio(count: number | bigint, of: number | bigint): Exact | null {
  return BigInt(of) === 0n ? null : { count: BigInt(count), of: BigInt(of) }
}

export function share(count: number, of: number): Exact | null {
  return ratio(count * 100, of)
}

export function plus(a: Exact, b: Exact): Exact {
  return reduce({ count: a.count * b.of + b.count * a.of, of: a.of * b.of })
}

export function times(a: Exact, b: Exact): Exact {
  return reduce({ count: a.count * b.count, of: a.of * b.of })
}

export const zero: Exact = { count: 0n, of: 1n }

/** Without it a sum of a hundred thousand fractions takes hours. */
function reduce({ count, of }: Exact): Exact {
  let [a, b] = [count < 0n ? -count : count, of]
  while (b !== 0n) [a, b] = [b, a % b]
  return a === 0n ? zero : { count: count / a, of: of / a }
}

/** The number of units of the last decimal. */
export function roundTo({ count, of }: Exact, decimals: number): bigint {
  const scaled = (count < 0n ? -count : count) * 10n ** BigInt(decimals)
  const units = (2n * scaled + of) / (2n * of)
  return count < 0n ? -units : units
}

export function rounded(value: Exact, decimals: number): Exact {
  return { count: roundTo(value, decimals), of: 10n ** BigInt(decimals) }
}

export function formatExact(value: Exact, decimals: number): string {
  const units = roundTo(value, decimals)
  const digits = String(units < 0n ? -units : units).padStart(decimals + 1, '0')
  const sign = units < 0n ? '-' : ''
  if (decimals === 0) return sign + digits
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}

/** `0.012300`, as a DECIMAL is written. */
export function readDecimal(text: string): Exact {
  const [whole = '', part = ''] = text.split('.')
  return { count: BigInt(whole + part), of: 10n ** BigInt(part.length) }
}
