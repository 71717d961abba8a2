/** Turns a report's figures into what a mail shows of it. Pure. */
import type { Column, Report, ReportFigure } from '../core/manifest.ts'
import type { Chart, FigureChange, ReportOverview, SummaryFigure } from '../core/report-overview.ts'
import { cutText } from './chart-text.ts'
import { describeChart } from './chart-words.ts'
import { type Cell, decimalsOf, formatNumber, isNumeric } from './formats/cell.ts'
import { createMailText } from './mail-text.ts'

/** Figures of a report over one period. */
export interface Counted {
  rowCount: number
  /** Null where the report has no Total row. */
  totals: readonly Cell[] | null
}

export interface OverviewSource extends Counted {
  report: Pick<Report, 'title' | 'columns' | 'mail'>
  /** The first rows, each with every column. */
  rows: readonly (readonly Cell[])[]
  /** Of the period before; `counted` is null where it could not be counted. Null where there is none. */
  previous: { label: string; counted: Counted | null } | null
  /** What chart.sql gave; null where the report has none. */
  chartRows: readonly (readonly Cell[])[] | null
  locale: string
  timezone: string
}

/** How many rows a mail shows, and a chart draws. */
export const shownRows = 10
export const chartPoints = 60
const defaultColumns = 4
const longestCell = 60

export function buildOverview(source: OverviewSource): ReportOverview {
  const { report, rows, rowCount, totals, previous, chartRows, locale, timezone } = source
  const { columns, mail = {} } = report
  const names = mail.columns ?? columns.slice(0, defaultColumns).map(({ name }) => name)
  const shown = names
    .map((name) => columns.findIndex((column) => column.name === name))
    .filter((at) => at >= 0)
  const texts = shown.map((at) => createMailText(columns[at]!, locale, timezone))
  const textsOf = (row: readonly Cell[]) =>
    shown.map((at, index) => cutText(texts[index]!(row[at] ?? null), longestCell))
  return {
    title: report.title,
    figures: (mail.summary ?? []).flatMap((figure) => describeFigure(figure, source)),
    previous: previous?.label ?? null,
    columns: shown.map((at) => ({ title: columns[at]!.title, isNumber: isNumeric(columns[at]!) })),
    rows: rows.slice(0, shownRows).map(textsOf),
    totals: totals === null || rowCount === 0 ? null : textsOf(totals),
    moreRows: Math.max(0, rowCount - shownRows),
    moreColumns: columns.length - shown.length,
    chart: mail.chart === undefined || !chartRows?.length ? null : chartOf(mail.chart, chartRows, source),
    locale,
  }
}

const rowsColumn: Column = { name: 'rows', title: 'Rows', type: 'integer' }

function describeFigure(figure: ReportFigure, source: OverviewSource): SummaryFigure[] {
  const { columns } = source.report
  const at = columns.findIndex(({ name }) => name === figure.column)
  const column = figure.column === undefined ? rowsColumn : columns[at]
  if (column === undefined) return []
  const valueIn = (counted: Counted): Cell =>
    column === rowsColumn ? BigInt(counted.rowCount) : (counted.totals?.[at] ?? null)
  const write =
    figure.as === 'duration' ? writeDuration : createMailText(column, source.locale, source.timezone)
  const value = valueIn(source)
  const before = source.previous?.counted ? valueIn(source.previous.counted) : null
  const change = compareFigures(value, before, column, source.locale)
  return [
    {
      label: figure.label,
      // A share of nothing has no value.
      value: write(value) || '–',
      change: change && { ...change, before: write(before) },
    },
  ]
}

/** Null where one of the two is not known. */
function compareFigures(
  value: Cell,
  before: Cell,
  column: Column,
  locale: string,
): Omit<FigureChange, 'before'> | null {
  const [now, then] = [value, before].map((cell) => roundedNumber(cell, column)) as [number, number]
  if (Number.isNaN(now) || Number.isNaN(then)) return null
  if (now === then) return { arrow: '=', word: 'unchanged', amount: '' }
  const direction =
    now > then ? ({ arrow: '▲', word: 'up' } as const) : ({ arrow: '▼', word: 'down' } as const)
  if (column.type === 'percent') {
    const digits = { maximumFractionDigits: decimalsOf(column) }
    const points = new Intl.NumberFormat(locale, digits).format(Math.abs(now - then))
    return { ...direction, amount: `${points} points` }
  }
  // From nothing there is no share.
  if (then === 0) return { ...direction, amount: '' }
  const share = Math.abs((now - then) / then)
  const shares = new Intl.NumberFormat(locale, {
    style: 'percent',
    maximumFractionDigits: share < 0.1 ? 1 : 0,
  })
  return { ...direction, amount: shares.format(share) }
}

/** As it is shown: what looks the same is unchanged. */
function roundedNumber(cell: Cell, column: Column): number {
  const text = formatNumber(cell, decimalsOf(column))
  return text === '' ? Number.NaN : Number(text)
}

/** Seconds as 34:17:36. */
function writeDuration(cell: Cell): string {
  const text = formatNumber(cell, 0)
  if (text === '') return ''
  const seconds = Math.abs(Number(text))
  const two = (value: number) => String(value).padStart(2, '0')
  const sign = text.startsWith('-') ? '-' : ''
  return `${sign}${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

function chartOf(
  definition: NonNullable<NonNullable<Report['mail']>['chart']>,
  rows: readonly (readonly Cell[])[],
  { locale, timezone }: OverviewSource,
): Chart {
  const [axis, ...others] = definition.columns
  const points = rows.slice(0, chartPoints)
  const write = createMailText(
    axis!,
    locale,
    timezone,
    points.map(([cell = null]) => cell),
  )
  const series = others.map((column, at) => ({
    title: column.title,
    isPercent: column.type === 'percent',
    values: points.map((row) => {
      const value = roundedNumber(row[at + 1] ?? null, column)
      return Number.isNaN(value) ? null : value
    }),
  }))
  const labels = points.map(([cell = null]) => cutText(write(cell), longestCell) || '–')
  const figures = { title: definition.title, kind: definition.kind, labels, series, locale }
  return { ...figures, alt: describeChart(figures, others) }
}
