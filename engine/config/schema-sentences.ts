/** Sentences for values that a schema does not allow: what is there, what is allowed. */
import { suggestWord } from '../core/suggest.ts'
import { formats } from './formats.ts'
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
      const wanted = (Array.isArray(params.type) ? params.type : [params.type]).map((type) =>
        nameType(String(type)),
      )
      const quoted = wanted.includes('a text') && ['number', 'boolean'].includes(typeof data)
      return `must be ${wanted.join(' or ')}, is ${describeType(data)}${quoted ? '; put it in quotes' : ''}`
    }
    case 'enum': {
      const allowed = (params.allowedValues as unknown[]).map(String)
      const near = suggestWord(String(data), allowed)
      return `${quote(data)} is not allowed${near}${near ? ' Allowed' : '; allowed'}: ${listWords(allowed)}`
    }
    case 'const':
      return `${quote(data)} is not allowed; it is ${quote(params.allowedValue)}`
    case 'pattern':
      return `${quote(data)} is not allowed${schema.description ? `: ${lowerFirst(schema.description)}` : ''}`.replace(
        /\.$/,
        '',
      )
    case 'format': {
      const allowed = formats[String(params.format)]?.(String(data)) ?? 'is not allowed'
      return params.format === 'cron' ? allowed : `${quote(data)} ${allowed}`
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
      return `entries ${Number(params.j) + 1} and ${Number(params.i) + 1} of the list are the same`
    case 'minimum':
      return `${data} is too small; ${limit} or more is allowed`
    case 'maximum':
      return `${data} is too large; ${limit} or less is allowed`
    default:
      return `is not allowed here (${keyword})`
  }
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
