import { createSlotJudge } from '../core/catch-up.ts'
import type { TriggerHost } from '../core/contracts/trigger.ts'
import type { CompiledSchedule, Instant } from '../core/model.ts'
import { enumerateSlots } from '../core/slots.ts'

const chunkMs = 7 * 24 * 3_600_000
const longestBatch = 500

/**
 * Gives every slot after `afterMs` up to `nowMs` its outcome, oldest first: an interrupted pass leaves no hole behind
 * the last recorded slot, where the next one begins. A repeat is harmless. Bounded memory however long the gap.
 */
export async function settleSlots(
  schedule: CompiledSchedule,
  afterMs: number,
  nowMs: number,
  onTimeMs: number,
  host: TriggerHost,
  signal: AbortSignal,
): Promise<void> {
  if (afterMs >= nowMs) return
  const judge = createSlotJudge(schedule, afterMs, nowMs, onTimeMs)
  const passed = createPassOverBatch(schedule.name, host)
  for (let fromMs = afterMs; fromMs < nowMs; fromMs += chunkMs) {
    for (const slot of enumerateSlots(schedule, fromMs, Math.min(fromMs + chunkMs, nowMs))) {
      signal.throwIfAborted()
      const verdict = judge(slot)
      const at = new Date(slot.at).toISOString()
      if (verdict.outcome === 'due') {
        await passed.flush()
        await host.due(dueAt(schedule.name, at))
      } else {
        await passed.add(at, verdict.outcome, verdict.note)
      }
    }
  }
  await passed.flush()
}

function dueAt(schedule: string, slot: Instant) {
  return { key: `${schedule}@${slot}`, slot, schedule, event: null, file: null, callCenter: null }
}

type PassedOutcome = Parameters<TriggerHost['passOver']>[2]

/** Collects neighbouring slots of the same outcome and note, so that a long gap is a few transactions. */
function createPassOverBatch(schedule: string, host: TriggerHost) {
  let batch: { slots: Instant[]; outcome: PassedOutcome; note: string } | undefined
  const flush = async (): Promise<void> => {
    if (batch !== undefined) await host.passOver(schedule, batch.slots, batch.outcome, batch.note)
    batch = undefined
  }
  const add = async (at: Instant, outcome: PassedOutcome, note: string): Promise<void> => {
    const fits = batch?.outcome === outcome && batch.note === note && batch.slots.length < longestBatch
    if (!fits) await flush()
    batch ??= { slots: [], outcome, note }
    batch.slots.push(at)
  }
  return { add, flush }
}
