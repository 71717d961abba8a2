/** An attached report as a mail's template sees it. */
import type { RunFile } from './model.ts'
import type { ReportOverview, SummaryFigure } from './report-overview.ts'

export interface MailReport {
  title: string
  fileName: string
  /** The period before, which the figures are compared with; null where the report has none. */
  previous: string | null
  figures: SummaryFigure[]
  /** `src` names the image that goes with the mail. */
  chart: { title: string; src: string; alt: string } | null
  columns: { title: string; align: Align }[]
  /** The first ones. */
  rows: MailCell[][]
  /** Null where the report has no Total row. */
  totals: MailCell[] | null
  /** What the file has besides: `4,312`, or empty for nothing. */
  moreRows: string
  moreColumns: string
}

type Align = 'left' | 'right'
interface MailCell {
  text: string
  align: Align
}

/** Of each attached report that has an overview. */
export function mailReports(attached: readonly RunFile[]): MailReport[] {
  return attached.flatMap((file) => (file.overview ? [mailReport(file, file.overview)] : []))
}

/** The charts of the same reports, each by the name of its image. */
export function mailCharts(attached: readonly RunFile[]) {
  return attached.flatMap(({ sha256, overview }) =>
    overview?.chart ? [{ id: chartId(sha256), chart: overview.chart }] : [],
  )
}

function mailReport({ fileName, sha256 }: RunFile, overview: ReportOverview): MailReport {
  const { title, previous, figures, chart, columns, rows, totals, locale } = overview
  const aligns = columns.map(({ isNumber }): Align => (isNumber ? 'right' : 'left'))
  const cells = (texts: string[]) => texts.map((text, at) => ({ text, align: aligns[at]! }))
  const count = (more: number) => (more === 0 ? '' : new Intl.NumberFormat(locale).format(more))
  return {
    title,
    fileName,
    previous,
    figures,
    chart: chart && { title: chart.title, src: `cid:${chartId(sha256)}`, alt: chart.alt },
    columns: columns.map((column, at) => ({ title: column.title, align: aligns[at]! })),
    rows: rows.map(cells),
    totals: totals && cells(totals),
    moreRows: count(overview.moreRows),
    moreColumns: count(overview.moreColumns),
  }
}

/** As a Content-ID must be, of no other picture in anybody's mailbox but the same one. */
function chartId(sha256: string): string {
  return `chart-${sha256.slice(0, 16)}@jobsd`
}
