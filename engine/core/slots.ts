/**
 * The due moments of a schedule. Wall-clock times are mapped to instants by cronie's rule: a fixed time that falls into
 * a gap of the clock is due right after it, one that comes twice is due once; an expression whose minute or hour field
 * begins with `*` follows real time instead.
 */
import { hasBlackouts, isWeekly } from './blackouts.ts'
import { areWeekends } from './calendar.ts'
import { DAY, HOUR, isoDay, MINUTE, peopleDay, timeOfDay, weekdayName } from './civil.ts'
import { hasMatchingDay, namedWeekdays } from './cron-days.ts'
import type { Calendar } from './manifest.ts'
import type { CompiledSchedule } from './model.ts'
import { skipClosed, startAfterClosed } from './open-slots.ts'
import { type PlannedDay, plannedDays } from './planned-days.ts'
import { firstInstantOfWall, formatLocal, instantsOfWall, localDayAt, offsetMsAt } from './zone.ts'

/** One due moment of a schedule. */
export interface PlannedSlot {
  /** The due moment in epoch milliseconds: what the run is known by, and what its periods go by. */
  at: number
  /** When the run starts: later than `at` by the schedule's delay, or when a blackout has ended. */
  startsAt: number
  /** The local wall time of the cron expression, `yyyy-MM-ddTHH:mm`, before anything was moved; the earliest of several. */
  nominal: string
  /** shifted: a day off was moved here, and maybe joined a slot that was here anyway; or it starts after a blackout. */
  outcome: 'run' | 'skipped' | 'shifted'
  /** What the calendar or a clock change did to it; empty for an ordinary slot. */
  note: string
  /** How many days just before it the slot stands for as well: days off, and days whose slots a blackout held up. */
  skippedDays: number
}

// Five years of at most 366 days.
const lookAheadDays = 5 * 366

/** The slots of a schedule with afterMs < at <= untilMs, ascending, skipped ones included; no more than `limit`. */
export function enumerateSlots(
  schedule: CompiledSchedule,
  afterMs: number,
  untilMs: number,
  limit = Number.POSITIVE_INFINITY,
): PlannedSlot[] {
  const slots: PlannedSlot[] = []
  if (limit <= 0) return slots
  for (const slot of slotsBetween(schedule, afterMs, untilMs, true)) {
    slots.push(slot)
    if (slots.length >= limit) break
  }
  return slots
}

/** When the run of a slot starts; at the moment itself where the schedule has no slot there. */
export function startOfSlot(schedule: CompiledSchedule, slotMs: number): number {
  if (schedule.delayMs === undefined && schedule.onBlackout === undefined) return slotMs
  const slots = enumerateSlots(schedule, slotMs - 1, slotMs)
  return slots.find(({ outcome }) => outcome !== 'skipped')?.startsAt ?? slotMs
}

/** The first slot after `afterMs` that is not skipped; undefined where the next five years have none. */
export function nextSlot(schedule: CompiledSchedule, afterMs: number): PlannedSlot | undefined {
  const firstMs = Math.max(afterMs, (schedule.fromMs ?? afterMs) - 1)
  const [slot] = slotsBetween(schedule, firstMs, firstMs + lookAheadDays * DAY, false)
  return slot
}

// The calendars of 28 years all begin here.
const plainMs = Date.UTC(2024, 0, 1)

/**
 * Whether no slot can ever be due, as on 30 February, on weekends that the calendar skips, always in a blackout, or
 * outside of the time in which the schedule is in force.
 */
export function neverFires(schedule: CompiledSchedule): boolean {
  const { fields, calendar, onHoliday, fromMs, untilMs } = schedule
  if (fields.minutes.length === 0 || fields.hours.length === 0 || !hasMatchingDay(fields)) return true
  const isOff = calendar && onHoliday === 'skip' && !fields.eitherDay
  if (isOff && areWeekends(calendar, namedWeekdays(fields))) return true
  if (
    untilMs !== undefined &&
    nextSlot(schedule, (fromMs ?? untilMs - lookAheadDays * DAY) - 1) === undefined
  )
    return true
  const isClosed = hasBlackouts(calendar) && calendar.blackouts?.some(isWeekly)
  return (
    Boolean(isClosed) && nextSlot({ ...schedule, fromMs: plainMs, untilMs: Infinity }, plainMs) === undefined
  )
}

function slotsBetween(
  schedule: CompiledSchedule,
  afterMs: number,
  untilMs: number,
  withSkipped: boolean,
): Generator<PlannedSlot> {
  const { calendar, onBlackout, fromMs, untilMs: endMs } = schedule
  const [from, until] = [fromMs ?? Number.NEGATIVE_INFINITY, endMs ?? Number.POSITIVE_INFINITY]
  const first = Math.max(afterMs, from - 1)
  const last = Math.min(untilMs, until - 1)
  if (!hasBlackouts(calendar)) return plainSlots(schedule, first, last, withSkipped)
  const source = (after: number, to: number) =>
    plainSlots(schedule, Math.max(after, from - 1), Math.min(to, until - 1), withSkipped)
  const open = onBlackout === 'after' ? startAfterClosed : skipClosed
  return open(schedule as CompiledSchedule & { calendar: Calendar }, source, first, last, withSkipped)
}

/** As slotsBetween, without blackouts and whenever the schedule is in force. */
function* plainSlots(
  schedule: CompiledSchedule,
  afterMs: number,
  untilMs: number,
  withSkipped: boolean,
): Generator<PlannedSlot> {
  if (afterMs >= untilMs) return
  for (const slot of slotsFrom(schedule, afterMs, untilMs, withSkipped)) {
    if (slot.at > untilMs) return
    if (slot.at > afterMs) yield slot
  }
}

