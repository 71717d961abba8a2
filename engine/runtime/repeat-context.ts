/** How runs that repeat others by hand are walked, and what their steps are told. */
import type { Ledger } from '../core/contracts/ledger.ts'
import type { StepContext } from '../core/contracts/step.ts'
import { JobsdError } from '../core/errors.ts'
import type { Run, RunDetail, Step, StepRecord } from '../core/model.ts'

type Reads = Pick<Ledger, 'run'>

/** Where a run goes after a step: a step, `end` or `fail`. A resend goes through its own list and stops at a failure. */
export function stepAfter(
  { origin }: Pick<Run, 'origin'>,
  step: Pick<Step, 'name' | 'onSuccess' | 'onFailure'>,
  outcome: Exclude<StepRecord['outcome'], 'running'>,
): string {
  if (origin?.kind === 'resend') {
    if (outcome !== 'succeeded') return 'fail'
    return origin.steps[origin.steps.indexOf(step.name) + 1] ?? 'end'
  }
  if (outcome === 'skipped') return 'end'
  return outcome === 'succeeded' ? step.onSuccess : step.onFailure
}

/**
 * Completes the context of a step of a run that repeats another one; of any other run it stays as it is. A rerun from a
 * step on knows the steps before it. In a resend all is of the run that is sent once more, so that names, targets and
 * mails come out the same: only `resend` and the outbox know of the new one. Throws RUN_UNKNOWN.
 */
export async function presentRepeat(
  ledger: Reads,
  context: StepContext,
  step: Pick<Step, 'name'>,
): Promise<StepContext> {
  const { run } = context
  if (run.origin === null) return context
  if (run.origin.kind === 'rerun')
    return { ...context, history: await wholeHistory(ledger, run, context.history) }
  const original = await findOriginal(ledger, run.origin.runId)
  const begun = original.steps.find((record) => record.name === step.name)?.seq ?? Number.POSITIVE_INFINITY
  const before = original.steps.filter(({ seq }) => seq < begun)
  return {
    ...context,
    run: original,
    history: await wholeHistory(ledger, original, before),
    resend: { runId: run.id, startedAt: run.startedAt ?? run.createdAt, targets: run.origin.targets },
  }
}

/** The run whose steps were walked by the job's graph; a resend may itself be sent once more. */
async function findOriginal(ledger: Reads, runId: string): Promise<RunDetail> {
  const run = await ledger.run(runId)
  if (!run) throw new JobsdError('RUN_UNKNOWN', { run: runId })
  return run.origin?.kind === 'resend' ? await findOriginal(ledger, run.origin.runId) : run
}

/** A run's own steps, after those that it took over. */
async function wholeHistory(ledger: Reads, { origin }: Run, own: StepRecord[]): Promise<StepRecord[]> {
  if (origin?.kind !== 'rerun' || origin.steps.length === 0) return own
  const original = await findOriginal(ledger, origin.runId)
  const before = await wholeHistory(ledger, original, original.steps)
  return [...before.filter(({ name }) => origin.steps.includes(name)), ...own]
}
