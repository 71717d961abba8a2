/**
 * The YAML that people write in manifests, read about fifteen times faster than by a parser of the whole language. It knows a
 * small part of YAML and gives up (`undefined`) on everything else, right or wrong: parse.ts reads that. What it does
 * take, parse.ts takes too and gives the same value: test/engine/config/quick-parse.test.ts holds the two together.
 */
import { parseFlow, readQuoted } from './quick-flow.ts'
import { endOfScalar, isRefusedKey, keyEnd, readPlain, UNSURE } from './quick-scalar.ts'

/** Deeper manifests are the whole parser's to judge. */
const maxDepth = 16
// Tabs, carriage returns and wide blanks are where YAML's readers differ.
const oddBlanks = ['\t', '\r', '\u0085', '\u00a0']
const wideBlank = /[\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]/

const newline = 10
const space = 32
const hash = 35
const dash = 45

/** The value of a manifest's text: a mapping at the top. Gives undefined where it is not sure; never throws. */
export function parseQuickly(text: string): Record<string, unknown> | undefined {
  // `includes` is some ten times faster than an expression.
  if (oddBlanks.some((blank) => text.includes(blank)) || wideBlank.test(text)) return undefined
  const reader = createReader(text)
  if (reader.nextLine() !== 0) return undefined
  const value = reader.readMap(0, 1)
  return value === UNSURE || !reader.isAtEnd() ? undefined : (value as Record<string, unknown>)
}

function createReader(text: string) {
  const { length } = text
  /** Where the line that is being read goes on. */
  let at = 0
  /** The indent of that line; -1 at the end of the text. */
  let indent = 0

  /** Goes on from a line's start to the first line that has more than a comment; gives its indent. */
  function nextLine(): number {
    for (;;) {
      const start = at
      while (at < length && text.charCodeAt(at) === space) at++
      if (at >= length) {
        indent = -1
        return indent
      }
      const code = text.charCodeAt(at)
      if (code === newline) at++
      else if (code === hash) skipLine()
      else {
        indent = at - start
        return indent
      }
    }
  }

  function skipLine(): void {
    const end = text.indexOf('\n', at)
    at = end < 0 ? length : end + 1
  }

  /** Whether nothing but blanks or a comment is left of the line; if so the next line is begun. */
  function endLine(): boolean {
    const end = endOfScalar(text, at)
    if (end < 0) return false
    at = end
    nextLine()
    return true
  }

  /** Reads the mapping whose first key stands here. */
  function readMap(own: number, depth: number): unknown {
    const map: Record<string, unknown> = {}
    if (depth > maxDepth) return UNSURE
    do {
      const end = keyEnd(text, at)
      if (end < 0) return UNSURE
      const key = text.slice(at, end)
      if (isRefusedKey(key) || Object.hasOwn(map, key)) return UNSURE
      at = end + 1
      const value = readAfterKey(own, depth)
      if (value === UNSURE) return UNSURE
      map[key] = value
    } while (indent === own)
    return indent > own ? UNSURE : map
  }

  function readAfterKey(own: number, depth: number): unknown {
    while (text.charCodeAt(at) === space) at++
    const code = text.charCodeAt(at)
    if (at < length && code !== newline && code !== hash) return readInline(own, depth)
    if (!endLine()) return UNSURE
    // A list may stand at the indent of its key.
    if (indent === own && isDash()) return readList(own, depth + 1)
    if (indent <= own) return UNSURE
    return isDash() ? readList(indent, depth + 1) : readMap(indent, depth + 1)
  }

  function isDash(): boolean {
    return text.charCodeAt(at) === dash && text.charCodeAt(at + 1) === space
  }

  function readList(own: number, depth: number): unknown {
    const list: unknown[] = []
    if (depth > maxDepth) return UNSURE
    do {
      // A list at the indent of its key ends where the next key stands; elsewhere whoever asked is unsure.
      if (!isDash()) return list
      at++
      const start = at
      while (text.charCodeAt(at) === space) at++
      const column = own + 1 + at - start
      const isMap = keyEnd(text, at) >= 0
      if (isMap) indent = column
      const value = isMap ? readMap(column, depth + 1) : readInline(own, depth)
      if (value === UNSURE) return UNSURE
      list.push(value)
    } while (indent === own)
    return indent > own ? UNSURE : list
  }

  /** Reads a value that begins on this line, up to the next line with something on it. */
  function readInline(own: number, depth: number): unknown {
    const code = text.charCodeAt(at)
    if (code === 124 || code === 62) return readBlock(own, code === 62)
    let read: { value: unknown; end: number } | typeof UNSURE
    if (code === 34 || code === 39) read = readQuoted(text, at)
    else if (code === 91 || code === 123) read = parseFlow(text, at, maxDepth - depth)
    else read = readPlain(text, at)
    if (read === UNSURE) return UNSURE
    at = read.end
    return endLine() ? read.value : UNSURE
  }

  /** Reads `|`, `|-`, `>` or `>-` over lines of one indent without blank ones between. */
  function readBlock(own: number, isFolded: boolean): unknown {
    const strips = text.charCodeAt(at + 1) === dash
    at += strips ? 2 : 1
    if (text.charCodeAt(at) !== newline) return UNSURE
    at++
    const lines: string[] = []
    let width = -1
    for (;;) {
      const start = at
      while (text.charCodeAt(at) === space) at++
      const found = at - start
      if (at >= length || text.charCodeAt(at) === newline) {
        // Blank lines at the end do not count; between lines they do.
        if (found > 0 || !skipBlank(own, width)) return UNSURE
        break
      }
      if (width < 0) width = found
      if (found < width || found <= own) {
        at = start
        break
      }
      const end = text.indexOf('\n', at)
      // More indented lines fold otherwise, trailing blanks too, and a last line without its end has no line end.
      if (found > width || end < 0 || text.charCodeAt(end - 1) === space) return UNSURE
      lines.push(text.slice(at, end))
      at = end + 1
    }
    if (lines.length === 0) return UNSURE
    nextLine()
    return lines.join(isFolded ? ' ' : '\n') + (strips ? '' : '\n')
  }

  /** Skips the blank lines after a block; false where the block goes on behind them. */
  function skipBlank(own: number, width: number): boolean {
    while (text.charCodeAt(at) === newline) at++
    const start = at
    while (text.charCodeAt(at) === space) at++
    const found = at - start
    const isBlank = at < length && text.charCodeAt(at) === newline
    at = start
    return width >= 0 && !isBlank && (start + found >= length ? found === 0 : found <= own)
  }

  return { nextLine, readMap, isAtEnd: () => indent === -1 }
}
