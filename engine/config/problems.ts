/** Problems as data: their order and their text. */
import type { Problem } from '../core/model.ts'

/** Problems by file, line, column and rule: the same input gives the same list. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return [...problems].sort(
    (a, b) =>
      compareText(a.file, b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      compareText(a.rule, b.rule) ||
      compareText(a.message, b.message),
  )
}

/** Orders text by code units, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** What a terminal or a log would obey rather than show: control and direction characters, line ends. */
export const hiddenCharacter = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u

/** One line, safe on a terminal: `file:line:column: message [rule]`. Hidden characters are shown as `\u{a}`. */
export function formatProblemLine(problem: Problem): string {
  const { file, line, column, message, rule, severity } = problem
  const text = `${file}:${line}:${column}: ${severity === 'warning' ? 'warning: ' : ''}${message} [${rule}]`
  return text.replace(
    new RegExp(hiddenCharacter, 'gu'),
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  )
}

/** The line of a problem with the code it is about; `sourceText` is the file's, empty where it cannot be shown. */
export function formatProblem(problem: Problem, sourceText: string): string {
  const head = formatProblemLine(problem)
  const code = sourceText.split(/\r?\n/)[problem.line - 1]
  // A secret that was written into a manifest must not travel on into a CI log.
  if (code === undefined || code.trim() === '' || problem.rule === 'secret-value') return head
  const shown = [...code].map((character) => (isControl(character) ? ' ' : character)).join('')
  const end = problem.endLine === problem.line ? problem.endColumn : shown.length + 1
  const width = Math.max(1, Math.min(end, shown.length + 1) - problem.column)
  const margin = ' '.repeat(String(problem.line).length)
  return [
    head,
    `${margin} |`,
    `${problem.line} | ${shown}`,
    `${margin} | ${' '.repeat(problem.column - 1)}^${'~'.repeat(width - 1)}`,
  ].join('\n')
}

function isControl(character: string): boolean {
  const code = character.codePointAt(0) ?? 0
  return code < 32 || code === 127
}

// As many as there are types of steps.
const maxWords = 20

/** `"a", "b" or "c"`; long lists are cut. */
export function listWords(words: readonly string[], joint: 'or' | 'and' = 'or'): string {
  if (words.length === 0) return 'none'
  const quoted = words.slice(0, maxWords).map((word) => `"${word}"`)
  if (words.length > maxWords) return `${quoted.join(', ')} and ${words.length - maxWords} more`
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} ${joint} ${quoted.at(-1)}`
}

/** A word of a manifest as messages show it: quoted, on one line, not too long. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`
}
