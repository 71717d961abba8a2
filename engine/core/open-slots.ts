/** What the blackouts of its calendar do to the slots of a schedule. */
import { type Closure, closureAt } from './blackouts.ts'
import { DAY, peopleDay, timeOfDay } from './civil.ts'
import type { Calendar } from './manifest.ts'
import type { CompiledSchedule } from './model.ts'
import type { PlannedSlot } from './slots.ts'
import { localDayAt, wallMsAt } from './zone.ts'

/** The slots with afterMs < at <= untilMs, ascending, as if there were no blackouts. */
export type SlotSource = (afterMs: number, untilMs: number) => Iterable<PlannedSlot>

/** Slots in a blackout as skipped; without `withSkipped` they are passed over, a whole blackout at a time. */
export function* skipClosed(
  schedule: CompiledSchedule & { calendar: Calendar },
  source: SlotSource,
  afterMs: number,
  untilMs: number,
  withSkipped: boolean,
): Generator<PlannedSlot> {
  let fromMs: number | undefined = afterMs
  while (fromMs !== undefined && fromMs < untilMs) {
    const slots = source(fromMs, untilMs)
    fromMs = undefined
    for (const slot of slots) {
      const closure = slot.outcome === 'skipped' ? undefined : closureOf(schedule, slot.at)
      if (!closure) yield slot
      else if (withSkipped) yield skip(slot, tellClosure(schedule, closure))
      else if (!Number.isFinite(closure.untilMs)) return
      else {
        // The first slot that would start when the blackout has ended.
        fromMs = closure.untilMs - (schedule.delayMs ?? 0) - 1
        break
      }
    }
  }
}

/** Of the slots in a blackout the last one starts when it ends, and covers the days of the others, which are skipped. */
export function* startAfterClosed(
  schedule: CompiledSchedule & { calendar: Calendar },
  source: SlotSource,
  afterMs: number,
  untilMs: number,
  withSkipped: boolean,
): Generator<PlannedSlot> {
  const delayMs = schedule.delayMs ?? 0
  const isWanted = ({ at, outcome }: PlannedSlot) =>
    at > afterMs && at <= untilMs && (withSkipped || outcome !== 'skipped')
  // What becomes of a slot in a blackout depends on all slots in it.
  const before = closureOf(schedule, afterMs)
  const behind = closureOf(schedule, untilMs)
  const firstMs = before && Number.isFinite(before.fromMs) ? before.fromMs - delayMs - 1 : afterMs
  const lastMs = behind && Number.isFinite(behind.untilMs) ? behind.untilMs - delayMs - 1 : untilMs
  let closure: Closure | undefined
  let closed: PlannedSlot[] = []
  for (const slot of source(firstMs, lastMs)) {
    if (!closure || slot.at + delayMs >= closure.untilMs) {
      if (closure) yield* joinClosed(schedule, closure, closed).filter(isWanted)
      closed = []
      closure = closureOf(schedule, slot.at)
    }
    if (!closure) {
      if (isWanted(slot)) yield slot
    } else if (Number.isFinite(closure.untilMs)) closed.push(slot)
    else if (withSkipped) yield slot.outcome === 'skipped' ? slot : skip(slot, tellClosure(schedule, closure))
    else return
  }
  if (closure) yield* joinClosed(schedule, closure, closed).filter(isWanted)
}

function joinClosed(
  schedule: CompiledSchedule & { calendar: Calendar },
  closure: Closure,
  slots: PlannedSlot[],
): PlannedSlot[] {
  const due = slots.filter(({ outcome }) => outcome !== 'skipped')
  const [first, last] = [due[0], due.at(-1)]
  if (!first || !last) return slots
  const { untilMs } = closure
  // Of several that meet, the one that the slot itself is in: whatever of the others was looked at.
  const { title } = closureOf(schedule, last.at) ?? closure
  const why = tellClosure(schedule, closure)
  const dayOf = ({ at }: PlannedSlot) => localDayAt(schedule.timezone, at)
  const skippedDays = Math.max(last.skippedDays, dayOf(last) - dayOf(first) + first.skippedDays)
  // Together with others that waited: spread again, unless the next blackout would begin meanwhile.
  const startsAt = closureOf(schedule, untilMs) ? untilMs : untilMs + (schedule.delayMs ?? 0)
  return slots.map((slot) => {
    if (slot.outcome === 'skipped') return slot
    if (slot !== last) return skip(slot, `${why}; the slot of ${spell(schedule, last.at)} runs after it`)
    const note = [slot.note, `starts ${spell(schedule, untilMs)}, after the blackout: ${title}`]
    return { ...slot, outcome: 'shifted', startsAt, skippedDays, note: note.filter(Boolean).join('; ') }
  })
}

function closureOf(
  { calendar, timezone, delayMs = 0 }: CompiledSchedule & { calendar: Calendar },
  atMs: number,
) {
  return closureAt(calendar, timezone, atMs + delayMs)
}

function tellClosure(schedule: CompiledSchedule, { untilMs, title }: Closure): string {
  return Number.isFinite(untilMs)
    ? `blackout until ${spell(schedule, untilMs)}: ${title}`
    : `blackout: ${title}`
}

function skip(slot: PlannedSlot, note: string): PlannedSlot {
  return { ...slot, outcome: 'skipped', startsAt: slot.at, skippedDays: 0, note }
}

/** `25 Dec 2026, 06:00` on the schedule's wall clock. */
function spell({ timezone }: CompiledSchedule, epochMs: number): string {
  const wallMs = wallMsAt(timezone, epochMs)
  const day = Math.floor(wallMs / DAY)
  return `${peopleDay(day)}, ${timeOfDay(wallMs - day * DAY)}`
}