function* slotsFrom(
  schedule: CompiledSchedule,
  afterMs: number,
  untilMs: number,
  withSkipped: boolean,
): Generator<PlannedSlot> {
  const { timezone } = schedule
  // A clock change can move a slot across midnight, so one day more on each side.
  const first = localDayAt(timezone, afterMs) - 1
  const last = localDayAt(timezone, untilMs) + 1
  // Days around a clock change wait here: their slots may overlap, so they are sorted together.
  let unsteady: PlannedDay[] = []
  for (const planned of plannedDays(schedule, first, last)) {
    if (planned.off !== null && !withSkipped) continue
    const steady = isSteady(timezone, planned.day)
    if (steady && unsteady.length > 0) {
      yield* unsteadySlots(schedule, unsteady)
      unsteady = []
    }
    if (steady) yield* steadySlots(schedule, planned, afterMs)
    else unsteady.push(planned)
  }
  yield* unsteadySlots(schedule, unsteady)
}

/** Whether the clock does not change on a local day, the day before and the day after. */
function isSteady(zone: string, day: number): boolean {
  return offsetMsAt(zone, (day - 1) * DAY) === offsetMsAt(zone, (day + 2) * DAY)
}

function* steadySlots(
  schedule: CompiledSchedule,
  planned: PlannedDay,
  afterMs: number,
): Generator<PlannedSlot> {
  const midnight = planned.day * DAY - offsetMsAt(schedule.timezone, planned.day * DAY)
  for (const hour of schedule.fields.hours) {
    if (midnight + (hour + 1) * HOUR <= afterMs) continue
    for (const minute of schedule.fields.minutes) {
      const time = hour * HOUR + minute * MINUTE
      if (midnight + time > afterMs) yield slotOf(schedule, planned, time, midnight + time, '')
    }
  }
}

function unsteadySlots(schedule: CompiledSchedule, days: PlannedDay[]): PlannedSlot[] {
  const slots = new Map<number, PlannedSlot>()
  for (const planned of days)
    for (const hour of schedule.fields.hours)
      for (const minute of schedule.fields.minutes)
        for (const slot of slotsOfTime(schedule, planned, hour * HOUR + minute * MINUTE)) {
          const same = slots.get(slot.at)
          slots.set(slot.at, same ? joinSlots(same, slot) : slot)
        }
  return [...slots.values()].sort((a, b) => a.at - b.at)
}

function slotsOfTime(schedule: CompiledSchedule, planned: PlannedDay, time: number): PlannedSlot[] {
  const { timezone, fields } = schedule
  const { day, sources, off } = planned
  const instants = instantsOfWall(timezone, day * DAY + time)
  const slots: PlannedSlot[] = []
  if (fields.wildcard && sources.includes(day))
    slots.push(...instants.map((at) => slotOf(schedule, { day, sources: [day], off }, time, at, '')))
  // What was moved here is a fixed time here.
  if (!fields.wildcard || sources.some((source) => source !== day)) {
    const at = firstInstantOfWall(timezone, day * DAY + time)
    slots.push(slotOf(schedule, planned, time, at, clockNote(timezone, time, instants, at)))
  }
  return slots
}

function slotOf(
  { delayMs = 0 }: CompiledSchedule,
  { day, sources, off }: PlannedDay,
  time: number,
  at: number,
  clock: string,
): PlannedSlot {
  const [first = day] = sources
  const nominal = `${isoDay(first)}T${timeOfDay(time)}`
  if (off !== null) {
    const why = `${peopleDay(day)} is a day off: ${off}`
    return { at, startsAt: at, nominal, outcome: 'skipped', note: why, skippedDays: 0 }
  }
  const startsAt = at + delayMs
  const moved = sources.length === 1 && first === day ? [] : sources.filter((source) => source !== day)
  if (moved.length === 0) return { at, startsAt, nominal, outcome: 'run', note: clock, skippedDays: 0 }
  const note = [movedNote(moved), clock].filter(Boolean).join('; ')
  // Moved to an earlier day it stands for days whose data is still to come: none to cover.
  return { at, startsAt, nominal, outcome: 'shifted', note, skippedDays: Math.max(0, day - first) }
}

function movedNote(days: number[]): string {
  const texts = days.map((day) => `${weekdayName(day)} ${peopleDay(day)}`)
  return `moved from ${texts.length > 3 ? `${texts[0]} to ${texts.at(-1)}` : texts.join(', ')}`
}

function clockNote(zone: string, time: number, instants: number[], at: number): string {
  const text = timeOfDay(time)
  if (instants.length === 0)
    return `the clock skips ${text}, so it is due right after, at ${formatLocal(zone, at, 'HH:mm')}`
  return instants.length > 1 ? `the clock shows ${text} twice, it is due the first time` : ''
}

function joinSlots(a: PlannedSlot, b: PlannedSlot): PlannedSlot {
  const outcomes = [a.outcome, b.outcome]
  const [nominal = a.nominal] = [a.nominal, b.nominal].sort()
  return {
    at: a.at,
    startsAt: Math.max(a.startsAt, b.startsAt),
    nominal,
    outcome: outcomes.includes('shifted') ? 'shifted' : outcomes.includes('run') ? 'run' : 'skipped',
    note: a.note || b.note,
    skippedDays: Math.max(a.skippedDays, b.skippedDays),
  }
}
