/** Files for steps that wait for some: a rehearsal reaches no folder, and no time passes in it. */
import { writeFile } from 'node:fs/promises'
import type { StepContext } from '../../core/contracts/step.ts'
import { matchesGlob } from '../../core/glob.ts'
import type { StepOf } from '../../core/model.ts'
import { joinPath } from '../../core/paths.ts'
import { tokenValues } from '../../core/token-values.ts'
import { expandPath } from '../../core/tokens.ts'
import type { Recorder } from './recorder.ts'

type WaitStep = StepOf<'wait-for-file'>

/**
 * Lets the files lie there that a test names; where it names none, and an earlier step put none there that match, as
 * many as the step waits for. Returns the step and context by which they are complete at once, or late.
 */
export async function placeAwaited(
  step: WaitStep,
  context: StepContext,
  named: readonly string[] | undefined,
  recorder: Recorder,
): Promise<{ step: WaitStep; context: StepContext }> {
  const { artifacts, run, snapshot } = context
  const values = tokenValues(run, snapshot, { ext: '', period: null })
  const match = expandPath(step.match, values)
  const start = joinPath(expandPath(step.path, values), '')
  const isThere = recorder
    .placesAt(step.connection)
    .some((path) => path.startsWith(start) && matchesGlob(match, path.slice(start.length)))
  for (const name of named ?? (isThere ? [] : sampleNames(match, step.minCount ?? 1))) {
    const scratch = await artifacts.scratch()
    await writeFile(scratch, `sample of ${name}\n`, { flag: 'wx' })
    const artifact = await artifacts.adopt(scratch)
    const localPath = await artifacts.open(artifact.sha256, artifact.size)
    recorder.place(step.connection, start + name, { ...artifact, localPath, mtimeMs: Date.parse(run.slot) })
  }
  const { companion: _companion, ...rest } = step
  const longAgo = new Date(0).toISOString()
  return { step: { ...rest, complete: 'renamed' }, context: { ...context, startedAt: longAgo } }
}

/** A name without a star can be that of one file only. */
function sampleNames(match: string, count: number): string[] {
  const names = Array.from({ length: count }, (_, index) => {
    const word = index === 0 ? 'sample' : `sample-${index + 1}`
    return match.replace(/\*+/g, word).replaceAll('?', 'x')
  })
  return [...new Set(names)]
}
