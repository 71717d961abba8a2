/** What differs between two plain values, place by place. */
import { type Phrase, phrase } from './phrase.ts'

export interface Difference {
  /** Keys from the outside in, as in `retry.maxAttempts`; empty for the value itself. */
  place: string
  /** undefined where there was nothing. */
  before: unknown
  after: unknown
}

const maxShown = 160

/**
 * Lists the differences of two values in the order of their keys. In lists, what came and what went is told, things with
 * a `name` or a `date` one by one; a list in another order differs as a whole.
 */
export function listDifferences(before: unknown, after: unknown, place = ''): Difference[] {
  if (isSame(before, after)) return []
  const inside =
    Array.isArray(before) && Array.isArray(after)
      ? compareLists(before, after, place)
      : compareRecords(before, after, place)
  return inside.length > 0 ? inside : [{ place, before, after }]
}

function compareLists(before: unknown[], after: unknown[], place: string): Difference[] {
  const [a, b] = [byKey(before), byKey(after)]
  if (!a || !b) return []
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((key) => {
    const [old, now] = [a.get(key), b.get(key)]
    const isNamed = typeof (old ?? now) === 'object'
    return listDifferences(old, now, isNamed ? `${place}[${key}]` : place)
  })
}

function compareRecords(before: unknown, after: unknown, place: string): Difference[] {
  const [a, b] = [entriesOf(before), entriesOf(after)]
  if (!a || !b) return []
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((key) =>
    listDifferences(a.get(key), b.get(key), place === '' ? key : `${place}.${key}`),
  )
}

/** Whether two values say the same. Keys that are undefined count as not there. */
export function isSame(a: unknown, b: unknown): boolean {
  return canonicalText(a) === canonicalText(b)
}

/** Tells one difference: `host: "a" is now "b"`. */
export function tellDifference({ place, before, after }: Difference): Phrase {
  const where = place === '' ? 'the whole' : place
  if (isLongText(before) && isLongText(after)) {
    const [gone, come] = [countNewLines(after, before), countNewLines(before, after)]
    return phrase`${where}: ${come} lines new, ${gone} lines gone`
  }
  if (before === undefined) return phrase`${where}: ${showValue(after)} is new`
  if (after === undefined) return phrase`${where}: ${showValue(before)} is gone`
  return phrase`${where}: ${showValue(before)} is now ${showValue(after)}`
}

/** A value as one line of JSON, cut where it is long; texts without quotes. */
export function showValue(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'not set')
  const oneLine = text.length > maxShown ? `${text.slice(0, maxShown - 1)}…` : text
  return oneLine === '' ? '(empty)' : oneLine
}

function isLongText(value: unknown): value is string {
  return typeof value === 'string' && value.includes('\n')
}

/** How many lines of `text` the other one has not. */
function countNewLines(other: string, text: string): number {
  const known = new Set(other.split('\n'))
  return text.split('\n').filter((line) => !known.has(line)).length
}

function entriesOf(value: unknown): Map<string, unknown> | undefined {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? new Map(Object.entries(value))
    : undefined
}

/** A list's items by what tells them apart; undefined where something does not. */
function byKey(items: unknown[]): Map<string, unknown> | undefined {
  const named = new Map(items.map((item) => [keyOf(item), item]))
  return named.size === items.length ? named : undefined
}

function keyOf(item: unknown): string {
  if (item === null || typeof item !== 'object') return String(item)
  const { name, date } = item as { name?: unknown; date?: unknown }
  return String(name ?? date ?? canonicalText(item))
}

function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'undefined'
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonicalText(inner)}`).join()}}`
}
