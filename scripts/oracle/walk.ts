/** Due moments by looking at every minute of real time: slow, and too simple to be wrong in the engine's way. */
import type { OracleCron } from './cron-text.ts'
import type { OffsetSpan } from './zone-offsets.ts'

const minuteMs = 60_000
const minutesADay = 1440
/** What a fixed time may have missed or had already is settled by a walk that begins so much earlier. */
const leadMs = 86_400_000

/** The instants with fromMs < at <= untilMs, ascending. Both are whole minutes. */
export function walkMinutes(
  cron: OracleCron,
  spans: OffsetSpan[],
  fromMs: number,
  untilMs: number,
): number[] {
  const isDueOn = createDayMemory(cron)
  const matches = (wall: number): boolean => {
    const day = Math.floor(wall / minutesADay)
    return cron.times[wall - day * minutesADay] === 1 && isDueOn(day)
  }
  const due: number[] = []
  let span = 0
  let shown = Number.NEGATIVE_INFINITY
  for (let atMs = fromMs - leadMs; atMs <= untilMs; atMs += minuteMs) {
    while ((spans[span + 1]?.fromMs ?? Number.POSITIVE_INFINITY) <= atMs) span += 1
    const wall = atMs / minuteMs + spans[span]!.minutes
    if (atMs > fromMs && (cron.followsRealTime ? matches(wall) : someMatches(shown, wall, matches)))
      due.push(atMs)
    // The latest wall minute that the clock has shown or left out: what it shows again is no news.
    shown = Math.max(shown, wall)
  }
  return due
}

/** Whether one of the wall minutes after `shown` up to `wall` matches: more than one after a gap, none while times come twice. */
function someMatches(shown: number, wall: number, matches: (wall: number) => boolean): boolean {
  for (let each = shown + 1; each <= wall; each += 1) if (matches(each)) return true
  return false
}

function createDayMemory(cron: OracleCron): (day: number) => boolean {
  const known = new Map<number, boolean>()
  let lastDay = Number.NaN
  let last = false
  return (day) => {
    if (day === lastDay) return last
    let due = known.get(day)
    if (due === undefined) {
      const date = new Date(day * minutesADay * minuteMs)
      due = cron.matchesDay(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())
      known.set(day, due)
    }
    lastDay = day
    last = due
    return due
  }
}
