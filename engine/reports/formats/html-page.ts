/** The format html: one page that stands by itself, with a header block above the rows and a Total row below. */
import type { Column } from '../../core/manifest.ts'
import { type Cell, type Cells, isNumeric } from './cell.ts'
import { headLines, type ReportHead } from './head.ts'
import { createPeopleText } from './people-text.ts'

export interface PageParts {
  title: string
  columns: readonly Column[]
  timezone: string
  locale: string
  head: ReportHead | null
  rowCount: number
}

const style = `:root{color-scheme:light dark}
body{font:14px/1.4 system-ui,sans-serif;margin:2rem}
h1{font-size:1.4rem;margin:0 0 1rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:0 0 1.5rem}
dt{opacity:.7}dd{margin:0}
.rows{overflow-x:auto}
table{border-collapse:collapse}
th,td{padding:.25rem .6rem;border-bottom:1px solid #8886;text-align:left;white-space:nowrap}
th{position:sticky;top:0;background:Canvas}
.n{text-align:right;font-variant-numeric:tabular-nums}
tfoot td{font-weight:600;border-top:2px solid}`

export function createHtmlPage(parts: PageParts) {
  const { title, columns, timezone, locale, head, rowCount } = parts
  const texts = columns.map((column) => createPeopleText(column, locale, timezone))
  const classes = columns.map((column) => (isNumeric(column) ? ' class="n"' : ''))
  const cellOf = (at: number, text: string) => `<td${classes[at]}>${escapeHtml(text)}</td>`
  return {
    start(): string {
      const lines = head === null ? [] : headLines(head, rowCount, { locale, timezone })
      const block = lines.map(
        ([label, text]) => `<dt>${escapeHtml(label)}</dt><dd>${escapeHtml(text)}</dd>\n`,
      )
      const titles = columns.map(
        (column, at) => `<th scope="col"${classes[at]}>${escapeHtml(column.title)}</th>`,
      )
      return `<!doctype html>
<html lang="${escapeHtml(locale)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
${style}
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${block.length === 0 ? '' : `<dl>\n${block.join('')}</dl>\n`}<div class="rows">
<table>
<thead><tr>${titles.join('')}</tr></thead>
<tbody>
`
    },
    rows(cells: Cells): string {
      let rows = ''
      const count = cells[0]?.length ?? 0
      for (let row = 0; row < count; row++) {
        rows += '<tr>'
        for (let at = 0; at < texts.length; at++) rows += cellOf(at, texts[at]!(cells[at]![row]!))
        rows += '</tr>\n'
      }
      return rows
    },
    end(totals: readonly Cell[] | null): string {
      const foot = totalTexts(totals, texts)
        ?.map((text, at) => cellOf(at, text))
        .join('')
      return `</tbody>
${foot === undefined ? '' : `<tfoot><tr>${foot}</tr></tfoot>\n`}</table>
</div>
</body>
</html>
`
    },
  }
}

/** The Total row's texts; the first column says what the row is where it has no total itself. */
function totalTexts(
  totals: readonly Cell[] | null,
  texts: readonly ((cell: Cell) => string)[],
): string[] | undefined {
  return totals?.map((cell, at) => (at === 0 && cell === null ? 'Total' : texts[at]!(cell)))
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => escapes[sign]!)
}
