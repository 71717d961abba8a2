import type { RunDetail } from './model.ts'

/** The JSON shape of a run on the command line and by HTTP (stable: fields may be added, never renamed). */
export function toRunJson(run: RunDetail) {
  const { id, job, callCenter, state, trigger, slot, revision, snapshot, startedAt, endedAt, dryRun } = run
  return {
    id,
    job,
    callCenter,
    state,
    trigger,
    slot,
    revision,
    snapshot,
    startedAt,
    endedAt,
    dryRun,
    note: run.note ?? '',
    parameters: run.parameters ?? {},
    row: run.row ? { key: run.row.key, parent: run.row.parent } : null,
    rowRuns: run.rowRuns ?? [],
    repeats: run.origin && { kind: run.origin.kind, run: run.origin.runId },
    steps: run.steps.map(({ name, type, outcome, attempts, note, error, deliveries }) => ({
      name,
      type,
      outcome,
      attempts,
      note,
      error,
      deliveries: deliveries.map(({ target, artifact, state: deliveryState, at, returned = [] }) => ({
        target,
        artifact,
        state: deliveryState,
        at,
        returned,
      })),
    })),
  }
}
