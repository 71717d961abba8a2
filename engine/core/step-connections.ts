/** Which connections a step talks to. */
import { connectionsInPlace } from './files-in-place.ts'
import type { Connection, Job } from './manifest.ts'
import type { RunFile, RunStep, Snapshot } from './model.ts'
import { stepTraits } from './step-traits.ts'

/** A connection that a step names; `path` is the place within the step, `connection` or `recipients/0`. */
export interface NamedConnection {
  path: string
  name: string
  types: readonly Connection['type'][]
}

const anyConnection = { property: 'connection', types: [] }

/** Every connection that a step names, in the order of its schema; one of another shape than a name counts as none. */
export function connectionsOfStep(step: Job['steps'][number]): NamedConnection[] {
  // A type that this version does not know names its connection as all do.
  const known = Object.hasOwn(stepTraits, step.type) ? stepTraits[step.type].connections : [anyConnection]
  return known.flatMap(({ property, types }) => {
    const value = (step as unknown as Record<string, unknown>)[property]
    const names = Array.isArray(value)
      ? value.map((name, index) => ({ path: `${property}/${index}`, name }))
      : [{ path: property, name: value }]
    return names.flatMap(({ path, name }) => (typeof name === 'string' ? [{ path, name, types }] : []))
  })
}

/**
 * By name, each once; none for a step that stays inside. Which folder a file lies in is known by the run's
 * files; without them every one that it may be.
 */
export function stepConnections(
  { manifest, policy }: Snapshot,
  step: RunStep,
  files: readonly RunFile[] = [],
): string[] {
  switch (step.type) {
    case 'report':
    case 'fan-out':
      return policy.dataset ? [policy.dataset.connection] : []
    case 'move-file':
    case 'delete-file': {
      const given = files.filter((file) => file.step === step.from)
      const origins = given.flatMap(({ origin }) => origin?.connection ?? [])
      return origins.length > 0 ? [...new Set(origins)] : connectionsInPlace(step, manifest)
    }
    default:
      return [...new Set(connectionsOfStep(step).map(({ name }) => name))]
  }
}
