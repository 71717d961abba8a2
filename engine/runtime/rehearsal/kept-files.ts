/** Trees of files and buckets that hold what a rehearsal keeps. */
import { copyFile } from 'node:fs/promises'
import { posix } from 'node:path'
import type { FileEntry, ObjectStore, RemoteFiles } from '../../core/contracts/endpoints.ts'
import { deletingFolder } from '../../core/delete-seen.ts'
import { JobsdError } from '../../core/errors.ts'
import { alternativeNames } from '../../core/free-name.ts'

export interface Kept {
  localPath: string
  size: number
  sha256: string
  mtimeMs: number
}

/** What is done to what lies there. */
export interface KeptDeeds {
  put(path: string, request: Parameters<RemoteFiles['put']>[0]): Promise<string>
  /** Takes a file in under its new name. */
  take(path: string, file: Kept, overwrite: 'fail' | 'replace'): void
  onMove(from: string, to: string): void
  onDelete(path: string): void
}

export function keptFiles(there: Map<string, Kept>, deeds: KeptDeeds): RemoteFiles {
  const entryOf = (path: string): FileEntry | undefined => {
    const file = there.get(path)
    if (!file) return undefined
    return { name: posix.basename(path), path, size: file.size, mtimeMs: file.mtimeMs, kind: 'file' }
  }
  return {
    list: async (folder) =>
      [...there.keys()]
        .filter((path) => posix.dirname(path) === (folder.replace(/\/+$/, '') || '/'))
        .sort()
        .map((path) => entryOf(path)!),
    stat: async (path) => entryOf(path),
    async fetch(path, localPath) {
      const file = there.get(path)
      if (!file) throw new JobsdError('FILE_MISSING', { path })
      await copyFile(file.localPath, localPath)
      return { size: file.size, sha256: file.sha256 }
    },
    hash: async (path) => there.get(path)?.sha256,
    put: (request) => deeds.put(request.path, request),
    async move(from, to, overwrite) {
      const file = there.get(from)
      if (!file) throw new JobsdError('FILE_MISSING', { path: from })
      deeds.take(to, file, overwrite)
      there.delete(from)
      // How a file is deleted is nobody's business: that it is gone is told when it is.
      if (![from, to].some(isAside)) deeds.onMove(from, to)
    },
    async remove(path) {
      if (there.delete(path)) deeds.onDelete(path.replace(`/${deletingFolder}/`, '/'))
    },
  }
}

function isAside(path: string): boolean {
  return posix.dirname(path).endsWith(`/${deletingFolder}`)
}

export function keptObjects(
  there: Map<string, Kept>,
  onDelete: (key: string) => void,
): Pick<ObjectStore, 'list' | 'fetch' | 'remove' | 'link'> {
  return {
    list: async (prefix) =>
      [...there]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, { size, mtimeMs, sha256 }]) => ({ key, size, mtimeMs, version: sha256 })),
    async fetch({ key }, localPath) {
      const file = there.get(key)
      if (!file) throw new JobsdError('FILE_MISSING', { path: key })
      await copyFile(file.localPath, localPath)
      return { size: file.size, sha256: file.sha256 }
    },
    async remove(key) {
      if (there.delete(key)) onDelete(key)
    },
    link: async (key) => `https://rehearsal.invalid/${key.split('/').map(encodeURIComponent).join('/')}`,
  }
}

/** The first name that is free in its folder. */
export function freePlace(there: Map<string, Kept>, path: string): string {
  for (const name of alternativeNames(posix.basename(path))) {
    const place = posix.join(posix.dirname(path), name)
    if (!there.has(place)) return place
  }
  throw new JobsdError('FILE_EXISTS', { path })
}
