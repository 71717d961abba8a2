/**
 * The time that a report's data covers. A statistical day runs from one day cut-off to the next and carries the date
 * that holds most of it: with a cut-off before noon the date it begins on, from noon on the date it ends on. Weeks
 * (ISO, from Monday) and months are made of such days, so they add up; a day can have 23, 24 or 25 hours.
 */
import { civilDay, DAY, dayNumber, HOUR, isoDay, MINUTE, peopleDay, peopleDays, timeOfDay } from './civil.ts'
import { JobsdError } from './errors.ts'
import type { ReportStep } from './manifest.ts'
import type { Instant, Period } from './model.ts'
import { firstInstantOfWall, localDayAt, segmentAt, wallMsAt } from './zone.ts'

export type PeriodKind = ReportStep['period']

export interface PeriodOptions {
  /** Days off before the slot that `day` covers as well. */
  skippedDays?: number
  campaign?: { start: Instant; end: Instant }
}

/**
 * The period of a kind at a slot. Complete kinds (day, hour, week, month) end at or before the slot; the others end at
 * it and begin before it, so at the very cut-off they cover all that has just ended.
 * Throws PERIOD_UNKNOWN for `campaign` without a campaign that starts before it ends.
 */
export function periodOf(
  kind: PeriodKind,
  slotMs: number,
  zone: string,
  dayCutOff: string,
  options: PeriodOptions = {},
): Period {
  const [start, end] = boundsOf(kind, slotMs, createDays(zone, dayCutOff), zone, options)
  return { start: new Date(start).toISOString(), end: new Date(end).toISOString(), timezone: zone }
}

function boundsOf(
  kind: PeriodKind,
  slotMs: number,
  days: StatisticalDays,
  zone: string,
  { skippedDays = 0, campaign }: PeriodOptions,
): [number, number] {
  const today = days.at(slotMs)
  // A slot at the very cut-off still belongs to the day that ends there.
  const ending = days.at(slotMs - 1)
  switch (kind) {
    case 'day':
      return [days.start(today - 1 - skippedDays), days.start(today)]
    case 'week':
      return [days.start(mondayOf(today) - 7), days.start(mondayOf(today))]
    case 'month':
      return [days.start(firstOfMonth(today, -1)), days.start(firstOfMonth(today))]
    case 'day-so-far':
      return [days.start(ending), slotMs]
    case 'week-to-date':
      return [days.start(mondayOf(ending)), slotMs]
    case 'month-to-date':
      return [days.start(firstOfMonth(ending)), slotMs]
    case 'hour': {
      const end = hourStart(zone, slotMs)
      return [hourStart(zone, end - 1), end]
    }
    case 'campaign':
      return campaignBounds(campaign)
  }
}

function campaignBounds(campaign: PeriodOptions['campaign']): [number, number] {
  if (!campaign)
    throw new JobsdError('PERIOD_UNKNOWN', { period: 'campaign', reason: 'there is no campaign' })
  const [start, end] = [Date.parse(campaign.start), Date.parse(campaign.end)]
  if (!(start < end))
    throw new JobsdError('PERIOD_UNKNOWN', {
      period: 'campaign',
      reason: 'the campaign does not start before it ends',
    })
  return [start, end]
}

interface StatisticalDays {
  /** The first instant of a statistical day, by its date's number. */
  start(day: number): number
  /** The statistical day around an instant. */
  at(epochMs: number): number
}

function createDays(zone: string, dayCutOff: string): StatisticalDays {
  const [hour = Number.NaN, minute = Number.NaN] = dayCutOff.split(':').map(Number)
  const cutOff = hour * HOUR + minute * MINUTE
  const lead = leadDays(cutOff)
  const start = (day: number) => firstInstantOfWall(zone, (day - lead) * DAY + cutOff)
  const at = (epochMs: number) => {
    let day = localDayAt(zone, epochMs) + lead
    while (start(day) > epochMs) day -= 1
    while (start(day + 1) <= epochMs) day += 1
    return day
  }
  return { start, at }
}

/** How many days before its date a statistical day begins. */
function leadDays(cutOff: number): number {
  return cutOff < 12 * HOUR ? 0 : 1
}

function mondayOf(day: number): number {
  // Day 4 was a Monday: 1970-01-05.
  return day - ((((day - 4) % 7) + 7) % 7)
}

function firstOfMonth(day: number, months = 0): number {
  const { year, month } = civilDay(day)
  return dayNumber(year, month + months, 1)
}

/** When the local hour around an instant began; a clock change within it makes it longer or shorter. */
function hourStart(zone: string, epochMs: number): number {
  const { from, offsetMs } = segmentAt(zone, epochMs)
  const wallHour = Math.floor((epochMs + offsetMs) / HOUR)
  const full = wallHour * HOUR - offsetMs
  if (full >= from) return full
  const hourBefore = Math.floor(wallMsAt(zone, from - 1) / HOUR)
  return hourBefore === wallHour ? hourStart(zone, from - 1) : from
}

/** First and last local day (inclusive) by number, see civil.ts; of whole statistical days the dates they carry. */
export function periodDays(period: Period): { first: number; last: number; whole: boolean } {
  const { timezone: zone } = period
  const [start, end] = [Date.parse(period.start), Date.parse(period.end)]
  const first = localDayAt(zone, start)
  const endDay = localDayAt(zone, end)
  // The cut-off is the wall time that both ends show; where the clock skipped it, the other end shows it.
  const isCutOff = (time: number) =>
    firstInstantOfWall(zone, first * DAY + time) === start &&
    firstInstantOfWall(zone, endDay * DAY + time) === end
  const cutOff = endDay > first ? [timeAt(zone, start), timeAt(zone, end)].find(isCutOff) : undefined
  if (cutOff === undefined) return { first, last: Math.max(first, localDayAt(zone, end - 1)), whole: false }
  const lead = leadDays(cutOff)
  return { first: first + lead, last: endDay - 1 + lead, whole: true }
}

/** Milliseconds since local midnight, by the wall clock. */
function timeAt(zone: string, epochMs: number): number {
  return wallMsAt(zone, epochMs) - localDayAt(zone, epochMs) * DAY
}

/**
 * The period for people: first and last local day (inclusive) as `2026-11-22`, and a label such as `22 Nov 2026`,
 * `16–22 Nov 2026`, or `22 Nov 2026, 14:00–15:00` for a part of one day.
 */
export function periodLabels(period: Period): { start: string; lastDay: string; label: string } {
  const { first, last, whole } = periodDays(period)
  const [from, until] = [period.start, period.end].map((at) =>
    timeOfDay(timeAt(period.timezone, Date.parse(at))),
  )
  const label = whole || last > first ? peopleDays(first, last) : `${peopleDay(first)}, ${from}–${until}`
  return { start: isoDay(first), lastDay: isoDay(last), label }
}
