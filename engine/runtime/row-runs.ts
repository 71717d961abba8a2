/** From the rows that a fan-out gave to the runs that they make due. */
import type { FanOutRow } from '../core/contracts/fan-out.ts'
import type { DueRecord } from '../core/contracts/ledger.ts'
import { rowTrigger } from '../core/fan-out.ts'
import type { Instant, Run, Snapshot } from '../core/model.ts'
import { groupOf } from './due.ts'

/**
 * One run for each row, all else as in the run that asked for them: to be recorded in the transaction that ends that one.
 * `now` is the same for all, so that they are one execution.
 */
export function dueOfRows(
  run: Run,
  snapshot: Snapshot,
  rows: readonly FanOutRow[],
  now: Instant,
): DueRecord[] {
  const first = snapshot.manifest.steps[0]
  if (!first) throw new Error(`${snapshot.job} has no step`)
  const group = groupOf(snapshot)
  return rows.map(({ key, parameters, callCenter, fault }) => ({
    job: run.job,
    trigger: rowTrigger(run.trigger, key),
    slot: run.slot,
    schedule: run.schedule,
    event: run.event,
    parameters: { ...run.parameters, ...parameters },
    row: { parent: run.id, key, ...(fault !== null && { fault }) },
    file: null,
    callCenters: [callCenter],
    snapshot: run.snapshot,
    revision: run.revision,
    firstStep: first.name,
    dryRun: run.dryRun,
    ...(run.skippedDays !== undefined && { skippedDays: run.skippedDays }),
    // Rows of one run wait for each other: none takes another's place, or is passed over for it.
    group: group && { ...group, onConflict: 'queue' },
    now,
  }))
}
