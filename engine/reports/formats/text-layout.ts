/** How a file of text is laid out: what a client's report format says, with its defaults filled. */
import type { Column, LayoutColumn, ReportFormat } from '../../core/manifest.ts'
import { isNumeric } from './cell.ts'

export type TextFormat = ReportFormat['type']

export interface TextLayout {
  type: TextFormat
  delimiter: string
  quote: NonNullable<ReportFormat['quote']>
  header: boolean
  encoding: NonNullable<ReportFormat['encoding']>
  unmappable: NonNullable<ReportFormat['unmappable']>
  lineEnd: '\n' | '\r\n'
  columns: TextColumn[]
}

export interface TextColumn {
  title: string
  /** Its place among the report's columns, or the text of every row. */
  source: { at: number; column: Column } | { constant: string }
  /** Of dates or timestamps; undefined is ISO. */
  pattern: string | undefined
  decimalSign: '.' | ','
  /** Of fixed. */
  width: number
  align: 'left' | 'right'
  pad: string
  tooLong: 'fail' | 'cut'
}

/** The layout of a format by itself: every column of the report as it is. */
export function plainLayout(type: TextFormat, columns: readonly Column[]): ReportFormat {
  const named = columns.map(({ name }) => ({ name }))
  return { name: type, title: type, report: '', type, columns: named as ReportFormat['columns'] }
}

/** Fills the defaults. Undefined where a column is not among the report's, which `validate` tells. */
export function resolveLayout(format: ReportFormat, columns: readonly Column[]): TextLayout | undefined {
  const resolved = format.columns.map((column) => resolveColumn(column, format, columns))
  if (!resolved.every((column) => column !== undefined)) return undefined
  return {
    type: format.type,
    delimiter: format.delimiter ?? (format.type === 'csv' ? ',' : '\t'),
    quote: format.quote ?? 'minimal',
    header: format.header ?? format.type !== 'fixed',
    encoding: format.encoding ?? 'utf-8',
    unmappable: format.unmappable ?? 'fail',
    lineEnd: format.lineEnd === 'crlf' ? '\r\n' : '\n',
    columns: resolved,
  }
}

function resolveColumn(
  own: LayoutColumn,
  format: ReportFormat,
  columns: readonly Column[],
): TextColumn | undefined {
  const fixed = {
    decimalSign: format.decimalSign ?? '.',
    width: own.width ?? 0,
    pad: own.pad ?? ' ',
    tooLong: own.tooLong ?? 'fail',
  } as const
  if (own.constant !== undefined) {
    const source = { constant: own.constant }
    const align = own.align ?? 'left'
    return { ...fixed, title: own.title ?? '', source, pattern: undefined, align }
  }
  const at = columns.findIndex(({ name }) => name === own.name)
  const found = columns[at]
  if (found === undefined) return undefined
  const column = own.decimals === undefined ? found : { ...found, decimals: own.decimals }
  const patterns = { date: format.dateFormat, timestamp: format.timestampFormat } as Record<string, string>
  return {
    ...fixed,
    title: own.title ?? column.title,
    source: { at, column },
    pattern: own.dateFormat ?? patterns[column.type],
    align: own.align ?? (isNumeric(column) ? 'right' : 'left'),
  }
}
