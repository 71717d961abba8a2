/** Files that were posted, or found by a step that waited for them, for steps that do something to them where they lie. */
import type { FileEntry, RemoteFiles } from '../core/contracts/endpoints.ts'
import type { StepContext } from '../core/contracts/step.ts'
import { JobsdError } from '../core/errors.ts'
import { fileKey } from '../core/file-key.ts'
import type { DroppedFile, RunFile } from '../core/model.ts'
import { holdsFile } from './ftp-out-copy.ts'

/** The files of `from` that lie somewhere. Throws NO_FILE where there is none. */
export function droppedFiles(step: { name: string; from: string }, context: StepContext): DroppedFile[] {
  const isDropped = (file: RunFile): file is RunFile & DroppedFile => file.origin !== null
  const files = context.inputs(step.from).filter(isDropped)
  if (files.length === 0) throw new JobsdError('NO_FILE', { step: step.name, from: step.from })
  return files
}

/** Whether what lies there now is what started the run or was found by it, and not a newer file of the same name. */
export async function isSameFile(
  entry: FileEntry,
  file: DroppedFile,
  { run, signal }: StepContext,
  remote: RemoteFiles,
): Promise<boolean> {
  if (entry.kind !== 'file' || entry.size !== file.size) return false
  if (file.origin.mtimeMs !== undefined) return entry.mtimeMs === file.origin.mtimeMs
  // Claimed it lies where no newer one comes; a server may have changed its time with the rename.
  if (file.origin.lies !== undefined) return true
  // The key of a run that repeats another one, or of a batch, says nothing of the file: its bytes do.
  if (run.origin || run.trigger.key.startsWith('batch:'))
    return await holdsFile(remote, entry.path, file, signal)
  // A file that came under the key of one before has a number at the end of its own.
  const key = run.trigger.key.replace(/#\d+$/, '')
  return (
    run.trigger.type !== 'ftp-in' ||
    key === fileKey(file.origin.connection, { ...entry, path: file.origin.path })
  )
}
