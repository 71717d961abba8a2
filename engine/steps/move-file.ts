import type { StepContext, StepType } from '../core/contracts/step.ts'
import { JobsdError } from '../core/errors.ts'
import type { DroppedFile, StepOf } from '../core/model.ts'
import { moveSeen } from '../core/move-seen.ts'
import { joinPath, splitFileName } from '../core/paths.ts'
import { tokenValues } from '../core/token-values.ts'
import { expandPath, expandTokens } from '../core/tokens.ts'
import { droppedFiles, isSameFile } from './dropped-files.ts'
import { holdsFile } from './ftp-out-copy.ts'

/** Moves files that were posted or waited for within their connection. A repeat finds them moved and is content. */
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

function destination(step: StepOf<'move-file'>, file: DroppedFile, context: StepContext): string {
  const values = tokenValues(context.run, context.snapshot, {
    ...splitFileName(file.fileName),
    period: file.period,
  })
  const fileName = step.fileName === undefined ? file.fileName : expandTokens(step.fileName, values)
  return joinPath(expandPath(step.path, values), fileName)
}
