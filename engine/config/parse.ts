/** A manifest's bytes to plain JSON with places. The text is not trusted: what YAML can do beyond JSON is refused. */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import type { SourceFile } from '../core/contracts/config-source.ts'
import type { Problem } from '../core/model.ts'
import { type LoadedDocument, type Place, pointerPart, type Range, spanOf } from './places.ts'
import { quote } from './problems.ts'
import { describeSyntax, withProperties } from './yaml-syntax.ts'

/** Bytes. A larger manifest is refused before it is parsed: the parser is quadratic in places. */
export const maxManifestBytes = 64 * 1024
const maxDepth = 32
// Control characters other than tab and line end, and those that turn the reading direction.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const oddCharacter = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]|\r(?!\n)/
const utf8 = new TextDecoder('utf-8', { fatal: true })
const refusedKeys = new Set(['__proto__', 'constructor', 'prototype'])

export interface Parsed {
  /** null where the file could not be read as one plain document. */
  document: LoadedDocument<unknown> | null
  problems: Problem[]
}

/** Decodes a text file of the source; gives a problem for a link, a too large file, or what is not plain UTF-8 text. */
export function decodeText(file: string, source: SourceFile): { text: string } | { problem: Problem } {
  const refuse = (message: string, rule = 'file-text') => ({ problem: problemAtTop(file, rule, message) })
  if (source.kind === 'other') {
    return refuse('this is a link or a special file; only regular files are read', 'regular-file')
  }
  if (source.size > maxManifestBytes || source.content.byteLength > maxManifestBytes) {
    return refuse(`the file has ${source.size} bytes; ${maxManifestBytes} are allowed`, 'file-size')
  }
  let text: string
  try {
    text = utf8.decode(source.content)
  } catch {
    // What cannot be read becomes U+FFFD, which nobody writes.
    const [readable = ''] = new TextDecoder('utf-8').decode(source.content).split('\ufffd', 1)
    const span = spanOf(readable, { start: readable.length, end: readable.length })
    const message = 'this is not valid UTF-8; save the file as UTF-8'
    return { problem: { file, ...span, rule: 'file-text', severity: 'error', message } }
  }
  const odd = oddCharacter.exec(text)
  if (odd) {
    const code = odd[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
    const span = spanOf(text, { start: odd.index, end: odd.index + 1 })
    const message =
      odd[0] === '\0'
        ? 'there is a NUL character (U+0000); remove it, or save the file as UTF-8 if it is UTF-16'
        : `there is a control character (U+${code}); write it as an escape in a quoted text, or remove it`
    return { problem: { file, ...span, rule: 'file-text', severity: 'error', message } }
  }
  return { text }
}

/** A problem of a file as a whole. */
export function problemAtTop(file: string, rule: string, message: string): Problem {
  return { file, line: 1, column: 1, endLine: 1, endColumn: 1, rule, severity: 'error', message }
}

/** Parses one YAML document. Never throws for bad input. */
export function parseManifest(file: string, source: SourceFile): Parsed {
  const decoded = decodeText(file, source)
  return 'problem' in decoded
    ? { document: null, problems: [decoded.problem] }
    : parseText(file, decoded.text)
}

/** Parses the text of one YAML document by the whole parser: slow, and with every place. Never throws for bad input. */
export function parseText(file: string, text: string): Parsed {
  const parsed = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    // Both are quadratic in the library: duplicates and places are found below.
    uniqueKeys: false,
    prettyErrors: false,
    // Not silent: that would also hide a second document.
    logLevel: 'error',
  })
  const walk = createWalk(file, text)
  const [error] = parsed.errors
  if (error) {
    const { range, message } = describeSyntax(error, text, parsed, maxDepth)
    walk.refuse(range, message)
    return { document: null, problems: walk.problems }
  }
  const directives = parsed.directives
  if (directives?.yaml.explicit || Object.keys(directives?.tags ?? {}).length > 1) {
    walk.refuse({ start: 0, end: 1 }, 'a directive (%YAML, %TAG) is not allowed in a manifest')
  }
  const value = walk.visit(parsed.contents, '', 0, undefined)
  if (value === null && walk.problems.length === 0) {
    return { document: null, problems: [problemAtTop(file, 'yaml', 'the file is empty')] }
  }
  for (const warning of parsed.warnings) {
    if (warning.code === 'TAG_RESOLVE_FAILED') continue // The walk refuses every tag.
    const { range, message } = describeSyntax(warning, text, parsed, maxDepth)
    walk.refuse(range, message)
  }
  if (walk.problems.length > 0) return { document: null, problems: walk.problems }
  return { document: { file, value, text, places: walk.places }, problems: [] }
}

