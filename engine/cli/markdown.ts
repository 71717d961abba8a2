/** Pieces of GitHub's and GitLab's Markdown that any text can be put into. */
import { spellCount } from '../core/spell-count.ts'
import { showSafely } from './show-safely.ts'

/**
 * A text as a code span: nothing in it is markup, HTML, a link, a reference or a mention. Not for HTML blocks, where no
 * Markdown is read, nor for cells of tables, which a `|` ends.
 */
export function toCodeSpan(text: string): string {
  const shown = showSafely(text)
  if (shown.trim() === '') return '` `'
  const ticks = '`'.repeat(longestRun(shown) + 1)
  // One blank on each side is taken away again.
  const gap = /^[` ]|[` ]$/.test(shown) ? ' ' : ''
  return `${ticks}${gap}${shown}${gap}${ticks}`
}

/** As toCodeSpan, for a cell of a table. */
export function toCellCode(text: string): string {
  return toCodeSpan(text.replaceAll('|', '\\u{7c}'))
}

/** A text for HTML: all but letters, digits, `/` and `-` as character references. */
export function escapeHtml(text: string): string {
  return showSafely(text).replace(/[^\p{L}\p{N} /-]/gu, (character) => `&#${character.codePointAt(0) ?? 0};`)
}

/** Lines as a fenced block. They must be safe to print. */
export function fence(lines: string[]): string {
  const ticks = '`'.repeat(Math.max(3, ...lines.map((line) => longestRun(line) + 1)))
  return [`${ticks}text`, ...lines, ticks].join('\n')
}

/** A list item with a block inside. */
export function nestItem(item: string, block: string): string {
  return [item, '', ...block.split('\n').map((line) => `  ${line}`)].join('\n')
}

/** As many texts as fit, and how many do not. */
export function takeWithin(texts: string[], maxCharacters: number): { taken: string[]; left: number } {
  let used = 0
  const end = texts.findIndex((text) => {
    used += text.length + 1
    return used > maxCharacters
  })
  const taken = end < 0 ? texts : texts.slice(0, end)
  return { taken, left: texts.length - taken.length }
}

/** Joins blocks up to a length; where some are left out, the last line says so. No block is cut in its middle. */
export function cutBlocks(head: string, blocks: string[], maxCharacters: number): string {
  const room = maxCharacters - head.length - 200
  const { taken, left } = takeWithin(
    blocks.map((block) => `\n\n${block}`),
    room,
  )
  const cut =
    left > 0
      ? `\n\n**Cut here: ${spellCount(left, 'more section')} would not fit. \`jobsd plan\` prints all of it.**`
      : ''
  return `${head}${taken.join('')}${cut}`
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length))
}
