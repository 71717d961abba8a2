/** Numbers, times and lists as customers read them. */
import type { Period } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'
import { formatWithOffset, toLocal } from '../core/zone.ts'

/** A moment for people, local to a zone, with its RFC 3339 text for machines. */
export interface Moment {
  iso: string
  text: string
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** Spells a moment in a zone: `Mon 23 Nov 2026, 18:30`. */
export function spellMoment(zone: string, epochMs: number): Moment {
  return {
    iso: formatWithOffset(zone, epochMs),
    text: `${spellDay(zone, epochMs)}, ${spellTime(minuteOfDay(zone, epochMs))}`,
  }
}

/** Spells the time that data covers: whole days by their first and last day, anything else by its two moments. */
export function spellPeriod({ timezone, start, end }: Period): string {
  const [startMs, endMs] = [Date.parse(start), Date.parse(end)]
  if (minuteOfDay(timezone, startMs) !== 0 || minuteOfDay(timezone, endMs) !== 0) {
    return `${spellMoment(timezone, startMs).text} to ${spellMoment(timezone, endMs).text}`
  }
  const [first, last] = [spellDay(timezone, startMs), spellDay(timezone, endMs - 1)]
  return first === last ? first : `${first} to ${last}`
}

/** Spells a minute of the day: `06:05`. */
export function spellTime(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}

/** Spells a length of time by its two largest units: `3 min 12 s`. */
export function spellDuration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 1) return 'under 1 s'
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return joinUnits(minutes, 'min', seconds % 60, 's')
  return joinUnits(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
}

/** Spells a size in decimal units: `12.4 kB`. */
export function spellSize(bytes: number): string {
  if (bytes < 1000) return spellCount(bytes, 'byte')
  let amount = bytes
  let unit = ''
  for (unit of ['kB', 'MB', 'GB', 'TB']) {
    amount /= 1000
    if (amount < 999.5) break
  }
  return `${amount < 99.95 ? amount.toFixed(1) : amount.toFixed(0)} ${unit}`
}

/** Joins words as in a sentence: `a, b and c`. */
export function joinWords(words: readonly string[], last = 'and'): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
}

function spellDay(zone: string, epochMs: number): string {
  const { weekday, day, month, year } = toLocal(zone, epochMs)
  return `${weekdays[weekday]} ${day} ${months[month - 1]} ${year}`
}

function minuteOfDay(zone: string, epochMs: number): number {
  const { hour, minute } = toLocal(zone, epochMs)
  return hour * 60 + minute
}

function joinUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}
