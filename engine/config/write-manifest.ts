/** Values to YAML as people write manifests by hand. Whatever the values are, reading the text gives them back. */
import { Document, isMap, isPair, isScalar, isSeq, type Pair, type Scalar, visit } from 'yaml'
import { parseManifest } from './parse.ts'

/** A file to be written into a config repository. */
export interface NewFile {
  /** Relative to the repository's root, `/`-separated. */
  path: string
  text: string
}

/** Lists and mappings that stand on lines of their own however short they are. */
const blockKeys = new Set([
  'trigger',
  'steps',
  'schedules',
  'folders',
  'alerts',
  'tests',
  'given',
  'expect',
  'deliveries',
])
/** Texts that are quoted by custom, since some values of them must be. */
const quotedKeys = new Set(['cron', 'fileName', 'dayCutOff', 'date', 'slot'])
const longestFlow = 72

/**
 * Writes one manifest, with the line by which editors find its schema. `comments` are by JSON pointer and stand
 * above the key or item. Throws TypeError for a value that no manifest can hold.
 */
export function writeManifest<T extends { kind: string }>(
  path: string,
  value: T,
  comments: Record<string, string> = {},
): NewFile {
  const document = new Document(value, {
    version: '1.2',
    schema: 'core',
    compat: 'yaml-1.1',
    aliasDuplicateObjects: false,
  })
  visit(document, {
    Pair(_, pair) {
      shapePair(pair)
    },
    Scalar(_, scalar) {
      if (hasOddCharacters(scalar.value)) scalar.type = 'QUOTE_DOUBLE'
    },
  })
  for (const [pointer, comment] of Object.entries(comments)) addComment(document, pointer, comment)
  const body = document.toString({ lineWidth: 0, flowCollectionPadding: true })
  // Only double-quoted texts hold such characters, and there an escape means the same.
  const text = `# yaml-language-server: $schema=${schemaPath(path, value.kind)}\n${escapeOdd(body)}`
  // A text of several lines may hold what looks like a list: then the lists stay as they are.
  const found = [tightenLists(text), text].find((each) => readsAs(each, value))
  if (found === undefined) throw new TypeError(`${path}: a value cannot be written as YAML`)
  return { path, text: found }
}

/** `[a, b]` instead of `[ a, b ]`. */
function tightenLists(text: string): string {
  return text.replace(/^( *(?:- )?\w+: )\[ (.*) \]$/gm, '$1[$2]')
}

function shapePair(pair: Pair): void {
  const key = isScalar(pair.key) ? String(pair.key.value) : ''
  const { value } = pair
  if (
    isScalar(value) &&
    typeof value.value === 'string' &&
    (quotedKeys.has(key) || value.value.includes('{'))
  ) {
    value.type = 'QUOTE_DOUBLE'
  }
  if (isSeq(value) && value.items.every(isScalar))
    value.flow = value.items.length === 0 || !blockKeys.has(key)
  if (isSeq(value) && (key === 'callCenters' || key === 'holidays')) {
    for (const item of value.items) if (isMap(item)) item.flow = true
  }
  if (isMap(value) && !blockKeys.has(key) && value.items.every((item) => isScalar(item.value))) {
    value.flow = JSON.stringify(value).length <= longestFlow
  }
}

function addComment(document: Document, pointer: string, comment: string): void {
  const parts = pointer
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part))
  const parent = document.getIn(parts.slice(0, -1), true)
  const last = parts.at(-1)
  const item = isMap(parent)
    ? parent.items.find(({ key }) => isScalar(key) && key.value === last)
    : isSeq(parent)
      ? parent.items[last as number]
      : undefined
  const node = isPair(item) ? (item.key as Scalar) : (item as Scalar | undefined)
  if (node === undefined) throw new TypeError(`no ${pointer} to comment on`)
  node.commentBefore = comment
    .split('\n')
    .map((line) => ` ${line}`)
    .join('\n')
}

/** As in parse.ts: characters that a manifest has only as escapes, and those that YAML takes for line ends. */
const odd = /(?![\t\n])[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu

function hasOddCharacters(value: unknown): boolean {
  return typeof value === 'string' && value.search(odd) >= 0
}

function escapeOdd(text: string): string {
  return text.replace(odd, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function schemaPath(path: string, kind: string): string {
  const up = '../'.repeat(path.split('/').length - 1)
  return `${up}schemas/${kind.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase()}.json`
}

/** Whether a text is read as that value: a manifest that says something else than was asked for must not leave here. */
function readsAs(text: string, value: object): boolean {
  const content = new TextEncoder().encode(text)
  const { document } = parseManifest('', { kind: 'file', size: content.byteLength, content })
  return document !== null && JSON.stringify(document.value) === JSON.stringify(value)
}
