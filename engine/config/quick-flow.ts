/** Quoted texts, and lists and mappings in brackets on one line, for the quick parser. */
import { beginsPlain, isRefusedKey, keyEnd, type Read, resolvePlain, UNSURE } from './quick-scalar.ts'

const space = 32
const comma = 44
const closeList = 93
const closeMap = 125

// Where JSON's escapes and YAML's are the same.
const sharedEscapes = /^"(?:[^"\\\p{Cc}]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"$/u

/** Reads a quoted text that ends on its line. */
export function readQuoted(text: string, start: number): Read {
  return text.charCodeAt(start) === 34 ? readDouble(text, start) : readSingle(text, start)
}

function readDouble(text: string, start: number): Read {
  let escapes = false
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 10) return UNSURE
    if (code === 92) {
      escapes = true
      at++
    } else if (code === 34) {
      const source = text.slice(start, at + 1)
      if (!escapes) return { value: source.slice(1, -1), end: at + 1 }
      return sharedEscapes.test(source) ? { value: JSON.parse(source), end: at + 1 } : UNSURE
    }
  }
  return UNSURE
}

function readSingle(text: string, start: number): Read {
  let doubled = false
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 10) return UNSURE
    if (code !== 39) continue
    if (text.charCodeAt(at + 1) === 39) {
      doubled = true
      at++
    } else {
      const inner = text.slice(start + 1, at)
      return { value: doubled ? inner.replaceAll("''", "'") : inner, end: at + 1 }
    }
  }
  return UNSURE
}

/** Reads a list or mapping in brackets that ends on its line. */
export function parseFlow(text: string, start: number, depth: number): Read {
  if (depth <= 0) return UNSURE
  return text.charCodeAt(start) === 91 ? readFlowList(text, start, depth) : readFlowMap(text, start, depth)
}

function readFlowList(text: string, start: number, depth: number): Read {
  const list: unknown[] = []
  let at = skipSpaces(text, start + 1)
  if (text.charCodeAt(at) === closeList) return { value: list, end: at + 1 }
  for (;;) {
    const item = readFlowValue(text, at, depth)
    if (item === UNSURE) return UNSURE
    list.push(item.value)
    at = skipSpaces(text, item.end)
    const code = text.charCodeAt(at)
    if (code === closeList) return { value: list, end: at + 1 }
    if (code !== comma) return UNSURE
    at = skipSpaces(text, at + 1)
  }
}

function readFlowMap(text: string, start: number, depth: number): Read {
  const map: Record<string, unknown> = {}
  let at = skipSpaces(text, start + 1)
  if (text.charCodeAt(at) === closeMap) return { value: map, end: at + 1 }
  for (;;) {
    const end = keyEnd(text, at)
    if (end < 0) return UNSURE
    const key = text.slice(at, end)
    if (isRefusedKey(key) || Object.hasOwn(map, key)) return UNSURE
    const item = readFlowValue(text, skipSpaces(text, end + 1), depth)
    if (item === UNSURE) return UNSURE
    map[key] = item.value
    at = skipSpaces(text, item.end)
    const code = text.charCodeAt(at)
    if (code === closeMap) return { value: map, end: at + 1 }
    if (code !== comma) return UNSURE
    at = skipSpaces(text, at + 1)
  }
}

function readFlowValue(text: string, start: number, depth: number): Read {
  const code = text.charCodeAt(start)
  if (code === 34 || code === 39) return readQuoted(text, start)
  if (code === 91 || code === 123) return parseFlow(text, start, depth - 1)
  return readFlowPlain(text, start)
}

/** Reads a plain value; unsure of every sign that could mean something in brackets. */
function readFlowPlain(text: string, start: number): Read {
  if (!beginsPlain(text.charCodeAt(start))) return UNSURE
  let end = start
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === space) continue
    if (code === comma || code === closeList || code === closeMap) break
    // line end " # : [ ? {
    if (
      code === 10 ||
      code === 34 ||
      code === 35 ||
      code === 58 ||
      code === 91 ||
      code === 63 ||
      code === 123
    )
      return UNSURE
    end = at + 1
  }
  const value = resolvePlain(text.slice(start, end))
  return value === UNSURE ? UNSURE : { value, end }
}

function skipSpaces(text: string, start: number): number {
  let at = start
  while (text.charCodeAt(at) === space) at++
  return at
}
