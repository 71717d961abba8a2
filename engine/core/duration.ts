import { DAY, HOUR, MINUTE, SECOND } from './civil.ts'

const durationUnits: Record<string, number> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY }
const sizeUnits: Record<string, number> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }

/** Every step asks for the same few again and again. */
const durations = new Map<string, number>()
const mostDurations = 1_000

/** Milliseconds of a manifest's duration: `500ms`, `30s`, `15m`, `2h`, `1d`. Throws RangeError on any other text. */
export function parseDuration(text: string): number {
  const known = durations.get(text)
  if (known !== undefined) return known
  const ms = parseAmount(text, durationUnits, 'a duration such as 30s or 15m')
  if (durations.size >= mostDurations) durations.clear()
  durations.set(text, ms)
  return ms
}

/** Bytes of a manifest's size: `64KiB`, `10MiB`, `1GiB`. Throws RangeError on any other text. */
export function parseSize(text: string): number {
  return parseAmount(text, sizeUnits, 'a size such as 64KiB or 10MiB')
}

function parseAmount(text: string, units: Record<string, number>, expected: string): number {
  const [, digits, letters = ''] = /^(\d{1,9})([A-Za-z]+)$/.exec(text) ?? []
  const unit = Object.hasOwn(units, letters) ? units[letters] : undefined
  if (digits === undefined || unit === undefined)
    throw new RangeError(`${JSON.stringify(text)} is not ${expected}`)
  return Number(digits) * unit
}

/** Milliseconds for people, in the two largest units: `350ms`, `1.2s`, `15m`, `1h 30m`, `2d`. The rest is cut off. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`
  if (ms < SECOND) return `${Math.floor(ms)}ms`
  if (ms < MINUTE) return `${Math.floor(ms / 100) / 10}s`
  const units = Object.entries(durationUnits).reverse()
  const largest = units.findIndex(([, unit]) => ms >= unit)
  let rest = ms
  const parts: string[] = []
  for (const [letters, unit] of units.slice(largest, largest + 2)) {
    const count = Math.floor(rest / unit)
    rest -= count * unit
    if (count > 0) parts.push(`${count}${letters}`)
  }
  return parts.join(' ')
}
