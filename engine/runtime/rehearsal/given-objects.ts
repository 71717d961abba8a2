/** Objects for steps that copy them out of a bucket: a rehearsal reaches none. */
import { writeFile } from 'node:fs/promises'
import type { StepContext } from '../../core/contracts/step.ts'
import { matchesKey } from '../../core/key-match.ts'
import type { StepOf } from '../../core/model.ts'
import { tokenValues } from '../../core/token-values.ts'
import { expandPath } from '../../core/tokens.ts'
import type { Recorder } from './recorder.ts'

/**
 * Lets the objects lie there that a test names by the rest of their keys; where it names none, and an earlier step put
 * none there that match, one with a name that fits.
 */
export async function placeObjects(
  step: StepOf<'cloud-fetch'>,
  context: StepContext,
  named: readonly string[] | undefined,
  recorder: Recorder,
): Promise<void> {
  const { artifacts, run, snapshot } = context
  const values = tokenValues(run, snapshot, { ext: '', period: null })
  const prefix = expandPath(step.prefix ?? '', values)
  const match = expandPath(step.match, values)
  const isThere = recorder
    .placesAt(step.connection)
    .some((key) => key.startsWith(prefix) && matchesKey(match, key.slice(prefix.length)))
  const sample = match.replace(/\*+/g, 'sample').replaceAll('?', 'x')
  for (const name of named ?? (isThere ? [] : [sample])) {
    const scratch = await artifacts.scratch()
    await writeFile(scratch, `sample of ${name}\n`, { flag: 'wx' })
    const artifact = await artifacts.adopt(scratch)
    const localPath = await artifacts.open(artifact.sha256, artifact.size)
    recorder.place(step.connection, prefix + name, { ...artifact, localPath, mtimeMs: Date.parse(run.slot) })
  }
}