const maxProblems = 50

function createWalk(file: string, text: string) {
  const places = new Map<string, Place>()
  const problems: Problem[] = []

  function refuse(range: Range, message: string, rule = 'yaml'): void {
    // More of one file would only hide the first ones.
    if (problems.length >= maxProblems) return
    problems.push({ file, ...spanOf(text, range), rule, severity: 'error', message })
  }

  /** Turns a node into plain JSON and records its place; what is refused becomes null. */
  function visit(node: unknown, pointer: string, depth: number, key: Range | undefined): unknown {
    const found = node as Node | null | undefined
    const own = rangeOf(found)
    // An empty value has no text of its own to point at; an empty entry of a list is behind its dash.
    const range = own && (own.end > own.start || !key) ? own : (key ?? { start: 0, end: 0 })
    places.set(pointer, key ? { value: range, key } : { value: range })
    if (found === null || found === undefined) return null
    if (depth > maxDepth) {
      refuse(range, `values are nested too deep; ${maxDepth} levels are allowed`)
      return null
    }
    if (isAlias(found)) {
      refuse(
        range,
        'an alias (*) is not allowed in a manifest; write the value out, or put the text in quotes',
      )
      return null
    }
    if ('anchor' in found && found.anchor) {
      refuse(withProperties(text, range), 'an anchor (&) is not allowed in a manifest')
    }
    if ('tag' in found && found.tag) {
      refuse(withProperties(text, range), 'a tag (!) is not allowed in a manifest')
      return null
    }
    if (isSeq(found)) {
      return found.items.map((item, index) => visit(item, pointer + pointerPart(index), depth + 1, undefined))
    }
    if (isMap(found)) return visitMap(found, pointer, depth)
    return visitScalar(found as Scalar, range)
  }

  function visitMap(map: YAMLMap, pointer: string, depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = {}
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const range = rangeOf(pair.key) ?? rangeOf(map)!
      const key = isScalar(pair.key) && !pair.key.tag && !pair.key.anchor ? pair.key.value : undefined
      if (typeof key !== 'string') {
        refuse(range, 'a key must be a plain text')
      } else if (key === '<<') {
        refuse(range, 'a merge key (<<) is not allowed in a manifest; write the values out')
      } else if (refusedKeys.has(key)) {
        refuse(range, `the key ${quote(key)} is not allowed`)
      } else if (Object.hasOwn(result, key)) {
        const hint = /\/\d+$/.test(pointer) ? '; a further entry of the list begins with "- "' : ''
        refuse(range, `the key ${quote(key)} is there twice${hint}`, 'duplicate-key')
      } else {
        result[key] = visit(pair.value, pointer + pointerPart(key), depth + 1, range)
      }
    }
    return result
  }

  function visitScalar(scalar: Scalar, range: Range): unknown {
    const { value, source, type } = scalar
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) refuse(range, `${source} is not a number that a manifest can hold`)
      // YAML 1.1 reads it as octal, 1.2 as decimal: whoever wrote it may mean either.
      else if (type === 'PLAIN' && /^[-+]?0[0-9]/.test(source ?? '')) {
        refuse(range, 'a number with a leading zero is ambiguous; put it in quotes, or drop the zero')
      }
    }
    return typeof value === 'object' || typeof value === 'bigint' ? null : value
  }

  return { places, problems, refuse, visit }
}

function rangeOf(node: unknown): Range | undefined {
  const range = (node as Node | null | undefined)?.range
  return range ? { start: range[0], end: range[1] } : undefined
}
