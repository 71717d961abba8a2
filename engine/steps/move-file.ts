import type { FileEntry, RemoteFiles } from '../core/contracts/endpoints.ts'
import type { StepContext, StepType } from '../core/contracts/step.ts'
import { JobsdError } from '../core/errors.ts'
import { fileKey } from '../core/file-key.ts'
import type { DroppedFile, RunFile, StepOf } from '../core/model.ts'
import { joinPath, splitFileName } from '../core/paths.ts'
import { tokenValues } from '../core/token-values.ts'
import { expandPath, expandTokens } from '../core/tokens.ts'
import { holdsFile } from './ftp-out-copy.ts'

/** Moves the file that started the run within its connection. A repeat finds it moved and is content. */
export const moveFileStep: StepType<'move-file'> = {
  type: 'move-file',
  title: 'Move File',
  async run(step, context) {
    const { endpoints, run, signal } = context
    const file = droppedFile(step, context)
    const { connection, path: from } = file.origin
    const to = destination(step, file, context)
    if (from === to) return { ok: true, note: `${from} stays where it is` }
    if (run.dryRun) return { ok: true, note: `${from} would be moved to ${to}` }
    const remote = endpoints.files(context.connection(connection))
    const there = await remote.stat(from, signal)
    if (there !== undefined && (await isSameFile(there, file, context, remote))) {
      await remote.move(from, to, step.overwrite ?? 'fail', signal)
      return { ok: true, note: `${from} moved to ${to}` }
    }
    if (await holdsFile(remote, to, file, signal))
      return { ok: true, note: `${from} was moved to ${to} before` }
    throw new JobsdError('FILE_MISSING', { path: from })
  },
}

function droppedFile(step: StepOf<'move-file'>, context: StepContext): DroppedFile {
  const isDropped = (file: RunFile): file is RunFile & DroppedFile => file.origin !== null
  const file = context.inputs(step.from).find(isDropped)
  if (file === undefined) throw new JobsdError('NO_FILE', { step: step.name, from: step.from })
  return file
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
  // The key of a run that repeats another one says nothing of the file: its bytes do.
  if (run.origin) return await holdsFile(remote, entry.path, file, signal)
  return run.trigger.type !== 'ftp-in' || run.trigger.key === fileKey(file.origin.connection, entry)
}
