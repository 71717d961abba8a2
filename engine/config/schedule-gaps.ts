/** How close the slots of schedules come to each other. In wall time: what a clock change does once a year is left out. */
import type { CompiledSchedule, CronFields } from '../core/model.ts'
import { clockDifferences, daysOf, isSubset, meet } from './schedule-days.ts'

const dayMinutes = 1440

// Longer intervals than that are nobody's policy.
const maxReachDays = 62

/**
 * The shortest time between two slots of one schedule, in minutes, as far as it is shorter than `floorMinutes`;
 * Infinity, or any longer time, where it is not.
 */
export function shortestGapMinutes(schedule: CompiledSchedule, floorMinutes: number): number {
  const times = timesOf(schedule.fields)
  let shortest = Number.POSITIVE_INFINITY
  for (let i = 1; i < times.length; i++) shortest = Math.min(shortest, times[i]! - times[i - 1]!)
  const overnight = times[0]! + dayMinutes - times.at(-1)!
  for (let shift = 1; shift <= maxReachDays; shift++) {
    const gap = overnight + (shift - 1) * dayMinutes
    if (gap >= Math.min(shortest, floorMinutes)) break
    // Mostly the nights are long enough whatever the days are.
    const days = daysOf(schedule)
    if (meet(days, days, shift, null)) return gap
  }
  return shortest
}

/** How the slots of two schedules lie to each other. */
export interface Encounter {
  /** The shortest time between a slot of one and a slot of the other that are not at the same moment, in minutes. */
  gapMinutes: number
  /** Whether some slots are at the same moment. */
  coincide: boolean
  /** Whether every slot of the first, or of the second, is at a moment of the other. */
  within: 'first' | 'second' | null
}

/** Compares the slots of two schedules of one job; gaps of `floorMinutes` and more may be left out. */
export function compareSchedules(a: CompiledSchedule, b: CompiledSchedule, floorMinutes: number): Encounter {
  const [timesA, timesB] = [timesOf(a.fields), timesOf(b.fields)]
  const clocks = clockDifferences(a.timezone, b.timezone)
  const reach = Math.min(maxReachDays, 2 + Math.floor(floorMinutes / dayMinutes))
  let gapMinutes = Number.POSITIVE_INFINITY
  let coincide = false
  for (const { minutes, days } of clocks) {
    // Zones can be more than a day apart.
    for (let shift = -reach; shift <= reach; shift++) {
      const offset = shift * dayMinutes + minutes
      if (Math.abs(offset) - dayMinutes >= Math.min(gapMinutes, floorMinutes)) continue
      const gaps = timesA.flatMap((time) => nearestGaps(timesB, time - offset))
      const shortest = Math.min(...gaps.filter((gap) => gap > 0))
      const isNews = (gaps.includes(0) && !coincide) || (shortest < gapMinutes && shortest < floorMinutes)
      // The days are compared last: mostly the times are far enough apart whatever the days are.
      if (!isNews || !meet(daysOf(a), daysOf(b), shift, days)) continue
      coincide ||= gaps.includes(0)
      gapMinutes = Math.min(gapMinutes, shortest)
    }
  }
  const agree = coincide && clocks.length === 1 && clocks[0]!.minutes === 0
  const isWithin = (inner: number[], outer: number[]) => inner.every((time) => outer.includes(time))
  const within =
    agree && isSubset(daysOf(b), daysOf(a)) && isWithin(timesB, timesA)
      ? 'second'
      : agree && isSubset(daysOf(a), daysOf(b)) && isWithin(timesA, timesB)
        ? 'first'
        : null
  return { gapMinutes, coincide, within }
}

// Weak: cron texts are replaced when the engine reloads.
const knownTimes = new WeakMap<CronFields, number[]>()

/** The times of a day as minutes since midnight, ascending. The caller changes nothing in it. */
function timesOf(fields: CronFields): number[] {
  let times = knownTimes.get(fields)
  if (!times) {
    times = fields.hours.flatMap((hour) => fields.minutes.map((minute) => hour * 60 + minute))
    knownTimes.set(fields, times)
  }
  return times
}

/** The distances from `time` to those around it in an ascending list: before, at, and after. */
function nearestGaps(times: number[], time: number): number[] {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (times[middle]! < time) low = middle + 1
    else high = middle
  }
  return [low - 1, low, low + 1].flatMap((index) =>
    times[index] === undefined ? [] : [Math.abs(times[index] - time)],
  )
}
