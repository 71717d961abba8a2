/** Runs as people read them in a terminal. */
import type { RunDetail } from '../core/model.ts'
import { formatTable } from './table.ts'

/** The JSON shape of `jobsd runs` (stable: fields may be added, never renamed). */
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
    steps: run.steps.map(({ name, type, outcome, attempts, note, error, deliveries }) => ({
      name,
      type,
      outcome,
      attempts,
      note,
      error,
      deliveries: deliveries.map(({ target, artifact, state: deliveryState, at }) => ({
        target,
        artifact,
        state: deliveryState,
        at,
      })),
    })),
  }
}

/** `sha256:0123456789ab` is enough for people. */
export function shortenDigests(revision: string): string {
  return revision.replace(/\b([0-9a-f]{12})[0-9a-f]{28,52}\b/g, '$1')
}

export function describeRuns(runs: RunDetail[]): string {
  if (runs.length === 0) return 'no runs yet'
  return formatTable(
    ['RUN', 'JOB', 'CALL CENTER', 'STATE', 'DUE', 'STEPS'],
    runs.map((run) => [
      run.id,
      run.job,
      run.callCenter ?? '-',
      run.dryRun ? `${run.state} (dry run)` : run.state,
      run.slot,
      run.steps.map((step) => step.name).join(' > '),
    ]),
  )
}

export function describeRun(run: RunDetail): string {
  const facts = [
    ['run', run.id],
    ['job', run.job],
    ['call center', run.callCenter ?? 'all'],
    ['state', run.dryRun ? `${run.state} (dry run: nothing was sent)` : run.state],
    ['trigger', `${run.trigger.type} ${run.trigger.key}`],
    ['due', run.slot],
    ['started', run.startedAt ?? 'not yet'],
    ['ended', run.endedAt ?? 'not yet'],
    ['revision', shortenDigests(run.revision)],
    ['snapshot', run.snapshot],
  ].map(([name = '', value = '']) => `${name.padEnd(12)} ${value}`)
  return [...facts, '', ...run.steps.flatMap(describeStep)].join('\n')
}

export function describeStep(step: RunDetail['steps'][number]): string[] {
  const told = step.error ? `${step.error.code}: ${step.error.message}` : step.note
  const attempts = step.attempts > 1 ? ` after ${step.attempts} attempts` : ''
  return [
    `${String(step.seq).padStart(3)}  ${step.name} (${step.type}) ${step.outcome}${attempts}${told ? `: ${told}` : ''}`,
    ...step.deliveries.map(
      ({ target, artifact, state, note }) =>
        `       ${state}  ${target}${artifact ? `  ${artifact.size} bytes  sha256 ${artifact.sha256.slice(0, 12)}` : ''}${state !== 'confirmed' && note ? `  ${note}` : ''}`,
    ),
  ]
}
