/** A period as a mail names it. */
import { DAY } from './civil.ts'
import type { Period } from './model.ts'
import { periodDays, periodLabels } from './period.ts'

/**
 * In the client's locale, where it has one: the days, inclusive; of a part of one day the times too, on its clock. As
 * `periodLabels` has it otherwise.
 */
export function periodText(period: Period, locale: string | undefined): string {
  const labels = periodLabels(period)
  if (locale === undefined) return labels.label
  const { first, last, whole } = periodDays(period)
  if (whole || last > first) {
    const days = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' })
    return days.formatRange(first * DAY, last * DAY)
  }
  const times = new Intl.DateTimeFormat(locale, {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: period.timezone,
  })
  return times.formatRange(Date.parse(period.start), Date.parse(period.end))
}
