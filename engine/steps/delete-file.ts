import type { StepContext, StepType } from '../core/contracts/step.ts'
import { deleteSeen, endDeletion } from '../core/delete-seen.ts'
import type { DroppedFile } from '../core/model.ts'
import { droppedFiles, isSameFile } from './dropped-files.ts'

/** Deletes files where they were posted, or found by a step that waited. A repeat finds them deleted and is content. */
export const deleteFileStep: StepType<'delete-file'> = {
  type: 'delete-file',
  async run(step, context) {
    const notes: string[] = []
    for (const file of droppedFiles(step, context)) notes.push(await deleteOne(file, context))
    return { ok: true, note: notes.join('; ') }
  },
}

/** Deletes one file and tells what was done. */
async function deleteOne(file: DroppedFile, context: StepContext): Promise<string> {
  const { endpoints, log, run, signal } = context
  const { connection, lies, path } = file.origin
  if (run.dryRun) return `${path} would be deleted`
  const remote = endpoints.files(context.connection(connection))
  const from = lies ?? path
  const there = await remote.stat(from, signal)
  const isOurs = there !== undefined && (await isSameFile(there, file, context, remote))
  // Claimed it lies where nobody else writes.
  if (lies !== undefined) {
    if (!isOurs) return `${path} was deleted before`
    await remote.remove(lies, signal)
  } else {
    const { sha256, size } = file
    const seen = { from, size, sha256, mtimeMs: isOurs ? there.mtimeMs : Number.NaN }
    const isDeleted = await (isOurs ? deleteSeen : endDeletion)(remote, seen, signal)
    if (isDeleted === undefined && there === undefined) return `${path} was deleted before`
    if (!isDeleted) return `${path} stays: another file has that name by now`
  }
  log.info({ run: run.id, connection, path, sha256: file.sha256 }, 'file deleted')
  return `${path} deleted`
}
