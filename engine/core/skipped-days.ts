import type { Run, Snapshot } from './model.ts'
import { enumerateSlots } from './slots.ts'

/**
 * The days off that a run's slot covers besides its own. Of a shifted slot the run only keeps the moment, the schedule tells
 * again; a run that follows another one was given them with the slot.
 */
export function skippedDaysOf(
  run: Pick<Run, 'schedule' | 'slot' | 'skippedDays'>,
  snapshot: Pick<Snapshot, 'schedules'>,
): number {
  if (run.skippedDays !== undefined) return run.skippedDays
  const schedule = snapshot.schedules.find(({ name }) => name === run.schedule)
  if (schedule === undefined) return 0
  const slotMs = Date.parse(run.slot)
  const slots = enumerateSlots(schedule, slotMs - 1, slotMs)
  return Math.max(0, ...slots.filter(({ outcome }) => outcome !== 'skipped').map((slot) => slot.skippedDays))
}
