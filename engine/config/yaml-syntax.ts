/** The YAML parser's complaints in the words of those who write manifests, at the place that is to be changed. */
import { type Document, visit } from 'yaml'
import { tellColumn, tellDeeperNext } from './indentation.ts'
import type { Range } from './places.ts'

/** A fault of the text, where it is, and what to do. */
export interface SyntaxFault {
  range: Range
  message: string
}

interface SyntaxError {
  code: string
  message: string
  pos: readonly [number, number]
}

/** Puts one of the parser's errors or warnings into words. `maxDepth` is how deep values may be nested. */
export function describeSyntax(
  error: SyntaxError,
  text: string,
  document: Pick<Document, 'contents'>,
  maxDepth: number,
): SyntaxFault {
  const range = { start: error.pos[0], end: error.pos[1] }
  const tab = tabInIndent(text, range.start)
  if (tab) return { range: tab, message: 'there is a tab; indent with spaces' }
  const quote = /^Missing closing (["'])quote/.exec(error.message)?.[1]
  if (quote) {
    return {
      range: quotedAround(document, range),
      message: `the quote ${quote} that opens here is never closed`,
    }
  }
  const misplaced = findMisplaced(error, text, skipIndent(text, range).start)
  if (misplaced) return misplaced
  const sentence = sentenceOf(error, text[range.start] ?? '', maxDepth)
  return { range: skipIndent(text, range), message: sentence }
}

/** The line that begins in the wrong column, where that is what the complaint is about. */
function findMisplaced(
  { code, message }: SyntaxError,
  text: string,
  offset: number,
): SyntaxFault | undefined {
  if (columnSigns.some((sign) => message.includes(sign))) return tellColumn(text, offset)
  if (code !== 'BLOCK_AS_IMPLICIT_KEY' && !message.includes('Nested mappings are not allowed'))
    return undefined
  return text.startsWith('- ', offset) ? tellColumn(text, offset) : tellDeeperNext(text, offset)
}

const columnSigns = [
  'All mapping items must start',
  'All sequence items must start',
  'item without - indicator',
]

function sentenceOf({ code, message }: SyntaxError, first: string, maxDepth: number): string {
  const known = sentences.find(([sign]) => code === sign || message.includes(sign))?.[1]
  if (known) return known
  if (code === 'BAD_SCALAR_START') return `a text that begins with ${first} needs quotes`
  if (code === 'RESOURCE_EXHAUSTION') return `values are nested too deep; ${maxDepth} levels are allowed`
  const sentence = message.split('\n')[0]!.slice(0, 160)
  return `this is not YAML: ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`
}

/** By code, or by a part of the message where a code has several meanings. */
const sentences: [sign: string, sentence: string][] = [
  ['MULTIPLE_DOCS', 'there is a second document; a file holds one'],
  ['TAB_AS_INDENT', 'there is a tab; indent with spaces'],
  ['BAD_DIRECTIVE', 'a directive (%) is not allowed in a manifest; a text that begins with % needs quotes'],
  ['BAD_ALIAS', 'an alias (*) is not allowed in a manifest; a text that begins with * needs quotes'],
  ['and end with a ]', 'a list that began with [ before this is never closed by ]'],
  [
    'and end with a }',
    'a mapping that began with { before this is never closed by }; a text that begins with { needs quotes',
  ],
  [
    'BLOCK_AS_IMPLICIT_KEY',
    'this value is followed by a colon or a deeper line; put a text with ": " in quotes, and begin each key in the same column',
  ],
  [
    'Nested mappings are not allowed',
    'this value is followed by a colon or a deeper line; put a text with ": " in quotes, and begin each key in the same column',
  ],
  ['All mapping items must start', 'this line does not begin in the same column as the keys around it'],
  ['item without - indicator', 'this line does not begin in the same column as the keys around it'],
  ['All sequence items must start', 'this line does not begin in the same column as the entries around it'],
  [
    'MULTILINE_IMPLICIT_KEY',
    'this is no key with a value: a colon and a space are missing, or the line is not indented enough',
  ],
  [
    'Implicit map keys need to be followed',
    'this is no key with a value: a colon and a space are missing, or the line is not indented enough',
  ],
  ['at node end', 'the value ended before this; put the whole text in quotes'],
]

/** The first tab in the indentation of the line around an offset. */
function tabInIndent(text: string, offset: number): Range | undefined {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1
  const indent = /^[ \t]*/.exec(text.slice(lineStart))![0]
  const tab = indent.indexOf('\t')
  return tab === -1 ? undefined : { start: lineStart + tab, end: lineStart + tab + 1 }
}

/** The parser tells an open quote where it gave up; the quote itself is what to look at. */
function quotedAround({ contents }: Pick<Document, 'contents'>, range: Range): Range {
  let found = range
  visit(contents, {
    Scalar(_, { type, range: own }) {
      const isQuoted = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE'
      if (isQuoted && own && own[0] <= range.start && own[2] >= range.start) {
        found = { start: own[0], end: own[0] + 1 }
      }
    },
  })
  return found
}

/** Behind the spaces of an indentation; at the end of the text for what is missing there. */
function skipIndent(text: string, range: Range): Range {
  const end = text.trimEnd().length
  if (range.start >= end) return { start: end, end }
  const start = range.start + /^ */.exec(text.slice(range.start, range.start + 500))![0].length
  return text[start] === '\n' ? range : { start, end: Math.max(start, range.end) }
}

/** The range with the anchor, tag or alias sign in front of a value. */
export function withProperties(text: string, range: Range): Range {
  const before = /(?:[!&][^\s,[\]{}]*\s+)+$/.exec(text.slice(Math.max(0, range.start - 200), range.start))
  return before ? { start: range.start - before[0].length, end: range.end } : range
}
