/** The page of the standard reports: of each what its definition says, and an example. */
import type { Column, Report } from '../../engine/core/manifest.ts'
import { spellCount } from '../../engine/core/spell-count.ts'

export interface ReportExample {
  /** Lines of csv, without the header. */
  rows: string
  /** One line of csv. */
  total: string
}

export interface ReportPart {
  /** `<category>/<name>` */
  id: string
  definition: Report
  example: ReportExample
}

const maxRows = 5

/** Renders docs/reports.md; the parts stand in the order of their categories. */
export function renderReports(head: string, parts: ReportPart[]): string {
  const blocks = [
    '<!-- Generated from templates/reports/ by `npm run generate`. Do not edit. -->',
    head.trim(),
  ]
  let category = ''
  for (const part of parts) {
    if (part.definition.category !== category) {
      category = part.definition.category
      blocks.push(`## ${category[0]!.toUpperCase()}${category.slice(1)}`)
    }
    blocks.push(...renderReport(part))
  }
  return `${blocks.join('\n\n')}\n`
}

function renderReport({ id, definition, example }: ReportPart): string[] {
  const { title, description = '', columns } = definition
  const rows = example.rows.trimEnd().split('\n')
  const more = rows.length - maxRows
  const lines = [
    columns.map((column) => quoteCell(column.title)).join(','),
    ...rows.slice(0, maxRows),
    ...(more > 0 ? [`(${more} more)`] : []),
  ]
  return [
    `### ${title}`,
    `\`${id}\``,
    escapeText(description),
    ['| column | name in the query | type |', '|---|---|---|', ...columns.map(renderColumn)].join('\n'),
    `\`\`\`csv\n${lines.join('\n')}\n\`\`\``,
    `Total: \`${example.total}\``,
  ]
}

function renderColumn({ title, name, type, decimals }: Column): string {
  const isRounded = ['number', 'percent', 'money'].includes(type)
  return `| ${title} | \`${name}\` | ${isRounded ? `${type}, ${spellCount(decimals ?? 2, 'decimal')}` : type} |`
}

/** A product of figures is no emphasis, a name with underscores neither. */
function escapeText(text: string): string {
  return text.replaceAll(/[*_]/g, '\\$&')
}

function quoteCell(text: string): string {
  return text.includes(',') ? `"${text}"` : text
}
