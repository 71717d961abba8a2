/** Rows into a file that is either whole or reported as failed. */
import { open } from 'node:fs/promises'
import { JobsdError } from '../core/errors.ts'
import type { Column } from '../core/manifest.ts'
import { type Cell, formatCsvHeader, formatCsvRows } from './formats/csv.ts'

/** What rows come from, one chunk in memory at a time; null or a chunk without rows is the end. */
export interface RowStream {
  fetchChunk(): Promise<{ rowCount: number; getColumns(): unknown[][] } | null>
}

export interface RowFile {
  /** `<category>/<name>`, for errors. */
  report: string
  columns: Column[]
  timezone: string
  outPath: string
  /** How many rows the stream has to give. */
  rowCount: number
  maxBytes: number
}

/**
 * Writes the header and every row. Throws the deadline's reason once it has passed, and REPORT_FAILED when the
 * stream ends at another number of rows or the file would have more than `maxBytes`.
 */
export async function writeRows(stream: RowStream, target: RowFile, deadline: AbortSignal): Promise<void> {
  const { report, columns, timezone, rowCount, maxBytes } = target
  const file = await open(target.outPath, 'w', 0o600)
  try {
    let bytes = 0
    const append = async (text: string) => {
      const content = Buffer.from(text)
      bytes += content.length
      if (bytes > maxBytes) throw fail(report, `its file would have more than ${maxBytes} bytes`)
      await file.appendFile(content)
    }
    await append(formatCsvHeader(columns))
    let rows = 0
    for (;;) {
      const chunk = await stream.fetchChunk()
      // An interrupted or failed stream gives null like one that has ended: only the number of rows tells them apart.
      deadline.throwIfAborted()
      if (chunk === null || chunk.rowCount === 0) break
      // `findDrift` let only types through whose values are cells.
      await append(formatCsvRows(columns, chunk.getColumns() as Cell[][], timezone))
      rows += chunk.rowCount
    }
    if (rows !== rowCount) throw fail(report, `it gave ${rows} rows of ${rowCount} back`)
  } finally {
    await file.close()
  }
}

function fail(report: string, reason: string): JobsdError {
  return new JobsdError('REPORT_FAILED', { report, reason })
}
