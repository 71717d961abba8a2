import { CronExpressionParser } from 'cron-parser'
import type { CronFields } from '../core/model.ts'

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
    names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
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
  const values: number[][] = []
  for (const [index, rule] of fieldRules.entries()) {
    const read = readField(parts[index] ?? '', rule, index)
    if (typeof read === 'string') return { problem: read }
    values.push(read)
  }
  const [minutes = [], hours = [], daysOfMonth = [], months = [], daysOfWeek = []] = values
  const [isMinuteWild, isHourWild, isDateWild, , isWeekdayWild] = parts.map((part) => part.startsWith('*'))
  return {
    fields: {
      minutes,
      hours,
      daysOfMonth,
      months,
      daysOfWeek,
      eitherDay: !isDateWild && !isWeekdayWild,
      wildcard: Boolean(isMinuteWild || isHourWild),
    },
  }
}

function wrongCount(text: string, count: number): string {
  const fields = count === 1 ? '1 field' : `${count} fields`
  return `"${text}" has ${fields}; a cron expression has five: minute, hour, day of month, month, day of week`
}

const maxFields = 2000
const knownFields = new Map<string, number[] | string>()

/** As parseField, each text once: of many expressions the fields are few. */
function readField(text: string, rule: FieldRule, index: number): number[] | string {
  const key = `${index} ${text}`
  let read = knownFields.get(key)
  if (read === undefined) {
    read = parseField(text, rule, index)
    if (knownFields.size >= maxFields) knownFields.clear()
    knownFields.set(key, read)
  }
  return typeof read === 'string' ? read : [...read]
}

/** The field's values, sorted, or the problem. */
function parseField(text: string, rule: FieldRule, index: number): number[] | string {
  const faulty = text.split(',').find((item) => !isItem(item, rule))
  if (faulty !== undefined) {
    const shown = faulty === text ? '' : `${faulty ? `"${faulty}"` : 'an empty item'} in `
    return `${shown}"${text}" is no ${rule.name}; ${allowedIn(rule)}`
  }
  try {
    // Alone among wildcards: what cron-parser says is about this field.
    const line = fieldRules.map((_, place) => (place === index ? text : '*')).join(' ')
    const read = CronExpressionParser.parse(line, { tz: 'UTC' }).fields[rule.key].values.map(Number)
    const isWeekday = rule.key === 'dayOfWeek'
    return [...new Set(isWeekday ? read.map((value) => value % 7) : read)].sort((a, b) => a - b)
  } catch (error) {
    // cron-parser throws plain errors for values that come twice, such as "1,1-5".
    if (!(error instanceof Error)) throw error
    return `"${text}" is no ${rule.name}: a value comes twice; ${allowedIn(rule)}`
  }
}

/** Stricter than cron-parser, which takes a step beyond the range, a random `H`, `?`, `L` and `#`. */
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

function allowedIn({ min, max, names }: FieldRule): string {
  const named = names.length > 0 ? ` or ${names[0]} to ${names.at(-1)}` : ''
  return `allowed are ${min} to ${max}${named}, "*", lists "${min},${min + 2}", ranges "${min}-${min + 3}" and steps "*/2" or "${min}-${min + 4}/2"`
}
