import type { FileEntry, RemoteFiles } from '../core/contracts/endpoints.ts'
import type { StepContext, StepType } from '../core/contracts/step.ts'
import { JobsdError } from '../core/errors.ts'
import { fileKey } from '../core/file-key.ts'
import type { DroppedFile, RunFile, StepOf } from '../core/model.ts'
import { moveSeen } from '../core/move-seen.ts'
import { joinPath, splitFileName } from '../core/paths.ts'
import { tokenValues } from '../core/token-values.ts'
import { expandPath, expandTokens } from '../core/tokens.ts'
import { holdsFile } from './ftp-out-copy.ts'

/** Moves the files that started the run within their connection. A repeat finds them moved and is content. */
export const moveFileStep: StepType<'move-file'> = {
  type: 'move-file',
  async run(step, context) {
    const notes: string[] = []
    for (const file of droppedFiles(step, context)) notes.push(await moveOne(step, file, context))
    return { ok: true, note: notes.join('; ') }
  },
}

/** Moves one file and tells what was done. */
async function moveOne(step: StepOf<'move-file'>, file: DroppedFile, context: StepContext): Promise<string> {
  const { endpoints, run, signal } = context
  const { connection, path } = file.origin
  const from = file.origin.lies ?? path
  const to = destination(step, file, context)
  if (from === to) return `${path} stays where it is`
  if (run.dryRun) return `${path} would be moved to ${to}`
  const remote = endpoints.files(context.connection(connection))
  const there = await remote.stat(from, signal)
  if (there !== undefined && (await isSameFile(there, file, context, remote))) {
    const { size, mtimeMs } = there
    const seen = { from, size, mtimeMs, sha256: file.sha256 }
    if (await moveSeen(remote, seen, to, step.overwrite ?? 'fail', signal)) return `${path} moved to ${to}`
  }
  if (await holdsFile(remote, to, file, signal)) return `${path} was moved to ${to} before`
  throw new JobsdError('FILE_MISSING', { path: from })
}

function droppedFiles(step: StepOf<'move-file'>, context: StepContext): DroppedFile[] {
  const isDropped = (file: RunFile): file is RunFile & DroppedFile => file.origin !== null
  const files = context.inputs(step.from).filter(isDropped)
  if (files.length === 0) throw new JobsdError('NO_FILE', { step: step.name, from: step.from })
  return files
}

function destination(step: StepOf<'move-file'>, file: DroppedFile, context: StepContext): string {
  const values = tokenValues(context.run, context.snapshot, {
    ...splitFileName(file.fileName),
    period: file.period,
  })
  const fileName = step.fileName === undefined ? file.fileName : expandTokens(step.fileName, values)
  return joinPath(expandPath(step.path, values), fileName)
}

/** Whether what lies there now is what started the run, and not a newer file of the same name that has a run of its own. */
async function isSameFile(
  entry: FileEntry,
  file: DroppedFile,
  { run, signal }: StepContext,
  remote: RemoteFiles,
): Promise<boolean> {
  if (entry.kind !== 'file' || entry.size !== file.size) return false
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
