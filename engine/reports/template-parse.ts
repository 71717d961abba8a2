/** A template's text to its syntax tree, or to the place where it is wrong. */
import Handlebars from 'handlebars'
import { findFaults, type TemplateRules } from './template-faults.ts'

/** A place in the text: the offset counts UTF-16 units from 0, line and column count from 1. */
export interface TemplateFault {
  offset: number
  line: number
  column: number
  message: string
}

const maxLength = 128 * 1024
// Parsing takes time with the square of the depth: 20,000 open blocks are two minutes. Counted without regard to
// where something ends, because only the parser knows what is a comment or a string.
const nesting = [
  { what: 'blocks', pattern: /\{\{~?(?:[#^]|\s*else\b)/g, max: 500 },
  { what: 'opening parentheses', pattern: /\(/g, max: 1000 },
]

/** Every fault of a template by place; one alone where it does not parse. */
export function listFaults(text: string, rules: TemplateRules): TemplateFault[] {
  const lines = lineStarts(text)
  const at = (line: number, column: number, message: string): TemplateFault => {
    const offset = Math.min(text.length, (lines[line - 1] ?? text.length) + column)
    return { offset, line, column: column + 1, message }
  }
  const tooMuch = findTooMuch(text)
  if (tooMuch !== undefined) return [at(1, 0, tooMuch)]
  const faults: TemplateFault[] = []
  try {
    findFaults(Handlebars.parse(text), rules, (node, message) => {
      faults.push(at(node.loc.start.line, node.loc.start.column, message))
    })
  } catch (error) {
    if (error instanceof RangeError) return [at(1, 0, 'the template is nested too deeply')]
    if (error instanceof Error) return [at(...placeOf(error), describeParseError(error))]
    throw error
  }
  return faults.sort((a, b) => a.offset - b.offset)
}

function findTooMuch(text: string): string | undefined {
  if (text.length > maxLength) return `the template has ${text.length} characters, ${maxLength} are allowed`
  for (const { what, pattern, max } of nesting) {
    const count = text.match(pattern)?.length ?? 0
    if (count > max) return `the template has ${count} ${what}, ${max} are allowed`
  }
  return undefined
}

/** Line from 1 and column from 0 of what Handlebars could not parse. */
function placeOf(error: Error & { lineNumber?: number; column?: number }): [line: number, column: number] {
  if (error.lineNumber !== undefined && error.column !== undefined) return [error.lineNumber, error.column]
  // A syntax error has its place only in a drawing within the message; the lexer stands right behind it.
  const { lexer } = (Handlebars as unknown as { Parser: { lexer: Lexer } }).Parser
  return [lexer.yylloc.first_line, lexer.yylloc.first_column]
}

interface Lexer {
  yylloc: { first_line: number; first_column: number }
}

function describeParseError(error: Error): string {
  const message = error.message.split('\n')
  const expected = message.find((line) => line.startsWith('Expecting'))
  if (expected?.endsWith("got 'EOF'")) return 'the template ends within a block or {{'
  if (expected !== undefined || message[0]!.startsWith('Lexical error')) return 'this is no Handlebars'
  return message[0]!.replace(/ - \d+:\d+$/, '')
}

function lineStarts(text: string): number[] {
  return [0, ...Array.from(text.matchAll(/\r\n?|\n/g), (match) => match.index + match[0].length)]
}
