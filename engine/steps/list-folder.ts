import type { FileEntry, RemoteFiles } from '../core/contracts/endpoints.ts'
import { JobsdError } from '../core/errors.ts'

/** Empty for a folder that is not there: it may come with its first file. */
export async function listFolder(
  remote: RemoteFiles,
  folder: string,
  signal: AbortSignal,
): Promise<FileEntry[]> {
  try {
    return await remote.list(folder, signal)
  } catch (error) {
    if (error instanceof JobsdError && error.code === 'FILE_MISSING') return []
    throw error
  }
}
