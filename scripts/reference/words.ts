/** Schema nodes in the words of the reference. */
import type { Placed, SchemaNode, Schemas } from './schemas.ts'

/** What a property is, and its default where the description says one. */
export function splitDescription({ description = '' }: SchemaNode): { what: string; byDefault: string } {
  const found = /^(.*?)\s*\bDefault:? (.+?)\.(?:\s+(.*))?$/s.exec(description)
  if (!found) return { what: description, byDefault: '' }
  const [, before = '', byDefault = '', after = ''] = found
  return { what: [before, after].filter(Boolean).join(' '), byDefault }
}

/** What values a property may have. */
export function describeAllowed(schemas: Schemas, placed: Placed): string {
  const { file, node } = schemas.resolve(placed)
  if (node.const !== undefined) return code(node.const)
  if (node.enum) return node.enum.map(code).join(', ')
  if (node.type === 'array') return describeList(schemas, { file, node })
  if (node.oneOf && node.type === undefined) {
    const ways = node.oneOf.map((branch) => describeAllowed(schemas, { file, node: branch }))
    return [...new Set(ways)].join(', or ')
  }
  if (isSecret(node)) return '`{ secret: <name> }`'
  if (node.type === 'object' || node.oneOf) return 'a mapping'
  if (node.type === 'boolean') return '`true`, `false`'
  if (node.type === 'integer' || node.type === 'number') return describeNumber(node)
  if (Array.isArray(node.type)) return node.type.map((type) => typeWords[type] ?? type).join(', ')
  return describeText(placed, node)
}

/** Whether a mapping only names a secret. */
export function isSecret({ properties = {} }: SchemaNode): boolean {
  return 'secret' in properties
}

const typeWords: Record<string, string> = { string: 'a text', number: 'a number', boolean: '`true`, `false`' }

function describeList(schemas: Schemas, { file, node }: Placed): string {
  const { minItems = 0, maxItems, uniqueItems } = node as { [key: string]: number | undefined }
  const entries = node.items ? describeAllowed(schemas, { file, node: node.items }) : 'anything'
  const different = uniqueItems ? ', all different' : ''
  return `a list of ${minItems} to ${maxItems}${different}; each ${entries}`
}

function describeNumber(node: SchemaNode): string {
  const kind = node.type === 'integer' ? 'a whole number' : 'a number'
  const { minimum, maximum } = node as { minimum?: number; maximum?: number }
  return minimum === undefined ? kind : `${kind}, ${minimum} to ${maximum}`
}

const formatWords: Record<string, string> = {
  timezone: 'an IANA time zone',
  address: 'one plain e-mail address',
  'absolute-path': 'a path that begins with `/`, without `..`',
  'key-prefix': 'a prefix that does not begin with `/`, without `..`',
  cron: 'five cron fields, or `@hourly`, `@daily`, `@weekly`, `@monthly`',
  every: 'a text such as `day at "18:30"`',
  edge: 'a day, `yyyy-MM-dd`, or a moment, `yyyy-MM-ddTHH:mm`, also with `Z` or an offset',
  blackout: 'a time of the day, `HH:mm`, or a day or moment, `yyyy-MM-dd`, `yyyy-MM-ddTHH:mm`',
  endpoint: 'an https URL (http only on loopback)',
  date: 'a day, `yyyy-MM-dd`',
}

// By the name of the shared definition that a property refers to.
const definitionWords: Record<string, string> = {
  name: 'a name',
  title: 'one line',
  duration: 'a number and `ms`, `s`, `m`, `h` or `d`',
  bytes: 'a number and `KiB`, `MiB` or `GiB`',
  target: 'a step, `end` or `fail`',
  fileName: 'a name with tokens, without slashes',
  localTime: '`00:00` to `23:59`',
  domain: 'a domain in lower case',
  value: 'a value of the run',
}

// Forms that need no expression to be understood.
const patternWords: Record<string, string> = {
  '^[a-z0-9]+(-[a-z0-9]+)*$': 'a name',
  '^[^\\u0000-\\u001f\\u007f]+$': 'one line',
}

function describeText({ node: { $ref = '' } }: Placed, { format, pattern, maxLength }: SchemaNode): string {
  const most = maxLength === undefined ? '' : `, at most ${maxLength} characters`
  if (typeof format === 'string') return formatWords[format] ?? format
  const known = definitionWords[$ref.split('/').at(-1) ?? '']
  if (known) return known === 'one line' ? known + most : known
  if (typeof pattern !== 'string') return `a text${most}`
  return patternWords[pattern] ?? `a text that fits \`${pattern}\``
}

/** A value as YAML in one line. */
export function showValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(showValue).join(', ')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).map(([key, inner]) => `${key}: ${showValue(inner)}`)
    return `{ ${entries.join(', ')} }`
  }
  // What YAML would read as something else, or a reader might.
  const isPlain =
    typeof value === 'string' && /^(?!true$|false$|null$|yes$|no$)([a-z/][\w ./@-]*|\d+[a-z]+)$/i.test(value)
  return isPlain ? value : JSON.stringify(value)
}

function code(value: unknown): string {
  return `\`${showValue(value)}\``
}
