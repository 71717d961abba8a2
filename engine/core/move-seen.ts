import type { FileEntry, RemoteFiles } from './contracts/endpoints.ts'
import { JobsdError } from './errors.ts'

/** A file as it was looked at before it is moved; `from` is where it lies. */
export interface SeenThere extends Pick<FileEntry, 'size' | 'mtimeMs'> {
  from: string
  sha256: string | null
}

/**
 * Moves a file that lies where others write. Returns false where another one had taken its name since it was looked at:
 * that one is given its name back, as nobody has read it yet. Throws what `move` throws.
 */
export async function moveSeen(
  remote: RemoteFiles,
  seen: SeenThere,
  to: string,
  overwrite: 'fail' | 'replace',
  signal: AbortSignal,
): Promise<boolean> {
  await remote.move(seen.from, to, overwrite, signal)
  const moved = await remote.stat(to, signal)
  // What is gone again was somebody's to take.
  if (moved === undefined || (await isSeen(remote, moved, seen, signal))) return true
  await giveBack(remote, to, seen.from, signal)
  return false
}

/** Gives a file that was moved by mistake its name back, unless that is taken by now. */
export async function giveBack(
  remote: RemoteFiles,
  lies: string,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await remote.move(lies, name, 'fail', signal)
  } catch (error) {
    // One that is newer still has that name, and would have replaced this one.
    if (!(error instanceof JobsdError && error.code === 'FILE_EXISTS')) throw error
  }
}

/** Whether what lies there now is the file that was looked at. */
export async function isSeen(
  remote: RemoteFiles,
  there: FileEntry,
  { size, mtimeMs, sha256 }: SeenThere,
  signal: AbortSignal,
): Promise<boolean> {
  if (there.kind !== 'file' || there.size !== size) return false
  if (there.mtimeMs === mtimeMs) return true
  // Servers that copy where they should rename give it another time.
  return sha256 !== null && (await remote.hash(there.path, signal)) === sha256
}
