/**
 * Wall-clock time of IANA zones, from a table of offset changes per zone. The tables are read from Intl, a year at a
 * time as they are needed; after that everything is integer arithmetic. Epoch times are milliseconds.
 */
import { DAY, HOUR, MINUTE, pad, SECOND, weekdayOf } from './civil.ts'

/** What a clock on the wall shows. */
export interface LocalTime {
  year: number
  /** 1 to 12 */
  month: number
  day: number
  hour: number
  minute: number
  second: number
  /** 0 is Sunday. */
  weekday: number
}
export type WallTime = Omit<LocalTime, 'weekday'>

/** A stretch of time with one offset: `from` inclusive, `until` exclusive. Neighbours may have the same offset. */
export interface OffsetSegment {
  from: number
  until: number
  offsetMs: number
}

// The mean Gregorian year, a whole number of seconds.
const YEAR = 31_556_952 * SECOND

interface ZoneTable {
  format: Intl.DateTimeFormat
  years: Map<number, OffsetSegment[]>
  latest: OffsetSegment
}

const tables = new Map<string, ZoneTable>()
const maxNames = 1000
const checkedNames = new Map<string, boolean>()

/** Whether it names an IANA zone. Bare offsets such as `+05:30` do not: they know no clock changes. */
export function isTimezone(name: string): boolean {
  let isKnown = checkedNames.get(name)
  if (isKnown === undefined) {
    isKnown = /^[A-Z]/.test(name) && isIntlZone(name)
    // Manifests name few zones many times; whoever names many wrong ones does not fill the memory.
    if (checkedNames.size >= maxNames) checkedNames.clear()
    checkedNames.set(name, isKnown)
  }
  return isKnown
}

function isIntlZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** The stretch of constant offset around an instant. Throws RangeError for a zone or an instant that does not exist. */
export function segmentAt(zone: string, epochMs: number): OffsetSegment {
  const table = tables.get(zone) ?? openTable(zone)
  if (epochMs >= table.latest.from && epochMs < table.latest.until) return table.latest
  const index = Math.floor(epochMs / YEAR)
  let segments = table.years.get(index)
  if (!segments) {
    segments = readSegments(table.format, index * YEAR, (index + 1) * YEAR)
    table.years.set(index, segments)
  }
  const found = segments.find((segment) => epochMs < segment.until)
  if (!found) throw new RangeError(`${epochMs} is not an instant`)
  table.latest = found
  return found
}

/** Milliseconds to add to UTC for the zone's wall time. */
export function offsetMsAt(zone: string, epochMs: number): number {
  return segmentAt(zone, epochMs).offsetMs
}

/** The wall time as if it were UTC: a plain number to count with. */
export function wallMsAt(zone: string, epochMs: number): number {
  return epochMs + segmentAt(zone, epochMs).offsetMs
}

/** The number of the local day, see civil.ts. */
export function localDayAt(zone: string, epochMs: number): number {
  return Math.floor(wallMsAt(zone, epochMs) / DAY)
}

export function toLocal(zone: string, epochMs: number): LocalTime {
  const wallMs = wallMsAt(zone, epochMs)
  const date = new Date(wallMs)
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    weekday: weekdayOf(Math.floor(wallMs / DAY)),
  }
}

/** The instants at which the wall shows that time, ascending: none in a gap, two in a fold, else one. */
export function toInstants(zone: string, local: WallTime): number[] {
  return instantsOfWall(zone, wallMsOf(local))
}

/** As toInstants, for a wall time given as if it were UTC. */
export function instantsOfWall(zone: string, wallMs: number): number[] {
  // No offset reaches 24 h and no zone changes its clock twice within two days.
  const before = offsetMsAt(zone, wallMs - DAY)
  const after = offsetMsAt(zone, wallMs + DAY)
  if (before === after) return [wallMs - before]
  return [before, after]
    .map((offsetMs) => ({ offsetMs, instant: wallMs - offsetMs }))
    .filter(({ offsetMs, instant }) => offsetMsAt(zone, instant) === offsetMs)
    .map(({ instant }) => instant)
    .sort((a, b) => a - b)
}

