/** One writer for every format that rows are streamed into. */
import type { Column, ReportFormat } from '../../core/manifest.ts'
import type { FileFormat } from '../../core/report-file.ts'
import type { Cell, Cells } from './cell.ts'
import { byteOrderMarks, createEncoder } from './encode-text.ts'
import type { FileSink } from './file-sink.ts'
import type { ReportHead } from './head.ts'
import { createHtmlPage } from './html-page.ts'
import { createJsonRows } from './json-rows.ts'
import { plainLayout, resolveLayout, type TextFormat } from './text-layout.ts'
import { createTextRows, RowFault } from './text-rows.ts'
import { createXlsxFile } from './xlsx-file.ts'

export type StreamedFormat = Exclude<FileFormat, 'parquet'>

export interface FileContent {
  /** For people's formats. */
  title: string
  columns: readonly Column[]
  timezone: string
  /** Of people's formats. */
  locale: string
  /** The header block of people's formats; null is none. */
  head: ReportHead | null
  rowCount: number
  /** Of csv, txt and fixed; null is every column as it is. */
  layout: ReportFormat | null
}

/** Each may throw a RowFault. None ends the sink. */
export interface FormatWriter {
  start(): Promise<void>
  rows(cells: Cells): Promise<void>
  /** Machines' formats leave the totals out. */
  end(totals: readonly Cell[] | null): Promise<void>
}

export function createFormatWriter(
  format: StreamedFormat,
  sink: FileSink,
  content: FileContent,
): FormatWriter {
  switch (format) {
    case 'csv':
    case 'txt':
    case 'fixed':
      return createTextFile(format, sink, content)
    case 'json': {
      const json = createJsonRows(content.columns, content.timezone)
      return {
        start: async () => {},
        rows: (cells) => sink.write(json.rows(cells)),
        end: () => sink.write(json.end()),
      }
    }
    case 'html': {
      const page = createHtmlPage(content)
      return {
        start: () => sink.write(page.start()),
        rows: (cells) => sink.write(page.rows(cells)),
        end: (totals) => sink.write(page.end(totals)),
      }
    }
    case 'xlsx':
      return createXlsxFile(sink, content)
  }
}

function createTextFile(type: TextFormat, sink: FileSink, content: FileContent): FormatWriter {
  const { columns, timezone } = content
  const layout = resolveLayout(content.layout ?? plainLayout(type, columns), columns)
  if (layout === undefined) throw new RowFault('its layout names a column that the report does not have')
  const text = createTextRows(layout, timezone)
  const encode = createEncoder(layout)
  return {
    start: () => sink.write(encode((byteOrderMarks[layout.encoding] ?? '') + text.header())),
    rows: (cells) => sink.write(encode(text.rows(cells))),
    end: async () => {},
  }
}
