import type { RemoteFiles } from './contracts/endpoints.ts'
import { giveBack, isSeen, moveSeen, type SeenThere } from './move-seen.ts'
import { joinPath } from './paths.ts'

/** Below the folder that a file lies in: where it is while it is being deleted, under its own name. */
export const deletingFolder = '.jobsd/deleting'

/**
 * Deletes a file that lies where others write. It is moved aside first and looked at once more, so that one that took
 * its name meanwhile is never deleted: that one is given its name back, and false returned. Throws what `move` throws.
 */
export async function deleteSeen(
  remote: RemoteFiles,
  seen: SeenThere,
  signal: AbortSignal,
): Promise<boolean> {
  const ended = await endDeletion(remote, seen, signal)
  if (ended !== undefined) return ended
  const aside = asideOf(seen.from)
  if (!(await moveSeen(remote, seen, aside, 'fail', signal))) return false
  await remote.remove(aside, signal)
  return true
}

/**
 * Ends a deletion that broke off: true where the file is deleted now, false where another one lay aside, which gets
 * its name back unless that is taken; undefined where nothing lies aside, or the file has its own name still.
 */
export async function endDeletion(
  remote: RemoteFiles,
  seen: SeenThere,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const aside = asideOf(seen.from)
  const left = await remote.stat(aside, signal)
  if (left === undefined) return undefined
  if (await isSeen(remote, left, seen, signal)) {
    await remote.remove(aside, signal)
    const there = await remote.stat(seen.from, signal)
    // A move in two steps, one name after the other, that broke off in between: nothing is deleted yet.
    return there && (await isSeen(remote, there, seen, signal)) ? undefined : true
  }
  await giveBack(remote, aside, seen.from, signal)
  return false
}

/** Where the file of that path lies while it is being deleted. */
export function asideOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return joinPath(joinPath(path.slice(0, slash), deletingFolder), path.slice(slash + 1))
}
