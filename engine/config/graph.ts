/** The step graph of a job: edges, what can be reached, cycles. Pure. */
import type { Job } from '../core/manifest.ts'
import type { Step } from '../core/model.ts'
import { rememberLast } from './remember-last.ts'

export type Edge = 'onSuccess' | 'onFailure'
export const edges: readonly Edge[] = ['onSuccess', 'onFailure']

/** How a run may end instead of going to another step. */
export const endings: readonly string[] = ['end', 'fail']

/**
 * The steps with default edges: on success the next one in the list, `end` after the last; on failure `fail`. Asked
 * again for the same list it gives the same object, which nobody may change.
 */
export const fillEdges: (steps: Job['steps']) => Step[] = rememberLast((steps) =>
  steps.map((step, index) => ({
    ...step,
    onSuccess: step.onSuccess ?? steps[index + 1]?.name ?? 'end',
    onFailure: step.onFailure ?? 'fail',
  })),
)

/** Whether names are distinct and lead somewhere: otherwise what a walk finds would only repeat that they do not. */
export const areStepsSound: (steps: Job['steps']) => boolean = rememberLast((steps) => {
  const names = new Set(steps.map((step) => step.name))
  const known = (target: string | undefined) =>
    target === undefined || names.has(target) || endings.includes(target)
  return (
    names.size === steps.length &&
    !endings.some((name) => names.has(name)) &&
    steps.every((step) => known(step.onSuccess) && known(step.onFailure))
  )
})

/** Which edges a walk takes; all of them where it is not given. */
export type Follows = (step: Step, edge: Edge) => boolean

/**
 * The steps that a run can come to from `start`, by default the first step, each with the way there: the names from
 * the start on. A name that no step has leads nowhere.
 */
export function reachSteps(
  steps: readonly Step[],
  follows: Follows = () => true,
  start = steps[0]?.name,
): Map<string, string[]> {
  const byName = nameSteps(steps)
  const ways = new Map<string, string[]>()
  const open: string[] = []
  const come = (name: string, way: string[]) => {
    if (ways.has(name) || !byName.has(name)) return
    ways.set(name, [...way, name])
    open.push(name)
  }
  if (start !== undefined) come(start, [])
  for (let name = open.shift(); name !== undefined; name = open.shift()) {
    const step = byName.get(name)!
    for (const edge of edges) if (follows(step, edge)) come(step[edge], ways.get(name)!)
  }
  return ways
}

/** A cycle that a run can get into, as names with the first one again at the end; undefined where there is none. */
export function findCycle(steps: readonly Step[]): string[] | undefined {
  const byName = nameSteps(steps)
  const done = new Set<string>()
  const path: string[] = []
  function visit(name: string): string[] | undefined {
    const step = byName.get(name)
    if (!step || done.has(name)) return undefined
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name]
    path.push(name)
    for (const edge of edges) {
      const cycle = visit(step[edge])
      if (cycle) return cycle
    }
    path.pop()
    done.add(name)
    return undefined
  }
  return steps[0] ? visit(steps[0].name) : undefined
}

/** The first step of each name: a second one of the same name is told elsewhere. */
const nameSteps = rememberLast(
  (steps: readonly Step[]) => new Map([...steps].reverse().map((step) => [step.name, step])),
)
