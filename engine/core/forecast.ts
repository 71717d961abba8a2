/** Every slot to come, of compiled jobs. */
import { civilDay, DAY } from './civil.ts'
import type { CompiledSchedule, Instant, JobId, Snapshot } from './model.ts'
import { enumerateSlots, type PlannedSlot } from './slots.ts'
import { formatWithOffset, startOfLocal } from './zone.ts'

/** One slot of one run to come. */
export interface ForecastSlot {
  job: JobId
  schedule: string
  /** null: the run covers the whole client. */
  callCenter: string | null
  at: Instant
  /** When the run starts: later where the schedule is spread, or waits for the end of a blackout. */
  startsAt: Instant
  /** The due moment in the schedule's zone, RFC 3339 with its offset. */
  local: string
  timezone: string
  outcome: PlannedSlot['outcome']
  /** What the calendar or a clock change does to it; empty for an ordinary slot. */
  note: string
}

/** An instant in epoch milliseconds, or a day by its number (see civil.ts): it begins at midnight in each schedule's own zone. */
export type Bound = { ms: number } | { day: number }

/** The bound that many days later; from an instant, days of 24 hours. */
export function addDays(bound: Bound, days: number): Bound {
  return 'ms' in bound ? { ms: bound.ms + days * DAY } : { day: bound.day + days }
}

/**
 * The slots of the jobs with from <= at < to, by instant, then by job; one for each call center. `isCut` tells that there are more
 * than `limit`: the earliest are given.
 */
export function forecastSlots(
  snapshots: readonly Snapshot[],
  from: Bound,
  to: Bound,
  limit: number,
): { slots: ForecastSlot[]; isCut: boolean } {
  const planned = snapshots.flatMap((snapshot) =>
    snapshot.schedules.map((schedule) => ({
      snapshot,
      schedule,
      fromMs: resolveBound(from, schedule.timezone),
      toMs: resolveBound(to, schedule.timezone),
    })),
  )
  const startMs = planned.reduce((first, { fromMs }) => Math.min(first, fromMs), Number.POSITIVE_INFINITY)
  const endMs = planned.reduce((last, { toMs }) => Math.max(last, toMs), Number.NEGATIVE_INFINITY)
  const slots: ForecastSlot[] = []
  // A day at a time: a schedule that is due every minute must not fill the memory before the others are looked at.
  for (let dayMs = startMs; dayMs < endMs && slots.length <= limit; dayMs += DAY) {
    const ofDay = planned.flatMap(({ snapshot, schedule, fromMs, toMs }) => {
      const first = Math.max(fromMs, dayMs)
      const end = Math.min(toMs, dayMs + DAY)
      return first < end
        ? enumerateSlots(schedule, first - 1, end - 1).flatMap((slot) => spread(slot, schedule, snapshot))
        : []
    })
    for (const slot of ofDay.sort(compareSlots)) slots.push(slot)
  }
  return { slots: slots.slice(0, limit), isCut: slots.length > limit }
}

function resolveBound(bound: Bound, zone: string): number {
  if ('ms' in bound) return bound.ms
  const { year, month, day } = civilDay(bound.day)
  return startOfLocal(zone, year, month, day, 0, 0)
}

/** The slot of each of the job's runs. */
function spread(slot: PlannedSlot, schedule: CompiledSchedule, snapshot: Snapshot): ForecastSlot[] {
  const { scope, callCenters } = snapshot.manifest
  const runs = scope === 'call-center' ? callCenters : [null]
  return runs.map((callCenter) => ({
    job: snapshot.job,
    schedule: schedule.name,
    callCenter,
    at: new Date(slot.at).toISOString(),
    startsAt: new Date(slot.startsAt).toISOString(),
    local: formatWithOffset(schedule.timezone, slot.at),
    timezone: schedule.timezone,
    outcome: slot.outcome,
    note: slot.note,
  }))
}

/** By instant, then by job; the sort is stable, so schedules and call centers stay as the manifest has them. */
function compareSlots(a: ForecastSlot, b: ForecastSlot): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1
  if (a.job !== b.job) return a.job < b.job ? -1 : 1
  return 0
}
