/** Sentences for values that a schema does not allow: what is there, what is allowed. */
import { formats } from './formats.ts'
import { suggestMeant } from './other-words.ts'
import { listWords, quote } from './problems.ts'
import type { SchemaNode } from './schemas.ts'

/** The sentence for a value that is there but not allowed. */
export function describeValue(
  keyword: string,
  params: Record<string, unknown>,
  data: unknown,
  schema: SchemaNode,
): string {
  const limit = Number(params.limit)
  switch (keyword) {
    case 'type': {
      if (params.type === 'integer' && typeof data === 'number') return `${data} is no whole number`
      const types = Array.isArray(params.type) ? params.type.map(String) : [String(params.type)]
      return `must be ${nameTypes(types)}, is ${describeType(data)}${hintForType(types, data, schema)}`
    }
    case 'enum': {
      const allowed = (params.allowedValues as unknown[]).map(String)
      const near = suggestMeant(String(data), allowed)
      return `${quote(data)} is not allowed${near}${near ? ' Allowed' : '; allowed'}: ${listWords(allowed)}`
    }
    case 'const':
      return `${quote(data)} is not allowed; it is ${quote(params.allowedValue)}`
    case 'pattern':
      return `${quote(data)} is not allowed${describePattern(schema)}`
    case 'format': {
      const allowed = formats[String(params.format)]?.(String(data)) ?? 'is not allowed'
      return params.format === 'cron' || params.format === 'every' ? allowed : `${quote(data)} ${allowed}`
    }
    case 'minLength':
      return limit === 1 ? 'the text is empty' : `the text is shorter than ${limit} characters`
    case 'maxLength':
      return `the text has ${String(data).length} characters; ${limit} are allowed`
    case 'minItems':
      return limit === 1
        ? 'the list is empty; it needs one entry or more'
        : `the list needs ${limit} entries or more`
    case 'maxItems':
      return `the list has ${(data as unknown[]).length} entries; ${limit} are allowed`
    case 'uniqueItems':
      return `entries ${repeatedEntries(params).join(' and ')} of the list are the same`
    case 'minimum':
      return `${data} is too small; ${limit} or more is allowed`
    case 'maximum':
      return `${data} is too large; ${limit} or less is allowed`
    default:
      return `is not allowed here (${keyword})`
  }
}

/** What to write instead, where the value shows what was meant. */
function hintForType(wanted: string[], data: unknown, schema: SchemaNode): string {
  const type = jsonType(data)
  if (wanted.includes('array')) {
    if (type === 'string') return '; put it in brackets: [...]'
    if (type === 'number') return `; put it in brackets: [${data}]`
    return type === 'object' ? '; begin each entry with "- "' : ''
  }
  if (type === 'string' && !wanted.includes('object')) return hintForText(wanted, String(data))
  const [example] = (schema.examples as unknown[] | undefined) ?? []
  const shown = example === undefined ? '' : `; an example: ${JSON.stringify(example)}`
  if (wanted.includes('object')) return shown.length > 80 ? '' : shown
  if (!wanted.includes('string')) return ''
  if (isBareToken(data)) return '; a text that begins with { needs quotes'
  if (type === 'object' && Object.hasOwn(data as object, 'secret')) {
    return '; secrets are named in connections, at the keys that take them'
  }
  if (type !== 'number' && type !== 'boolean') return ''
  if (isAllowedText(String(data), schema)) return '; put it in quotes'
  return shown
}

/** A text where a number, or true or false, should be. */
function hintForText(wanted: string[], text: string): string {
  const isNumber = /^-?\d+(\.\d+)?$/.test(text)
  if (isNumber && (wanted.includes('integer') || wanted.includes('number'))) return '; take the quotes away'
  const word = /^(yes|on|true)$/i.test(text) ? 'true' : /^(no|off|false)$/i.test(text) ? 'false' : undefined
  return word !== undefined && wanted.includes('boolean') ? `; write ${word}` : ''
}

/** What a pattern allows: in words made for that where there are any, else as the property is described. */
function describePattern(schema: SchemaNode): string {
  const told = schema['x-allowed'] ?? schema.description
  return told === undefined ? '' : `: ${lowerFirst(String(told))}`
}

function isAllowedText(text: string, { pattern, format }: SchemaNode): boolean {
  const fits = typeof pattern !== 'string' || new RegExp(pattern, 'u').test(text)
  return fits && (typeof format !== 'string' || formats[format]?.(text) === null)
}

/** Whether YAML read `{token}` without quotes: a mapping whose keys have no value. */
function isBareToken(data: unknown): boolean {
  if (jsonType(data) !== 'object') return false
  const values = Object.values(data as object)
  return values.length > 0 && values.every((value) => value === null)
}

/** The two entries of a list that are the same, counted from 1, in order. */
export function repeatedEntries(params: Record<string, unknown>): [first: number, second: number] {
  const [i, j] = [Number(params.i) + 1, Number(params.j) + 1]
  return [Math.min(i, j), Math.max(i, j)]
}

/** As the second half of a sentence. */
function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '')
}

/** The type of a value in JSON Schema's words. */
export function jsonType(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

/** What a value is, in words. */
export function describeType(value: unknown): string {
  if (typeof value === 'boolean') return String(value)
  return value === null ? 'empty' : nameType(jsonType(value))
}

const typeNames: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
}

/** A type of JSON Schema in words. */
export function nameType(type: string): string {
  return typeNames[type] ?? type
}

/** Some types of JSON Schema in words: `a text, a number or true or false`. */
export function nameTypes(types: readonly string[]): string {
  const names = [...new Set(types.map(nameType))]
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}
