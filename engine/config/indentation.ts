/** In which columns the lines of a manifest begin, for telling how a wrong one is mended. Columns count from 1. */
import type { Range } from './places.ts'

interface Line {
  number: number
  start: number
  /** Where its first character is. */
  column: number
  /** Where its key is, behind the dashes of list entries. */
  keyColumn: number
  isEntry: boolean
}

/** A line that begins in the wrong column, and in words where it should. */
export interface Misplaced {
  range: Range
  message: string
}

/** Says where the line around an offset should begin, by the lines above it; undefined where they do not tell. */
export function tellColumn(text: string, offset: number): Misplaced | undefined {
  const lines = linesUntil(text, offset)
  const line = lines.pop()
  const above = lines.at(-1)
  if (!line || !above) return undefined
  if (line.isEntry) {
    const column = lines.findLast(({ isEntry }) => isEntry)?.column
    return column === undefined || column === line.column ? undefined : tellOther(line, 'entries', column)
  }
  if (line.column > above.keyColumn) return tellDeeper(line, above)
  // Back to the line that holds this one: the outermost keys on the way are its neighbours.
  const holder = lines.findLastIndex(({ column }) => column <= line.column)
  const columns = lines.slice(Math.max(0, holder)).map(({ keyColumn }) => keyColumn)
  const column = Math.min(...columns.filter((each) => each > line.column))
  return Number.isFinite(column) ? tellOther(line, 'keys', column) : undefined
}

/** Says that the line after a value is too deep, so that it reads as more of that value; undefined where it does not. */
export function tellDeeperNext(text: string, offset: number): Misplaced | undefined {
  const lineEnd = text.indexOf('\n', offset)
  if (lineEnd === -1 || /:(?:\s|$)/.test(text.slice(offset, lineEnd))) return undefined
  const next = /^(?:[ ]*(?:#[^\n]*)?\r?\n)*[ ]*(?=[^\s#])/.exec(text.slice(lineEnd + 1))
  if (!next) return undefined
  const lines = linesUntil(text, lineEnd + 1 + next[0].length)
  const [above, line] = lines.slice(-2)
  return above && line && line.column > above.keyColumn ? tellDeeper(line, above) : undefined
}

function tellDeeper(line: Line, above: Line): Misplaced {
  const message = `this line is indented deeper than line ${above.number}; begin it in column ${above.keyColumn}`
  return { range: rangeOf(line), message }
}

function tellOther(line: Line, what: 'keys' | 'entries', column: number): Misplaced {
  const message = `this line does not begin in the same column as the ${what} above it (column ${column})`
  return { range: rangeOf(line), message }
}

function rangeOf({ start, column }: Line): Range {
  return { start: start + column - 1, end: start + column }
}

/** The lines up to the one around an offset, without blank ones and comments. */
function linesUntil(text: string, offset: number): Line[] {
  const lines: Line[] = []
  let start = 0
  for (const [index, content] of text.split('\n').entries()) {
    if (start > offset) break
    const [, indent = '', dashes = ''] = /^( *)((?:- +)*)/.exec(content) ?? []
    if (!/^\s*(?:#|$)/.test(content)) {
      const column = indent.length + 1
      const isEntry = /^-(?:\s|$)/.test(content.slice(indent.length))
      lines.push({ number: index + 1, start, column, keyColumn: column + dashes.length, isEntry })
    }
    start += content.length + 1
  }
  return lines
}
