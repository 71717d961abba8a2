/** A report of made-up rows: for rehearsals without data, no query is run. */
import { writeFile } from 'node:fs/promises'
import { MINUTE } from '../core/civil.ts'
import type { Column } from '../core/manifest.ts'
import { type Cell, formatCsvHeader, formatCsvRows } from './formats/csv.ts'
import type { ReportRequest } from './run-report.ts'

/** Writes that many rows of plausible values by the columns' types; the same request gives the same bytes. */
export async function writeMadeUpReport(request: ReportRequest, rows: number): Promise<{ rows: number }> {
  const { columns } = request.definition
  const cells = columns.map((column) =>
    Array.from({ length: rows }, (_, row) => madeUpCell(column, row, request)),
  )
  const body = rows === 0 ? '' : formatCsvRows(columns, cells, request.timezone)
  await writeFile(request.outPath, formatCsvHeader(columns) + body)
  return { rows }
}

function madeUpCell({ name, title, type }: Column, row: number, { params, tenant }: ReportRequest): Cell {
  const startMs = Date.parse(String(params.period_start ?? params.slot))
  switch (type) {
    case 'text':
      if (name === 'client') return tenant.client
      if (name === 'call_center' && tenant.callCenters)
        return tenant.callCenters[row % tenant.callCenters.length]!
      if (name === 'campaign_id' && params.campaign_id) return String(params.campaign_id)
      return `${title} ${row + 1}`
    case 'phone':
      // 555-01xx belongs to nobody.
      return `+1202555${String(100 + (row % 100)).padStart(4, '0')}`
    case 'integer':
      return BigInt(row + 1)
    case 'percent':
      return ((row * 7) % 100) + 0.5
    case 'number':
    case 'money':
      return row + 0.5
    case 'timestamp':
      return { micros: BigInt(startMs + row * MINUTE) * 1000n }
    case 'date':
      return { days: Math.floor(startMs / 86_400_000) }
    case 'boolean':
      return row % 2 === 0
  }
}
