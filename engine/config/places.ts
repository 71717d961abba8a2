/** Where things are in a text: JSON pointers to lines and columns. */
import type { Problem } from '../core/model.ts'

/** Offsets into the text, the end exclusive. */
export interface Range {
  start: number
  end: number
}

/** Lines and columns count from 1; the end is exclusive. */
export type Span = Pick<Problem, 'line' | 'column' | 'endLine' | 'endColumn'>

/** A span of a file. */
export type At = Span & Pick<Problem, 'file'>

/** What is at a JSON pointer: the value, and the key that leads to it. */
export interface Place {
  value: Range
  key?: Range
}

/** A manifest that could be read, with the place of everything in it. */
export interface LoadedDocument<T> {
  file: string
  value: T
  text: string
  /** By JSON pointer; the root is the empty string. */
  places: ReadonlyMap<string, Place>
}

/** One key or index of a JSON pointer. */
export function pointerPart(key: string | number): string {
  return `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** The lines and columns of a range of a text. */
export function spanOf(text: string, range: Range): Span {
  const start = positionOf(text, range.start)
  const end = positionOf(text, Math.max(range.start, range.end))
  return { line: start.line, column: start.column, endLine: end.line, endColumn: end.column }
}

function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  let line = 1
  for (let at = before.indexOf('\n'); at >= 0; at = before.indexOf('\n', at + 1)) line++
  return { line, column: offset - lineStart + 1 }
}

/**
 * The place of a value, or of its key. A pointer to nothing gives the nearest thing around it: for a key that
 * is missing, the first key beside it.
 */
export function placeOf(
  document: LoadedDocument<unknown>,
  pointer: string,
  on: 'value' | 'key' = 'value',
): At {
  const place = document.places.get(pointer)
  if (place) {
    const range = on === 'key' && place.key ? place.key : place.value
    return at(document, trimmed(document.text, range))
  }
  const parent = pointer.slice(0, pointer.lastIndexOf('/'))
  if (pointer === '') return at(document, { start: 0, end: 0 })
  return placeInside(document, parent)
}

/** The first key of the mapping at a pointer, or the value itself. */
export function placeInside(document: LoadedDocument<unknown>, pointer: string): At {
  const place = document.places.get(pointer)
  if (!place) return placeOf(document, pointer)
  const value = valueAt(document.value, pointer)
  const first = value !== null && typeof value === 'object' ? Object.keys(value)[0] : undefined
  if (first !== undefined && !Array.isArray(value)) {
    return placeOf(document, pointer + pointerPart(first), 'key')
  }
  return placeOf(document, pointer)
}

/** The place of a part of a text value; of the whole value where escapes or folding move things. */
export function placeWithin(
  document: LoadedDocument<unknown>,
  pointer: string,
  offset: number,
  length: number,
): At {
  const place = document.places.get(pointer)
  const value = valueAt(document.value, pointer)
  if (!place || typeof value !== 'string') return placeOf(document, pointer)
  const source = document.text.slice(place.value.start, place.value.end)
  const indent = source.indexOf(value)
  if (indent < 0 || indent > 1) return placeOf(document, pointer)
  const start = place.value.start + indent + offset
  return at(document, { start, end: start + length })
}

/**
 * The place of one character of a text value, also in a block of several lines; of the whole value where escapes or
 * folding move things.
 */
export function placeInText(document: LoadedDocument<unknown>, pointer: string, offset: number): At {
  const place = document.places.get(pointer)
  const value = valueAt(document.value, pointer)
  if (!place || typeof value !== 'string') return placeOf(document, pointer)
  const source = document.text.slice(place.value.start, place.value.end)
  if (!source.startsWith('|')) return placeWithin(document, pointer, offset, 1)
  const before = value.slice(0, offset).split('\n')
  const sourceLines = source.split('\n')
  // The first line is the sign that a block begins.
  const line = sourceLines[before.length]
  const indent = line?.indexOf(value.split('\n')[before.length - 1] ?? '') ?? -1
  if (indent < 0) return placeOf(document, pointer)
  const lineStart = sourceLines.slice(0, before.length).join('\n').length + 1
  const start = place.value.start + lineStart + indent + (before.at(-1)?.length ?? 0)
  return at(document, { start, end: start + 1 })
}

/** The value at a JSON pointer; undefined where there is none. */
export function valueAt(root: unknown, pointer: string): unknown {
  let value = root
  for (let start = 1; start <= pointer.length; ) {
    if (value === null || typeof value !== 'object') return undefined
    const slash = pointer.indexOf('/', start)
    const end = slash < 0 ? pointer.length : slash
    const part = pointer.slice(start, end)
    const key = part.includes('~') ? part.replaceAll('~1', '/').replaceAll('~0', '~') : part
    value = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
    start = end + 1
  }
  return value
}

function trimmed(text: string, range: Range): Range {
  let end = range.end
  while (end > range.start && /\s/.test(text[end - 1]!)) end--
  return { start: range.start, end }
}

function at(document: LoadedDocument<unknown>, range: Range): At {
  return { file: document.file, ...spanOf(document.text, range) }
}
