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

/** The steps that a walk came to. */
export interface Ways {
  has(name: string): boolean
  /** The names from the start on; undefined for a step that the walk did not come to. */
  get(name: string): string[] | undefined
  /** Their names, the start first. */
  keys(): Iterable<string>
}

/**
 * The steps that a run can come to from `start`, by default the first step, each with the way there. A name that no step
 * has leads nowhere.
 */
export function reachSteps(steps: readonly Step[], follows?: Follows, start = steps[0]?.name): Ways {
  return follows === undefined && start === steps[0]?.name
    ? reachFromFirst(steps)
    : walkSteps(steps, follows, start)
}

const reachFromFirst = rememberLast((steps: readonly Step[]) => walkSteps(steps, undefined, steps[0]?.name))

function walkSteps(steps: readonly Step[], follows: Follows | undefined, start: string | undefined): Ways {
  const byName = nameSteps(steps)
  // Each step with the one before it: a way is put together only for who asks, hardly ever.
  const before = new Map<string, string | undefined>()
  if (start !== undefined && byName.has(start)) before.set(start, undefined)
  // A map's walk goes on to what is added meanwhile, in order.
  for (const name of before.keys()) {
    const step = byName.get(name)!
    for (const edge of edges) {
      const next = step[edge]
      if (byName.has(next) && !before.has(next) && (!follows || follows(step, edge))) before.set(next, name)
    }
  }
  return {
    has: (name) => before.has(name),
    keys: () => before.keys(),
    get(name) {
      if (!before.has(name)) return undefined
      const way: string[] = []
      for (let at: string | undefined = name; at !== undefined; at = before.get(at)) way.unshift(at)
      return way
    },
  }
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
const nameSteps = rememberLast((steps: readonly Step[]) => {
  const byName = new Map<string, Step>()
  for (const step of steps) if (!byName.has(step.name)) byName.set(step.name, step)
  return byName
})
