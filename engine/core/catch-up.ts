import type { CompiledSchedule } from './model.ts'
import { enumerateSlots, type PlannedSlot } from './slots.ts'

export type SlotVerdict = { outcome: 'due' } | { outcome: 'missed' | 'skipped'; note: string }

/**
 * Returns the judge of a schedule's slots up to `nowMs`, none of which was handled since `afterMs`: on time (at most
 * `onTimeMs` late) is due; later ones are due as `catchUp` says, `latest` being the newest of all, on time or late.
 */
export function createSlotJudge(
  schedule: CompiledSchedule,
  afterMs: number,
  nowMs: number,
  onTimeMs: number,
): (slot: PlannedSlot) => SlotVerdict {
  const windowStartMs = nowMs - schedule.catchUpWindowMs
  const newestMs = enumerateSlots(schedule, Math.max(afterMs, windowStartMs - 1), nowMs)
    .filter((slot) => slot.outcome !== 'skipped')
    .at(-1)?.at
  const missed = (why: string): SlotVerdict => ({ outcome: 'missed', note: `missed: ${why}` })
  return (slot) => {
    if (slot.outcome === 'skipped') return { outcome: 'skipped', note: slot.note }
    if (slot.at > nowMs - onTimeMs) return { outcome: 'due' }
    if (schedule.catchUp === 'none') return missed('catchUp is none')
    if (slot.at < windowStartMs) return missed('older than the catchUpWindow')
    if (schedule.catchUp === 'latest' && slot.at !== newestMs) return missed('a later slot was run instead')
    return { outcome: 'due' }
  }
}
