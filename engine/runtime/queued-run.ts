/** A run as the queue and whoever begins it must know it. */
import type { DueRecord, StepName, WaitingRun } from '../core/contracts/ledger.ts'
import type { Clock } from '../core/contracts/services.ts'
import { findStep } from '../core/fan-out.ts'
import type { Snapshot } from '../core/model.ts'
import { startOfSlot } from '../core/slots.ts'
import { stepConnections } from '../core/step-connections.ts'
import type { Breakers } from './breaker.ts'
import { leftMs } from './try-step.ts'

/** Where a run stood when it was queued: spares it a transaction where it still does. */
export type KnownRun = Pick<WaitingRun, 'snapshot' | 'position' | 'startedAt'>

/** Milliseconds; later than it is due where its schedule is spread, or waits for the end of a blackout. */
export function startOf({ schedule: name, dueAt }: WaitingRun, { schedules }: Snapshot): number {
  const schedule = name ? schedules.find((each) => each.name === name) : undefined
  return schedule ? startOfSlot(schedule, Date.parse(dueAt)) : 0
}

/** As the ledger would tell it of a run that nobody has worked on yet. */
export function toWaitingRun(due: DueRecord, id: string): WaitingRun {
  const { job, trigger, slot, schedule, snapshot, firstStep, group, now } = due
  return {
    id,
    client: job.slice(0, job.indexOf('/')),
    dueAt: trigger.type === 'manual' ? now : slot,
    createdAt: now,
    schedule: trigger.type === 'scheduled' ? schedule : null,
    group: group && { name: group.name, limit: group.limit },
    hasBegun: false,
    snapshot,
    position: firstStep,
    startedAt: null,
  }
}

/** Those that the step where it stands uses. */
export function connectionsOf({ position }: KnownRun, snapshot: Snapshot): string[] {
  const step = findStep(snapshot.manifest, position)
  return step ? stepConnections(snapshot, step) : []
}

/** The attempt that may be made at once where the run stands, if nothing speaks against it. */
export function findAttempt(
  run: KnownRun,
  snapshot: Snapshot,
  { breakers, clock }: { breakers?: Pick<Breakers, 'areClosed'>; clock: Clock },
  connections: readonly string[] = connectionsOf(run, snapshot),
): StepName | undefined {
  const step = findStep(snapshot.manifest, run.position)
  if (!step || leftMs(run.startedAt, snapshot, clock) <= 0) return undefined
  return (breakers?.areClosed(snapshot, connections) ?? true)
    ? { name: step.name, type: step.type }
    : undefined
}
