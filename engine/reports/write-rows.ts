/** Rows into a file that is either whole or reported as failed. */
import { JobsdError } from '../core/errors.ts'
import type { Cell, Cells } from './formats/cell.ts'
import { openFileSink } from './formats/file-sink.ts'
import { createFormatWriter, type FileContent, type StreamedFormat } from './formats/format-writer.ts'
import { RowFault } from './formats/text-rows.ts'

/** What rows come from, one chunk in memory at a time; null or a chunk without rows is the end. */
export interface RowStream {
  fetchChunk(): Promise<{ rowCount: number; getColumns(): unknown[][] } | null>
}

/** `rowCount` is how many rows the stream has to give. */
export interface RowFile extends FileContent {
  /** `<category>/<name>`, for errors. */
  report: string
  format: StreamedFormat
  gzip: boolean
  outPath: string
  /** Of the file: of what is left after compression. */
  maxBytes: number
  /** Null where the report has no Total row. */
  totals: readonly Cell[] | null
}

/**
 * Writes the header, every row and what follows them. Throws the deadline's reason once it has passed, and
 * REPORT_FAILED when the stream ends at another number of rows, the file would have more than `maxBytes`, or a cell
 * does not fit the layout.
 */
export async function writeRows(stream: RowStream, target: RowFile, deadline: AbortSignal): Promise<void> {
  const { report, format, gzip, outPath, rowCount, maxBytes, totals } = target
  const tooLarge = () => fail(report, `its file would have more than ${maxBytes} bytes`)
  const sink = openFileSink(outPath, { gzip, maxBytes, tooLarge })
  try {
    const writer = createFormatWriter(format, sink, target)
    await writer.start()
    let rows = 0
    for (;;) {
      const chunk = await stream.fetchChunk()
      // An interrupted or failed stream gives null like one that has ended: only the number of rows tells them apart.
      deadline.throwIfAborted()
      if (chunk === null || chunk.rowCount === 0) break
      // `findDrift` let only types through whose values are cells.
      await writer.rows(chunk.getColumns() as Cell[][] satisfies Cells)
      rows += chunk.rowCount
    }
    if (rows !== rowCount) throw fail(report, `it gave ${rows} rows of ${rowCount} back`)
    await writer.end(totals)
    await sink.end()
  } catch (error) {
    await sink.abandon()
    throw error instanceof RowFault ? fail(report, error.message) : error
  }
}

function fail(report: string, reason: string): JobsdError {
  return new JobsdError('REPORT_FAILED', { report, reason })
}
