/** The blackouts of calendars: times at which nothing is to start, on the wall clock of whoever asks. */
import { DAY, HOUR, MINUTE, weekdayOf } from './civil.ts'
import { readEdge } from './edge.ts'
import type { Blackout, Calendar } from './manifest.ts'
import { firstInstantOfWall, localDayAt } from './zone.ts'

/** A time without a gap in which nothing starts: `fromMs` inclusive, `untilMs` exclusive. */
export interface Closure {
  fromMs: number
  /** Infinite where one blackout follows the other for ever. */
  untilMs: number
  title: string
}

interface Weekly {
  weekdays: Set<number>
  /** Milliseconds since local midnight; `until` is on the next day where it is not later than `from`. */
  from: number
  until: number
  title: string
}

interface Read {
  once: Closure[]
  weekly: Weekly[]
  /** The title of a blackout where those of every week leave no time open. */
  always: string | undefined
}

const weekdayNumbers = { sun: 0, mon: 1, tue: 2, wed: 3, thu: 4, fri: 5, sat: 6 }
/** More blackouts than a calendar can have, one after the other. */
const mostJoined = 4000
const known = new WeakMap<Calendar, Map<string, Read>>()

/** Whether a blackout comes every week: its edges are times of the day. */
export function isWeekly({ from, until }: Blackout): boolean {
  return isTimeOfDay(from) && isTimeOfDay(until)
}

export function isTimeOfDay(edge: string): boolean {
  return /^\d\d:\d\d$/.test(edge)
}

export function hasBlackouts(calendar: Calendar | null): calendar is Calendar {
  return calendar?.blackouts !== undefined && calendar.blackouts.length > 0
}

/** The closure around an instant, by the wall clock of a zone; undefined where the instant is open. */
export function closureAt(calendar: Calendar, zone: string, epochMs: number): Closure | undefined {
  const read = readBlackouts(calendar, zone)
  if (read.always !== undefined)
    return { fromMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY, title: read.always }
  const found = blackoutAt(read, zone, epochMs)
  if (!found) return undefined
  let { fromMs, untilMs } = found
  for (let count = 0; count < mostJoined; count++) {
    const next = blackoutAt(read, zone, untilMs)
    if (!next) break
    untilMs = next.untilMs
  }
  for (let count = 0; count < mostJoined; count++) {
    const before = blackoutAt(read, zone, fromMs - 1)
    if (!before) break
    fromMs = before.fromMs
  }
  return { fromMs, untilMs, title: found.title }
}

function blackoutAt({ once, weekly }: Read, zone: string, epochMs: number): Closure | undefined {
  const single = once.find(({ fromMs, untilMs }) => epochMs >= fromMs && epochMs < untilMs)
  if (single || weekly.length === 0) return single
  const today = localDayAt(zone, epochMs)
  for (const { weekdays, from, until, title } of weekly) {
    for (const day of [today, today - 1]) {
      if (!weekdays.has(weekdayOf(day))) continue
      const fromMs = firstInstantOfWall(zone, day * DAY + from)
      const untilMs = firstInstantOfWall(zone, (until > from ? day : day + 1) * DAY + until)
      if (epochMs >= fromMs && epochMs < untilMs) return { fromMs, untilMs, title }
    }
  }
  return undefined
}

function readBlackouts(calendar: Calendar, zone: string): Read {
  const ofCalendar = known.get(calendar) ?? new Map<string, Read>()
  known.set(calendar, ofCalendar)
  let read = ofCalendar.get(zone)
  if (!read) {
    const all = calendar.blackouts ?? []
    const once = all.filter((each) => !isWeekly(each)).map((each) => readOnce(each, zone))
    const weekly = all.filter(isWeekly).map(readWeekly)
    read = { once, weekly, always: leaveNothing(weekly) ? weekly[0]?.title : undefined }
    ofCalendar.set(zone, read)
  }
  return read
}

const weekMinutes = 7 * 1440

function leaveNothing(weekly: Weekly[]): boolean {
  const open = new Set(Array.from({ length: weekMinutes }, (_, minute) => minute))
  for (const { weekdays, from, until } of weekly) {
    const length = ((until > from ? until : until + DAY) - from) / MINUTE
    for (const weekday of weekdays)
      for (let minute = 0; minute < length; minute++)
        open.delete((weekday * 1440 + from / MINUTE + minute) % weekMinutes)
  }
  return open.size === 0
}

function readOnce({ title, from, until }: Blackout, zone: string): Closure {
  const never = Number.NaN
  return {
    title,
    fromMs: readEdge(from, zone, 'start') ?? never,
    untilMs: readEdge(until, zone, 'end') ?? never,
  }
}

function readWeekly({ title, days, from, until }: Blackout): Weekly {
  const weekdays = days?.map((name) => weekdayNumbers[name]) ?? [0, 1, 2, 3, 4, 5, 6]
  return { title, weekdays: new Set(weekdays), from: timeOf(from), until: timeOf(until) }
}

function timeOf(text: string): number {
  const [hour = 0, minute = 0] = text.split(':').map(Number)
  return hour * HOUR + minute * MINUTE
}
