/** What a mail says of a report besides its file. Texts are as people of the client's locale write them. */
export interface ReportOverview {
  /** Of the report. */
  title: string
  figures: SummaryFigure[]
  /** The period before, which the figures are compared with; null where the report has none. */
  previous: string | null
  /** Of `rows` and `totals`. */
  columns: { title: string; isNumber: boolean }[]
  /** The first ones. */
  rows: string[][]
  /** Null where the report has no Total row. */
  totals: string[] | null
  /** How many rows the file has besides `rows`. */
  moreRows: number
  /** How many columns it has besides `columns`. */
  moreColumns: number
  chart: Chart | null
  locale: string
}

export interface SummaryFigure {
  label: string
  value: string
  /** Null where the figure of the period before is not known. */
  change: FigureChange | null
}

export interface FigureChange {
  arrow: '▲' | '▼' | '='
  word: 'up' | 'down' | 'unchanged'
  /** `12%` or `2.1 points`; empty where nothing changed, or from nothing. */
  amount: string
  /** The figure of the period before. */
  before: string
}

export interface Chart {
  title: string
  kind: 'bar' | 'line'
  labels: string[]
  series: ChartSeries[]
  /** The figures in words. */
  alt: string
  locale: string
}

export interface ChartSeries {
  title: string
  isPercent: boolean
  values: (number | null)[]
}