/** The instant right after the gap that the wall time falls into. Throws RangeError where that time exists. */
export function gapEnd(zone: string, local: WallTime): number {
  const wallMs = wallMsOf(local)
  if (instantsOfWall(zone, wallMs).length > 0) throw new RangeError(`${zone} has no gap at that time`)
  return firstInstantOfWall(zone, wallMs)
}

/** The first instant of a wall time given as if it were UTC; in a gap the instant right after the gap. */
export function firstInstantOfWall(zone: string, wallMs: number): number {
  const [first] = instantsOfWall(zone, wallMs)
  if (first !== undefined) return first
  let segment = segmentAt(zone, wallMs - DAY)
  for (;;) {
    const next = segmentAt(zone, segment.until)
    if (next.offsetMs !== segment.offsetMs) return segment.until
    segment = next
  }
}

/** The first instant of a wall time; in a gap the instant right after the gap. Months and days may carry over. */
export function startOfLocal(
  zone: string,
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
): number {
  return firstInstantOfWall(zone, Date.UTC(year, month - 1, day, hour, minute))
}

const formatTokens = /yyyy|MM|dd|HH|mm|ss/g

/** The local time by a pattern of yyyy MM dd HH mm ss; everything else in it stays. */
export function formatLocal(zone: string, epochMs: number, pattern: string): string {
  return formatWall(wallMsAt(zone, epochMs), pattern)
}

/** As formatLocal, for a wall time given as if it were UTC. */
export function formatWall(wallMs: number, pattern: string): string {
  const date = new Date(wallMs)
  return pattern.replace(formatTokens, (token) => {
    if (token === 'yyyy') return pad(date.getUTCFullYear(), 4)
    if (token === 'MM') return pad(date.getUTCMonth() + 1)
    if (token === 'dd') return pad(date.getUTCDate())
    if (token === 'HH') return pad(date.getUTCHours())
    if (token === 'mm') return pad(date.getUTCMinutes())
    return pad(date.getUTCSeconds())
  })
}

/** RFC 3339 with the zone's offset, `2026-11-22T18:30:05-06:00`; milliseconds only where there are any. */
export function formatWithOffset(zone: string, epochMs: number): string {
  // RFC 3339 has no seconds in an offset; cutting them off moves the shown wall time, not the instant.
  const offsetMs = Math.trunc(offsetMsAt(zone, epochMs) / MINUTE) * MINUTE
  const iso = new Date(epochMs + offsetMs).toISOString()
  const text = iso.endsWith('.000Z') ? iso.slice(0, -5) : iso.slice(0, -1)
  const size = Math.abs(offsetMs)
  return `${text}${offsetMs < 0 ? '-' : '+'}${pad(Math.floor(size / HOUR))}:${pad((size % HOUR) / MINUTE)}`
}

function wallMsOf(local: WallTime): number {
  return Date.UTC(local.year, local.month - 1, local.day, local.hour, local.minute, local.second)
}

function openTable(zone: string): ZoneTable {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const table = { format, years: new Map(), latest: { from: 0, until: 0, offsetMs: 0 } }
  tables.set(zone, table)
  return table
}

function readSegments(format: Intl.DateTimeFormat, start: number, end: number): OffsetSegment[] {
  const segments: OffsetSegment[] = []
  let from = start
  let offsetMs = readOffset(format, start)
  for (let probe = start; probe < end; probe += DAY) {
    const next = Math.min(probe + DAY, end)
    const nextOffset = readOffset(format, next)
    if (nextOffset === offsetMs) continue
    const until = findChange(format, probe, next, offsetMs)
    segments.push({ from, until, offsetMs })
    from = until
    offsetMs = nextOffset
  }
  segments.push({ from, until: end, offsetMs })
  return segments
}

/** The first second in (low, high] that no longer has the offset. */
function findChange(format: Intl.DateTimeFormat, low: number, high: number, offsetMs: number): number {
  let [same, changed] = [low / SECOND, high / SECOND]
  while (changed - same > 1) {
    const middle = Math.floor((same + changed) / 2)
    if (readOffset(format, middle * SECOND) === offsetMs) same = middle
    else changed = middle
  }
  return changed * SECOND
}

function readOffset(format: Intl.DateTimeFormat, epochMs: number): number {
  const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = (
    format.format(epochMs).match(/\d+/g) ?? []
  ).map(Number)
  return Date.UTC(year, month - 1, day, hour, minute, second) - epochMs
}
