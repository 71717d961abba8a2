import type { FileEntry, RemoteFiles } from '../core/contracts/endpoints.ts'
import type { StepContext, StepType } from '../core/contracts/step.ts'
import { asideOf, deleteSeen, deletingFolder, endDeletion } from '../core/delete-seen.ts'
import { whyUnwanted } from '../core/drop-names.ts'
import { parseDuration } from '../core/duration.ts'
import { JobsdError } from '../core/errors.ts'
import type { StepOf } from '../core/model.ts'
import { joinPath } from '../core/paths.ts'
import { spellCount } from '../core/spell-count.ts'
import { tokenValues } from '../core/token-values.ts'
import { expandChoice } from '../core/tokens.ts'
import { listFolder } from './list-folder.ts'

type DeleteStep = StepOf<'delete-old-files'>

/** How many names a note holds; the log has them all. */
const mostNamed = 20

/** Deletes old files of one folder, the oldest first. A repeat goes on where an earlier attempt broke off. */
export const deleteOldFilesStep: StepType<'delete-old-files'> = {
  type: 'delete-old-files',
  async run(step, context) {
    const { endpoints, log, run, signal } = context
    const remote = endpoints.files(context.connection(step.connection))
    const { folder, isOld, isNamed } = readStep(step, context)
    const max = step.max ?? 100
    const old = (await listFolder(remote, folder, signal)).filter(isOld).sort(byAge)
    const chosen = old.slice(0, max)
    const left = old.length - chosen.length
    if (run.dryRun)
      return { ok: true, note: describe(step, folder, namesOf(chosen), left, 'would be deleted') }
    const deleted = await endBrokenOff(remote, folder, { isOld, isNamed }, signal)
    for (const { mtimeMs, name, path, size } of chosen) {
      const seen = { from: path, mtimeMs, sha256: null, size }
      if (!(await deleteOne(remote, seen, signal))) continue
      deleted.push(name)
      log.info({ run: run.id, connection: step.connection, path }, 'old file deleted')
    }
    return { ok: true, note: describe(step, folder, deleted, left, 'deleted') }
  },
}

interface Choice {
  isNamed(entry: FileEntry): boolean
  isOld(entry: FileEntry): boolean
}

function readStep(step: DeleteStep, { clock, run, snapshot }: StepContext): Choice & { folder: string } {
  const values = tokenValues(run, snapshot, { ext: '', period: null })
  const match = expandChoice(step.match, values)
  const beforeMs = clock.now().getTime() - parseDuration(step.olderThan)
  const isNamed = ({ kind, name }: FileEntry) =>
    kind === 'file' && whyUnwanted(name, { match: [match] }) === undefined
  return {
    folder: expandChoice(step.path, values),
    isNamed,
    // A time of nought is a server's that knows none.
    isOld: (entry) => isNamed(entry) && entry.mtimeMs > 0 && entry.mtimeMs < beforeMs,
  }
}

/** What an attempt that broke off had moved aside: what is old goes, anything else gets its name back. */
async function endBrokenOff(
  remote: RemoteFiles,
  folder: string,
  { isNamed, isOld }: Choice,
  signal: AbortSignal,
): Promise<string[]> {
  const deleted: string[] = []
  for (const entry of await listFolder(remote, joinPath(folder, deletingFolder), signal)) {
    if (!isNamed(entry)) continue
    const { name, size } = entry
    const mtimeMs = isOld(entry) ? entry.mtimeMs : Number.NaN
    const seen = { from: joinPath(folder, name), mtimeMs, sha256: null, size }
    if (asideOf(seen.from) === entry.path && (await endDeletion(remote, seen, signal))) deleted.push(name)
  }
  return deleted
}

/** False where it is somebody else's file by now, or gone. */
async function deleteOne(
  remote: RemoteFiles,
  seen: Parameters<typeof deleteSeen>[1],
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return await deleteSeen(remote, seen, signal)
  } catch (error) {
    if (error instanceof JobsdError && error.code === 'FILE_MISSING') return false
    throw error
  }
}

function byAge(one: FileEntry, other: FileEntry): number {
  return one.mtimeMs - other.mtimeMs || (one.name < other.name ? -1 : 1)
}

function namesOf(entries: FileEntry[]): string[] {
  return entries.map(({ name }) => name)
}

function describe(step: DeleteStep, folder: string, names: string[], left: number, did: string): string {
  const place = `${step.connection}:${folder}`
  if (names.length === 0)
    return `no file of ${place} that matches ${step.match} is older than ${step.olderThan}`
  const named = names.slice(0, mostNamed).join(', ')
  const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : ''
  const rest = left > 0 ? `; ${spellCount(left, 'old file')} left for the next run` : ''
  return `${spellCount(names.length, 'file')} of ${place} ${did}: ${named}${more}${rest}`
}
