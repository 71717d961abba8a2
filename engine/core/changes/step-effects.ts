/** What a change does to a job's steps: which there are, where they lead, and how each is set. */
import type { Step } from '../model.ts'
import { listDifferences } from './differences.ts'
import type { Effect } from './model.ts'
import { phrase } from './phrase.ts'
import { settingEffects } from './setting-effects.ts'

const edges = ['onSuccess', 'onFailure'] as const
const edgeWords = { onSuccess: 'after success', onFailure: 'after failure' }

/** Told by effects of their own kind. */
const ownKinds = ['name', 'type', ...edges, 'to', 'cc', 'bcc', 'path', 'prefix'] as const

/** Compares steps by name: added, removed, retyped, other edges, another start, other settings. */
export function stepEffects(before: readonly Step[], after: readonly Step[]): Effect[] {
  const names = [...new Set([...before, ...after].map(({ name }) => name))]
  const find = (steps: readonly Step[], name: string) => steps.find((step) => step.name === name)
  const [start, newStart] = [before[0]?.name, after[0]?.name]
  const moved: Effect[] =
    start === undefined || newStart === undefined || start === newStart
      ? []
      : [
          {
            kind: 'start-changed',
            before: start,
            after: newStart,
            phrase: phrase`the run starts with ${newStart} instead of ${start}`,
          },
        ]
  return [...names.flatMap((name) => compareSteps(find(before, name), find(after, name))), ...moved]
}

/** The graph as lines: `build (report) -> upload, on failure fail`. */
export function graphLines(steps: readonly Step[]): string[] {
  return steps.map(
    ({ name, type, onSuccess, onFailure }) => `${name} (${type}) -> ${onSuccess}, on failure ${onFailure}`,
  )
}

function compareSteps(before: Step | undefined, after: Step | undefined): Effect[] {
  if (!before && after) {
    const { name, type } = after
    return [{ kind: 'step-added', step: name, type, phrase: phrase`step ${name} (${type}) is added` }]
  }
  if (!before || !after) {
    const { name, type } = before!
    return [{ kind: 'step-removed', step: name, type, phrase: phrase`step ${name} (${type}) is removed` }]
  }
  const step = after.name
  const retyped: Effect[] =
    before.type === after.type
      ? []
      : [
          {
            kind: 'step-retyped',
            step,
            before: before.type,
            after: after.type,
            phrase: phrase`step ${step} becomes ${after.type}, it was ${before.type}`,
          },
        ]
  return [...retyped, ...edgeEffects(before, after), ...otherSettings(before, after)]
}

function edgeEffects(before: Step, after: Step): Effect[] {
  return edges.flatMap((edge): Effect[] => {
    const [old, now] = [before[edge], after[edge]]
    if (old === now) return []
    const told = phrase`step ${after.name} leads to ${now} ${[edgeWords[edge]]}, it was ${old}`
    return [{ kind: 'edge-changed', step: after.name, edge, before: old, after: now, phrase: told }]
  })
}

function otherSettings(before: Step, after: Step): Effect[] {
  // What a step of another type was set to says nothing about the new one.
  if (before.type !== after.type) return []
  const rest = (step: Step) =>
    Object.fromEntries(Object.entries(step).filter(([key]) => !hasOwnKind(step, key)))
  return settingEffects(
    phrase`step ${after.name}`,
    `steps[${after.name}]`,
    listDifferences(rest(before), rest(after)),
  )
}

function hasOwnKind({ type }: Step, key: string): boolean {
  // Where files come from is no target.
  if (type === 'cloud-fetch' && key === 'prefix') return false
  // Nor is where they are waited for, or deleted.
  if ((type === 'wait-for-file' || type === 'delete-old-files') && key === 'path') return false
  // Whom a notice goes to no list of recipients tells.
  if (type === 'notify' && key === 'to') return false
  return ownKinds.some((own) => own === key)
}
