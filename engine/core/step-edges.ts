/** The edges of a job's step graph: what its tests can walk. */
import type { Step, StepOf, StepOutcome } from './model.ts'

/** One way out of a step; `onEmpty` is a report without rows, or a copy without files, that ends the run. */
export interface StepEdge {
  step: string
  on: 'onSuccess' | 'onFailure' | 'onEmpty'
  /** A step, `end` or `fail`. */
  to: string
}

/** Every edge, in the order of the steps. */
export function listEdges(steps: readonly Step[]): StepEdge[] {
  return steps.flatMap((step) => [
    ...(canBeEmpty(step) && step.onEmpty === 'skip' ? [edgeOf(step, 'onEmpty', 'end')] : []),
    edgeOf(step, 'onSuccess', step.onSuccess),
    edgeOf(step, 'onFailure', step.onFailure),
  ])
}

/** The edge that a run took from a step that ended so. */
export function walkedEdge(step: Step, outcome: Exclude<StepOutcome, 'running'>): StepEdge {
  if (outcome === 'skipped') return edgeOf(step, 'onEmpty', 'end')
  return outcome === 'succeeded'
    ? edgeOf(step, 'onSuccess', step.onSuccess)
    : edgeOf(step, 'onFailure', step.onFailure)
}

/** `upload onFailure -> fail` */
export function nameEdge({ step, on, to }: StepEdge): string {
  return `${step} ${on} -> ${to}`
}

function canBeEmpty(step: Step): step is StepOf<'report' | 'cloud-fetch'> {
  return step.type === 'report' || step.type === 'cloud-fetch'
}

function edgeOf({ name }: Step, on: StepEdge['on'], to: string): StepEdge {
  return { step: name, on, to }
}
