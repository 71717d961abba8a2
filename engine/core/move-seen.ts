import type { FileEntry, PutRequest, RemoteFiles } from './contracts/endpoints.ts'
import { JobsdError } from './errors.ts'

/** A file as it was looked at before it is moved; `from` is where it lies. */
interface SeenThere extends Pick<FileEntry, 'size' | 'mtimeMs'> {
  from: string
  sha256: string | null
}

/**
 * Moves a file that lies where others write. Returns false where another one had taken its name since it was looked at:
 * that one is given its name back, as nobody has read it yet. Throws what `move` throws.
 */
export async function moveSeen(
  remote: RemoteFiles,
  { from, size, mtimeMs, sha256 }: SeenThere,
  to: string,
  overwrite: Exclude<PutRequest['overwrite'], 'skip-if-same'>,
  signal: AbortSignal,
): Promise<boolean> {
  await remote.move(from, to, overwrite, signal)
  const moved = await remote.stat(to, signal)
  // What is gone again was somebody's to take.
  if (moved === undefined || (moved.size === size && moved.mtimeMs === mtimeMs)) return true
  // Servers that copy where they should rename give it another time.
  if (moved.size === size && (await remote.hash(to, signal)) === sha256) return true
  try {
    await remote.move(to, from, 'fail', signal)
  } catch (error) {
    // One that is newer still has that name, and would have replaced this one.
    if (!(error instanceof JobsdError && error.code === 'FILE_EXISTS')) throw error
  }
  return false
}
