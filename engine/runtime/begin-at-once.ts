/**
 * Recording what is due and beginning it as one transaction, where a lane is free at once: a single run waits for one
 * fsync before its first step instead of two.
 */
import type { DueRecord, Ledger, StepName, WaitingRun } from '../core/contracts/ledger.ts'
import type { Admission, Queue } from '../core/contracts/queue.ts'
import type { Clock } from '../core/contracts/services.ts'
import type { RunDetail, Snapshot } from '../core/model.ts'
import type { Breakers } from './breaker.ts'
import { connectionsOf, findAttempt, startOf, toWaitingRun } from './queued-run.ts'

export interface BeginParts {
  ledger: Pick<Ledger, 'recordDue' | 'recordAndBegin'>
  queue: Pick<Queue, 'admit'>
  breakers: Pick<Breakers, 'areClosed'>
  clock: Clock
  /** Rejects where it cannot be read. */
  snapshot(digest: string): Promise<Snapshot>
  /** Whether some recorded runs are not in the queue yet: they come first. */
  isBehind(): boolean
  /** Called with each run that was begun, to begin the work on it. */
  onBegun(run: RunDetail, admission: Admission): void
  /** Called with runs that wait. */
  onWaiting(due: DueRecord, runIds: string[]): void
}

interface Choice {
  attempt: StepName
  admission: Admission
}

/** By run. */
type Choices = Map<string, Choice | undefined>

/** Returns the ids of the new runs; all of them are queued or worked on then. */
export function createRecordDue(parts: BeginParts): (due: DueRecord) => Promise<string[]> {
  const { ledger, queue, clock } = parts

  async function record(due: DueRecord): Promise<string[]> {
    const runIds = await ledger.recordDue(due)
    if (runIds.length > 0) parts.onWaiting(due, runIds)
    return runIds
  }

  return async (due) => {
    // Of a group the ledger decides who comes next.
    if (due.group || due.passedOver !== undefined) return record(due)
    let snapshot: Snapshot | undefined
    // Not awaited: what is due comes before whatever is asked of the ledger from now on, such as a reconcile that renames
    // its job. A snapshot in memory is here before the transaction; without one the run waits.
    parts.snapshot(due.snapshot).then(
      (found) => (snapshot = found),
      () => undefined, // Whoever works on the run tells it.
    )
    /** As it was decided on each: the transaction may be done again. */
    const chosen: Choices = new Map()
    const choose = (runId: string): StepName | undefined => {
      if (!chosen.has(runId)) chosen.set(runId, chooseFor(toWaitingRun(due, runId), snapshot))
      return chosen.get(runId)?.attempt
    }
    try {
      const { runIds, begun } = await ledger.recordAndBegin(due, choose)
      beginAll(begun, chosen)
      if (runIds.length > begun.length) parts.onWaiting(due, without(runIds, begun))
      return runIds
    } finally {
      withdrawAll(chosen)
    }
  }

  function beginAll(runs: RunDetail[], chosen: Choices): void {
    for (const run of runs) {
      const choice = chosen.get(run.id)
      chosen.delete(run.id)
      if (choice) parts.onBegun(run, choice.admission)
    }
  }

  function chooseFor(run: WaitingRun, snapshot: Snapshot | undefined): Choice | undefined {
    if (!snapshot || parts.isBehind() || startOf(run, snapshot) > clock.now().getTime()) return undefined
    const connections = connectionsOf(run, snapshot)
    const attempt = findAttempt(run, snapshot, parts, connections)
    const admission = attempt && queue.admit({ ...run, connections })
    return admission && { attempt, admission }
  }
}

function withdrawAll(chosen: Choices): void {
  for (const choice of chosen.values()) choice?.admission.withdraw()
}

function without(runIds: string[], begun: RunDetail[]): string[] {
  const ids = new Set(begun.map(({ id }) => id))
  return runIds.filter((id) => !ids.has(id))
}
