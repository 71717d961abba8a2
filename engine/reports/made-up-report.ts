/** A report of made-up rows: for rehearsals without data, no query is run. */
import { MINUTE } from '../core/civil.ts'
import type { Column } from '../core/manifest.ts'
import type { ReportOverview } from '../core/report-overview.ts'
import { type Cell, isNumeric } from './formats/cell.ts'
import { writeMadeUpParquet } from './made-up-parquet.ts'
import { buildOverview, shownRows } from './overview.ts'
import type { Rendered, ReportRequest } from './run-report.ts'
import { writeRows } from './write-rows.ts'

const maxBytes = 2 ** 30

/** Writes that many rows of plausible values by the columns' types; the same request gives the same bytes. */
export async function writeMadeUpReport(request: ReportRequest, rows: number): Promise<Rendered> {
  const { definition, timezone, format, outPath } = request
  const { columns, title } = definition
  const report = `${definition.category}/${definition.name}`
  const cells = columns.map((column) =>
    Array.from({ length: rows }, (_, row) => madeUpCell(column, row, request)),
  )
  if (format === 'parquet') {
    await writeMadeUpParquet(cells, { report, columns, outPath, maxBytes })
    return { rows, overview: madeUpOverview(request, cells, rows) }
  }
  const file = {
    report,
    title,
    columns,
    timezone,
    locale: request.locale ?? 'en',
    head: request.head ?? null,
    layout: request.layout ?? null,
    format,
    gzip: request.gzip ?? false,
    outPath,
    rowCount: rows,
    maxBytes,
    totals: definition.totalsSql === undefined ? null : columns.map(() => null),
  }
  await writeRows(oneChunk(cells, rows), file, new AbortController().signal)
  return { rows, overview: madeUpOverview(request, cells, rows) }
}

/** As a mail would show it: the totals are those of the first row, the chart is of as many made-up points. */
function madeUpOverview(request: ReportRequest, cells: Cell[][], rowCount: number): ReportOverview | null {
  const { definition, overview, locale = 'en', timezone } = request
  if (overview === undefined) return null
  const rowsOf = (columns: Cell[][]) =>
    Array.from({ length: Math.min(rowCount, shownRows) }, (_, row) => columns.map((column) => column[row]!))
  const axes = definition.mail?.chart?.columns ?? []
  const points = axes.map((column) =>
    Array.from({ length: rowCount }, (_, row) => madeUpCell(column, row, request)),
  )
  const totals = cells.map(([first = null], at) => (isNumeric(definition.columns[at]!) ? first : null))
  const counted = { rowCount, totals: definition.totalsSql === undefined ? null : totals }
  const { previous } = overview
  return buildOverview({
    ...counted,
    report: definition,
    rows: rowsOf(cells),
    previous: previous && { label: previous.label, counted },
    chartRows: axes.length === 0 ? null : rowsOf(points),
    locale,
    timezone,
  })
}

function oneChunk(cells: Cell[][], rowCount: number) {
  let left = rowCount === 0 ? [] : [{ rowCount, getColumns: () => cells }]
  return {
    async fetchChunk() {
      const [chunk = null] = left
      left = []
      return chunk
    },
  }
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
