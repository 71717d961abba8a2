/** Steps that do something to files where they lie. */
import type { Job } from './manifest.ts'

type AnyStep = Job['steps'][number]

/** A step that moves or deletes files where they were posted, or found by a step that waited for them. */
export type PlaceStep = Extract<AnyStep, { type: 'move-file' | 'delete-file' }>

/** Whether the files that the step offers are known by where they lie. */
export function offersPlaces(step: AnyStep): boolean {
  return step.type === 'wait-for-file'
}

/** The step that finds the files; undefined where they were posted. */
export function finderOf(
  { from }: PlaceStep,
  steps: readonly AnyStep[],
): Extract<AnyStep, { type: 'wait-for-file' }> | undefined {
  const finder = steps.find(({ name }) => name === from)
  return finder?.type === 'wait-for-file' ? finder : undefined
}

/** The connections that the files may lie at, each once. */
export function connectionsInPlace(
  step: PlaceStep,
  { steps, trigger }: Pick<Job, 'steps' | 'trigger'>,
): string[] {
  const finder = finderOf(step, steps)
  if (finder) return [finder.connection]
  const folders = step.from === 'trigger' && trigger.type === 'ftp-in' ? trigger.folders : []
  return [...new Set(folders.map(({ connection }) => connection))]
}

/** Whether the note of such a step tells what it did to the file of that path, among others. */
export function tellsOf(note: string, path: string): boolean {
  return `; ${note}`.includes(`; ${path} `)
}
