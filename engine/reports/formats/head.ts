/** The header block of people's formats: what a file covers and how it came to be. */
import type { Instant, Period } from '../../core/model.ts'

export interface ReportHead {
  /** Titles, as people know them. */
  client: string
  scope: 'client' | 'call-center'
  callCenters: string[]
  period: Period | null
  /** The recorded start of the run: a repeat says the same. */
  generatedAt: Instant
  revision: string
}

/** Label and text of each line, in the locale and zone of the client. */
export function headLines(
  head: ReportHead,
  rowCount: number,
  { locale, timezone }: { locale: string; timezone: string },
): [label: string, text: string][] {
  const moment = (instant: Instant, zone: string) =>
    new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone: zone }).format(
      Date.parse(instant),
    )
  const { period } = head
  return [
    ['Client', head.client],
    ['Scope', head.scope === 'client' ? 'Client' : 'Call center'],
    ['Call centers', head.callCenters.join(', ')],
    ...(period === null
      ? []
      : ([
          ['Period start', moment(period.start, period.timezone)],
          ['Period end (exclusive)', moment(period.end, period.timezone)],
        ] satisfies [string, string][])),
    ['Time zone', timezone],
    ['Generated at', moment(head.generatedAt, timezone)],
    ['Revision', head.revision],
    ['Rows', new Intl.NumberFormat(locale).format(rowCount)],
  ]
}
