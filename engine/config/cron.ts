import { CronExpressionParser } from 'cron-parser'
import type { CronFields } from '../core/model.ts'

const weekdayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

interface FieldRule {
  name: string
  /** Under which cron-parser gives the field's values. */
  key: 'minute' | 'hour' | 'dayOfMonth' | 'month' | 'dayOfWeek'
  min: number
  max: number
  names: string[]
}

const fieldRules: FieldRule[] = [
  { name: 'minute', key: 'minute', min: 0, max: 59, names: [] },
  { name: 'hour', key: 'hour', min: 0, max: 23, names: [] },
  { name: 'day of month', key: 'dayOfMonth', min: 1, max: 31, names: [] },
  {
    name: 'month',
    key: 'month',
    min: 1,
    max: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  {
    name: 'day of week',
    key: 'dayOfWeek',
    min: 0,
    max: 7,
    names: weekdayNames,
  },
]

const macros = new Map([
  ['@hourly', '0 * * * *'],
  ['@daily', '0 0 * * *'],
  ['@weekly', '0 0 * * 0'],
  ['@monthly', '0 0 1 * *'],
])

/**
 * Reads a cron expression of five fields, or @hourly, @daily, @weekly, @monthly. A problem is a whole sentence that
 * quotes what is there and says what is allowed. A date that never comes (30 February) is no problem here.
 */
export function parseCron(text: string): { fields: CronFields } | { problem: string } {
  const trimmed = text.trim()
  if (trimmed.startsWith('@') && !macros.has(trimmed))
    return { problem: `"${trimmed}" is no cron macro; allowed are ${[...macros.keys()].join(', ')}` }
  const parts = (macros.get(trimmed) ?? trimmed).split(/[ \t]+/).filter(Boolean)
  if (parts.length !== fieldRules.length) return { problem: wrongCount(trimmed, parts.length) }
  const values: FieldValues[] = []
  for (const [index, rule] of fieldRules.entries()) {
    const read = readField(parts[index] ?? '', rule, index)
    if (typeof read === 'string') return { problem: read }
    values.push(read)
  }
  const [minutes = [], hours = [], daysOfMonth = [], months = [], daysOfWeek = []] = values.map(
    ({ numbers }) => numbers,
  )
  const lastDays = values[2]?.lastDays
  const nthDays = values[4]?.nthDays
  const [isMinuteWild, isHourWild, isDateWild, , isWeekdayWild] = parts.map((part) => part.startsWith('*'))
  return {
    fields: {
      minutes,
      hours,
      daysOfMonth,
      months,
      daysOfWeek,
      ...(lastDays && { lastDays }),
      ...(nthDays && { nthDays }),
      eitherDay: !isDateWild && !isWeekdayWild,
      wildcard: Boolean(isMinuteWild || isHourWild),
    },
  }
}

function wrongCount(text: string, count: number): string {
  const fields = count === 1 ? '1 field' : `${count} fields`
  return `"${text}" has ${fields}; a cron expression has five: minute, hour, day of month, month, day of week`
}

/** What a field allows. */
interface FieldValues {
  /** Sorted. */
  numbers: number[]
  lastDays?: number[]
  nthDays?: { weekday: number; nth: number }[]
}

const maxFields = 2000
const knownFields = new Map<string, FieldValues | string>()

/** As parseField, each text once: of many expressions the fields are few. */
function readField(text: string, rule: FieldRule, index: number): FieldValues | string {
  const key = `${index} ${text}`
  let read = knownFields.get(key)
  if (read === undefined) {
    read = parseField(text, rule, index)
    if (knownFields.size >= maxFields) knownFields.clear()
    knownFields.set(key, read)
  }
  return typeof read === 'string' ? read : structuredClone(read)
}

/** The field's values, or the problem. */
function parseField(text: string, rule: FieldRule, index: number): FieldValues | string {
  const items = text.split(',')
  const lastDays = rule.key === 'dayOfMonth' ? items.flatMap((item) => readLastDay(item) ?? []) : []
  const nthDays = rule.key === 'dayOfWeek' ? items.flatMap((item) => readNthDay(item) ?? []) : []
  const plain = items.filter((item) => !isCounted(item, rule))
  const numbers = plain.length > 0 ? parseNumbers(text, plain, rule, index) : []
  if (typeof numbers === 'string') return numbers
  const counted = [...lastDays, ...nthDays].map((each) => JSON.stringify(each))
  if (new Set(counted).size < counted.length) return tellTwice(text, rule)
  return {
    numbers,
    ...(lastDays.length > 0 && { lastDays: lastDays.sort((a, b) => a - b) }),
    ...(nthDays.length > 0 && {
      nthDays: nthDays.sort((a, b) => a.weekday - b.weekday || a.nth - b.nth),
    }),
  }
}

function isCounted(item: string, { key }: FieldRule): boolean {
  if (key === 'dayOfMonth') return readLastDay(item) !== undefined
  return key === 'dayOfWeek' && readNthDay(item) !== undefined
}

/** The distance from the last day of the month, of `L` and `L-1` to `L-27`: every month has those. */
function readLastDay(item: string): number | undefined {
  const [found, digits = '0'] = /^L(?:-(\d{1,2}))?$/.exec(item) ?? []
  const distance = Number(digits)
  if (found === undefined || distance > 27 || (distance === 0 && found !== 'L')) return undefined
  return distance
}

/** The weekday and its place in the month, of `1#1` to `1#5` and `5L`. */
function readNthDay(item: string): { weekday: number; nth: number } | undefined {
  const [, day = '', place] = /^([0-7]|[a-zA-Z]{3})(?:#([1-5])|L)$/.exec(item) ?? []
  const weekday = readValue(day, 0, weekdayNames)
  return Number.isNaN(weekday) ? undefined : { weekday: weekday % 7, nth: place ? Number(place) : -1 }
}

/** The values of a field's items without those that are counted in the month, sorted, or the problem. */
function parseNumbers(text: string, items: string[], rule: FieldRule, index: number): number[] | string {
  const faulty = items.find((item) => !isItem(item, rule))
  if (faulty !== undefined) {
    const shown = faulty === text ? '' : `${faulty ? `"${faulty}"` : 'an empty item'} in `
    return `${shown}"${text}" is no ${rule.name}; ${allowedIn(rule)}`
  }
  try {
    // Alone among wildcards: what cron-parser says is about this field.
    const plain = items.join(',')
    const line = fieldRules.map((_, place) => (place === index ? plain : '*')).join(' ')
    const read = CronExpressionParser.parse(line, { tz: 'UTC' }).fields[rule.key].values.map(Number)
    const isWeekday = rule.key === 'dayOfWeek'
    return [...new Set(isWeekday ? read.map((value) => value % 7) : read)].sort((a, b) => a - b)
  } catch (error) {
    // cron-parser throws plain errors for values that come twice, such as "1,1-5".
    if (!(error instanceof Error)) throw error
    return tellTwice(text, rule)
  }
}

function tellTwice(text: string, rule: FieldRule): string {
  return `"${text}" is no ${rule.name}: a value comes twice; ${allowedIn(rule)}`
}

/** Stricter than cron-parser, which takes a step beyond the range, a random `H`, and `?`. */
function isItem(item: string, { min, max, names }: FieldRule): boolean {
  const [, range = '', step] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(item) ?? []
  const values = range === '*' ? [min, max] : range.split('-').map((value) => readValue(value, min, names))
  const [from = Number.NaN, to = from] = values
  if (values.length > 2 || !(from >= min && to <= max && from <= to)) return false
  if (step === undefined) return true
  // A step needs a range to walk: "5/15" means different things to different crons.
  return values.length === 2 && Number(step) >= 1 && Number(step) <= max - min
}

function readValue(text: string, min: number, names: string[]): number {
  if (/^\d{1,2}$/.test(text)) return Number(text)
  const index = names.indexOf(text.toLowerCase())
  return index === -1 ? Number.NaN : index + min
}

const countedWords: Partial<Record<FieldRule['key'], string>> = {
  dayOfMonth: ', "L" (the last day) and "L-2"',
  dayOfWeek: ', "1#2" (the second Monday of the month) and "5L" (its last Friday)',
}

function allowedIn({ key, min, max, names }: FieldRule): string {
  const named = names.length > 0 ? ` or ${names[0]} to ${names.at(-1)}` : ''
  return `allowed are ${min} to ${max}${named}, "*", lists "${min},${min + 2}", ranges "${min}-${min + 3}" and steps "*/2" or "${min}-${min + 4}/2"${countedWords[key] ?? ''}`
}
