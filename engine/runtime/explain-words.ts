/** Runs as an explanation tells of them. */
import type { TakenFile } from '../core/contracts/ledger.ts'
import { tellsOf } from '../core/files-in-place.ts'
import type { RunDetail } from '../core/model.ts'
import type { Evidence } from './explain.ts'

/** `run 0123456789abcdef for dallas succeeded at 2026-11-22T18:31:04.000Z, 2 of 2 deliveries confirmed` */
export function tellRun(run: RunDetail): string {
  const whose = run.callCenter === null ? '' : ` for ${run.callCenter}`
  const when = run.endedAt ? ` at ${run.endedAt}` : ''
  const state = run.state === 'running' ? 'is running' : run.state === 'queued' ? 'is queued' : run.state
  const deliveries = deliveriesOf(run)
  const confirmed = deliveries.filter((delivery) => delivery.state === 'confirmed').length
  const noun = deliveries.length === 1 ? 'delivery' : 'deliveries'
  const sent =
    deliveries.length === 0 ? 'nothing delivered' : `${confirmed} of ${deliveries.length} ${noun} confirmed`
  const dry = run.dryRun ? ' as a dry run' : ''
  return `run ${run.id}${whose} ${state}${when}${dry}, ${sent}`
}

/** The run, why it failed, and each of its deliveries. */
export function proveRun(run: RunDetail): Evidence[] {
  const failed = run.state === 'failed' ? run.steps.findLast((step) => step.error) : undefined
  const why = failed ? `; step ${failed.name}: ${failed.error?.code}: ${failed.error?.message}` : ''
  const repeats = run.origin ? `, a ${run.origin.kind} of run ${run.origin.runId}` : ''
  const told: Evidence = {
    kind: 'run',
    text: `${tellRun(run)}; recorded at ${run.createdAt}${repeats}${why}`,
    run: run.id,
    at: run.createdAt,
  }
  return [
    told,
    ...deliveriesOf(run).map(
      ({ target, state, note, at }): Evidence => ({
        kind: 'delivery',
        text: `${state} ${target} at ${at}${state !== 'confirmed' && note ? `: ${note}` : ''}`,
        run: run.id,
        at,
      }),
    ),
  ]
}

/** Where the run moved a posted file; undefined where it did not. */
export function tellMove({ file, runs }: TakenFile): string | undefined {
  return runs
    .flatMap((run) => run.steps)
    .find(
      // Such a step may have done it to other files, which the run waited for.
      ({ note, outcome, type }) =>
        (type === 'move-file' || type === 'delete-file') &&
        outcome === 'succeeded' &&
        tellsOf(note, file.origin.path),
    )?.note
}

function deliveriesOf(run: RunDetail) {
  return run.steps.flatMap((step) => step.deliveries)
}
