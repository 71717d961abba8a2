/** What a job deletes for good: said plainly, as nobody can bring it back. */
import { finderOf } from '../files-in-place.ts'
import type { Snapshot } from '../model.ts'
import { joinPath } from '../paths.ts'
import { compareSets } from './delivery-effects.ts'
import type { Deletion, Effect } from './model.ts'
import { phrase } from './phrase.ts'

/** Compares what steps delete, once for each step and place. */
export function deletionEffects(before: Snapshot | null, after: Snapshot): Effect[] {
  const keyOf = ({ step, files }: Deletion) => JSON.stringify([step, files])
  const { gained, lost } = compareSets(before ? deletionsOf(before) : [], deletionsOf(after), keyOf)
  return [
    ...gained.map((deletion): Effect => {
      const told = phrase`${deletion.files} will be DELETED for good: step ${deletion.step}`
      return { kind: 'deletion-gained', ...deletion, phrase: told }
    }),
    ...lost.map((deletion): Effect => {
      const told = phrase`${deletion.files} will no longer be deleted: step ${deletion.step}`
      return { kind: 'deletion-lost', ...deletion, phrase: told }
    }),
  ]
}

function deletionsOf({ manifest: { steps } }: Snapshot): Deletion[] {
  return steps.flatMap((step): Deletion[] => {
    if (step.type === 'delete-file') {
      const finder = finderOf(step, steps)
      if (!finder) return [{ step: step.name, files: 'each posted file' }]
      const found = `${finder.connection}:${joinPath(finder.path, finder.match)}`
      return [{ step: step.name, files: `each file that ${finder.name} finds at ${found}` }]
    }
    if (step.type !== 'delete-old-files') return []
    const place = `${step.connection}:${joinPath(step.path, step.match)}`
    return [{ step: step.name, files: `${place} older than ${step.olderThan}` }]
  })
}
