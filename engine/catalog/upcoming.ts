/** What is due next, as customers see it. */
import type { CompiledSchedule, Snapshot } from '../core/model.ts'
import { enumerateSlots, type PlannedSlot } from '../core/slots.ts'
import { type Moment, spellMoment } from './plain-words.ts'
import { words } from './words.ts'

/** How far the pages look ahead, in days. */
const horizonDays = 400
const dayMs = 86_400_000

export interface UpcomingView {
  /** In the client's zone. */
  at: Moment
  /** In the schedule's zone, where that is another one; empty otherwise. */
  local: string
  schedule: string
  /** What a day off or a clock change does to it; empty for an ordinary one. */
  note: string
  /** Nothing happens at that moment, for the reason in `note`. */
  isSkipped: boolean
}

/** A job's slot, not yet in words. */
export interface UpcomingSlot {
  schedule: CompiledSchedule
  slot: PlannedSlot
}

/** The next `count` executions of an enabled job after `afterMs` up to `untilMs`, with what is skipped between them. */
export function upcomingSlots(
  snapshot: Snapshot,
  afterMs: number,
  count: number,
  untilMs = afterMs + horizonDays * dayMs,
): UpcomingSlot[] {
  if (!snapshot.manifest.enabled) return []
  const slots = snapshot.schedules
    // Twice as many, so that days off do not hide what comes after them.
    .flatMap((schedule) =>
      enumerateSlots(schedule, afterMs, untilMs, count * 2).map((slot) => ({ schedule, slot })),
    )
    .sort((a, b) => a.slot.startsAt - b.slot.startsAt)
  let left = count
  const end = slots.findIndex(({ slot }) => slot.outcome !== 'skipped' && --left === 0)
  return slots.slice(0, end === -1 ? count * 2 : end + 1)
}

/** Shows a slot in the client's zone. */
export function viewUpcoming({ schedule, slot }: UpcomingSlot, timezone: string): UpcomingView {
  const isElsewhere = schedule.timezone !== timezone
  return {
    at: spellMoment(timezone, slot.startsAt),
    local: isElsewhere
      ? words.schedules.elsewhere(spellMoment(schedule.timezone, slot.startsAt).text, schedule.timezone)
      : '',
    schedule: schedule.name,
    note: slot.note,
    isSkipped: slot.outcome === 'skipped',
  }
}
