/** Everything that is expected, by day of a month. */
import { civilDay, isoDay, pad, peopleDay, weekdayOf } from '../core/civil.ts'
import { localDayAt, toLocal } from '../core/zone.ts'
import { type PlannedDay, plannedMonths } from './day-plan.ts'
import { spellTime } from './plain-words.ts'
import { words } from './words.ts'

/** More of a day than this are counted. */
const shownADay = 12

export interface CalendarMonth {
  /** `2026-11` */
  id: string
  /** `November 2026` */
  title: string
  /** Rows of seven, Monday first; null where the day is of another month. */
  weeks: (CalendarDay | null)[][]
}

export interface CalendarDay {
  iso: string
  dayOfMonth: number
  /** `22 Nov 2026` */
  text: string
  isToday: boolean
  isPast: boolean
  entries: CalendarEntry[]
  /** `and 3 more`; empty where all are shown. */
  more: string
}

export interface CalendarEntry {
  /** `18:30`, in the client's zone. */
  time: string
  job: string
  title: string
  /** `40 times`, what a day off or clock change does; may be empty. */
  note: string
  isSkipped: boolean
}

/** A job with what is expected of it. */
export interface PlannedJob {
  name: string
  title: string
  plan: readonly PlannedDay[]
}

interface Entry {
  planned: PlannedDay
  job: PlannedJob
}

/** The months from now on, in the client's zone. What is past today is left out. */
export function viewCalendar(jobs: readonly PlannedJob[], timezone: string, nowMs: number): CalendarMonth[] {
  const today = localDayAt(timezone, nowMs)
  const firstDays = plannedMonths(timezone, nowMs)
  const days = collectDays(jobs)
  return firstDays.slice(0, -1).map((first, at) => {
    const next = firstDays[at + 1] ?? first
    const { year, month } = civilDay(first)
    const blanks = (weekdayOf(first) + 6) % 7
    const cells = [
      ...Array.from({ length: blanks }, () => null),
      ...Array.from({ length: next - first }, (_, index) =>
        viewDay(first + index, today, days.get(first + index), timezone),
      ),
    ]
    while (cells.length % 7 !== 0) cells.push(null)
    return {
      id: monthId(first),
      title: `${words.calendar.monthNames[month - 1]} ${year}`,
      weeks: Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7)),
    }
  })
}

/** Names the month that a day is in. */
export function monthId(day: number): string {
  const { year, month } = civilDay(day)
  return `${year}-${pad(month)}`
}

interface Collected {
  /** The earliest, ascending. */
  first: Entry[]
  count: number
}

/** Only as many of a day as are shown are kept: a client may have ten thousand. */
function collectDays(jobs: readonly PlannedJob[]): Map<number, Collected> {
  const days = new Map<number, Collected>()
  for (const job of jobs)
    for (const planned of job.plan) {
      let day = days.get(planned.day)
      if (!day) {
        day = { first: [], count: 0 }
        days.set(planned.day, day)
      }
      day.count += 1
      const last = day.first.at(-1)
      if (day.first.length === shownADay && last && last.planned.atMs <= planned.atMs) continue
      // Jobs come by title, so of the same moment the first stays first.
      const place = day.first.findIndex((entry) => entry.planned.atMs > planned.atMs)
      day.first.splice(place === -1 ? day.first.length : place, 0, { planned, job })
      if (day.first.length > shownADay) day.first.pop()
    }
  return days
}

function viewDay(day: number, today: number, found: Collected | undefined, timezone: string): CalendarDay {
  const { first = [], count = 0 } = found ?? {}
  return {
    iso: isoDay(day),
    dayOfMonth: civilDay(day).day,
    text: peopleDay(day),
    isToday: day === today,
    isPast: day < today,
    entries: first.map((entry) => viewEntry(entry, timezone)),
    more: count > shownADay ? words.calendar.more(String(count - shownADay)) : '',
  }
}

function viewEntry({ planned, job }: Entry, timezone: string): CalendarEntry {
  const { atMs, times, note, isSkipped } = planned
  const { hour, minute } = toLocal(timezone, atMs)
  return {
    time: spellTime(hour * 60 + minute),
    job: job.name,
    title: job.title,
    note: [times > 1 ? words.calendar.times(String(times)) : '', note].filter(Boolean).join(', '),
    isSkipped,
  }
}
