/** What a changed query of a fan-out means: which rows it gives nobody knows without running it. */
import type { Snapshot } from '../model.ts'
import { showValue } from './differences.ts'
import type { Effect } from './model.ts'
import { joinPhrases, type Phrase, phrase } from './phrase.ts'

const shownLines = 5

/** Tells the lines that came and went, and what follows from them. */
export function queryEffects({ manifest: before }: Snapshot, { manifest: after }: Snapshot): Effect[] {
  const [old, now] = [before.fanOut?.query, after.fanOut?.query]
  if (old === undefined || now === undefined || old === now) return []
  const lines = [
    tellLines('new', linesOf(now), linesOf(old)),
    tellLines('gone', linesOf(old), linesOf(now)),
  ].filter(({ length }) => length > 0)
  const said: Phrase =
    lines.length === 0 ? ['only its blanks or the order of its lines'] : joinPhrases(lines, '; ')
  const follows: Phrase = ['. Other rows may get a run, and others none any more: jobsd preview shows which']
  return [
    {
      kind: 'setting-changed',
      place: 'fanOut.query',
      before: old,
      after: now,
      phrase: ['fanOut.query: ', ...said, ...follows],
    },
  ]
}

function linesOf(query: string): string[] {
  return query
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** `new lines a / b and 2 more`; nothing where there are none. */
function tellLines(what: string, lines: readonly string[], others: readonly string[]): Phrase {
  const told = lines.filter((line) => !others.includes(line))
  if (told.length === 0) return []
  const more = told.length - shownLines
  const shown = told.slice(0, shownLines).map((line) => phrase`${showValue(line)}`)
  const kind = told.length === 1 ? 'line' : 'lines'
  return [`${what} ${kind} `, ...joinPhrases(shown, ' / '), ...(more > 0 ? [` and ${more} more`] : [])]
}
