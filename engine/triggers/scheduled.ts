import type { TriggerHost, TriggerType } from '../core/contracts/trigger.ts'
import type { CompiledSchedule } from '../core/model.ts'
import { nextSlot } from '../core/slots.ts'
import { repeatInBackground } from './background.ts'
import { settleSlots } from './settle-slots.ts'

// Short, for two reasons: Node's timers fire at once beyond 24.8 days, and they do not follow the wall clock when it
// is set or the machine was asleep.
const longestSleepMs = 10 * 60_000

// At a reload a slot may fall between the old watch and the new one: so recent, it is due and not missed.
const onTimeAtStartMs = 60_000

// While the engine is up a slot is late only because of a slow ledger or a clock that was set.
const onTimeMs = 10 * 60_000

/** Runs a job at the slots of its schedules. Every slot since the schedule's last recorded one gets an outcome. */
export const scheduledTrigger: TriggerType<'scheduled'> = {
  type: 'scheduled',
  title: 'Scheduled',
  async watch(_trigger, snapshot, host, signal) {
    const nowMs = host.clock.now().getTime()
    for (const schedule of snapshot.schedules) {
      const sinceMs = Math.min(Date.parse(host.since(schedule.name)), nowMs)
      await settleSlots(schedule, sinceMs, nowMs, onTimeAtStartMs, host, signal)
    }
    for (const schedule of snapshot.schedules) {
      const round = createRound(schedule, nowMs, host, signal)
      repeatInBackground(round, host, signal, { job: snapshot.job, schedule: schedule.name })
    }
  },
}

/** One round settles every slot since the last settled one, and returns how long to sleep. */
function createRound(
  schedule: CompiledSchedule,
  primedMs: number,
  host: TriggerHost,
  signal: AbortSignal,
): () => Promise<number> {
  let settledMs = primedMs
  return async () => {
    const nowMs = host.clock.now().getTime()
    await settleSlots(schedule, settledMs, nowMs, onTimeMs, host, signal)
    // Also where the clock was set back: a slot that was due before is known by its key.
    settledMs = nowMs
    const nextMs = nextSlot(schedule, nowMs)?.at ?? Number.POSITIVE_INFINITY
    return Math.max(1, Math.min(nextMs - host.clock.now().getTime(), longestSleepMs))
  }
}
