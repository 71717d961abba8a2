import { constants, type Stats, watch } from 'node:fs'
import { type FileHandle, mkdir, open, opendir, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileEntry, PutRequest, RemoteFiles } from '../core/contracts/endpoints.ts'
import { JobsdError } from '../core/errors.ts'
import type { FolderConnection } from '../core/manifest.ts'
import { temporaryName } from '../core/temporary-name.ts'
import { isPlainName, joinNames, splitFilePath, splitPath } from './file-paths.ts'
import { type ByteCount, countBytes, readHandle, syncFolder, writeLocal } from './local-bytes.ts'
import { isErrno, translateFileError } from './local-errors.ts'
import { holdFolder, liesIn } from './local-place.ts'
import {
  lookAt,
  nameFile,
  publish,
  removeOwn,
  removeTemporaryNames,
  untilAborted,
  writeTemporary,
} from './local-publish.ts'

const MAX_ENTRIES = 100_000
const LOOKS_AT_ONCE = 64

/** Opens a folder of this machine as a tree of files. No link below the folder is followed. */
export function createLocalFiles(connection: FolderConnection): RemoteFiles {
  const { name: connectionName } = connection

  /** Runs one operation; whatever the file system answers becomes a JobsdError about `path`. */
  async function act<T>(path: string, signal: AbortSignal, operation: () => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    try {
      return await operation()
    } catch (error) {
      throw translateFileError(error, connectionName, path)
    }
  }

  function refuse(path: string, reason: string): JobsdError {
    return new JobsdError('TARGET_REFUSED', { connection: connectionName, path, reason })
  }

  /** The real path of a folder, each name looked at; undefined where one is missing and `make` is false. */
  async function enterFolder(names: string[], make: boolean): Promise<string | undefined> {
    // Never made: a root that is gone is an unmounted disk, and its files would land below the mount point.
    let real = await realpath(connection.path).catch((cause: unknown) => {
      const reason = `the folder ${connection.path} is not there`
      throw new JobsdError('ENDPOINT_UNREACHABLE', { connection: connectionName, reason }, { cause })
    })
    for (const [depth, name] of names.entries()) {
      const parent = real
      real = join(parent, name)
      const path = joinNames('/', names.slice(0, depth + 1))
      const stats = (await lookAt(real)) ?? (make ? await makeFolder(parent, real) : undefined)
      if (!stats) return undefined
      if (stats.isSymbolicLink()) throw refuse(path, 'it is a link, and links are not followed')
      if (!stats.isDirectory()) throw refuse(path, 'it is not a folder')
    }
    return real
  }

  /** Opens a plain file for reading; undefined where nothing is. */
  async function openFile(path: string): Promise<FileHandle | undefined> {
    const { folder, name } = splitFilePath(connectionName, path)
    const parent = await enterFolder(folder, false)
    const stats = parent === undefined ? undefined : await lookAt(join(parent, name))
    if (parent === undefined || !stats) return undefined
    if (!stats.isFile()) throw refuse(path, 'it is not a plain file')
    const file = await open(
      join(parent, name),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    )
    const opened = await file.stat()
    const isSame = opened.ino === stats.ino && opened.dev === stats.dev
    if (isSame && (await liesIn(file, parent))) return file
    await file.close()
    throw refuse(path, 'it was exchanged while it was opened')
  }

  async function hashFile(path: string, signal: AbortSignal): Promise<ByteCount | undefined> {
    const file = await openFile(path)
    if (!file) return undefined
    try {
      const { folder } = splitFilePath(connectionName, path)
      const count = await countBytes(untilAborted(readHandle(file), signal))
      const parent = await enterFolder(folder, false)
      if (parent !== undefined) await removeTemporaryNames(parent, await file.stat())
      return count
    } finally {
      await file.close()
    }
  }

  /** What stands at a put's target decides: undefined to go on, a sentence when nothing is to be done. */
  async function judgeTarget(
    real: string,
    request: PutRequest,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (request.overwrite === 'rename') return undefined
    const stats = await lookAt(real)
    if (!stats) return undefined
    if (!stats.isFile()) throw refuse(request.path, 'something that is not a plain file is there')
    if (request.overwrite === 'replace') return undefined
    const same =
      request.overwrite === 'skip-if-same' &&
      stats.size === request.size &&
      (await hashFile(request.path, signal))?.sha256 === request.sha256
    if (same) return `${request.path} was already there with the same ${request.size} bytes`
    throw new JobsdError('FILE_EXISTS', { path: request.path })
  }

  return {
    list: (folder, signal) =>
      act(folder, signal, async () => {
        const names = splitPath(connectionName, folder)
        const real = await enterFolder(names, false)
        if (real === undefined) throw new JobsdError('FILE_MISSING', { path: folder })
        const entries: FileEntry[] = []
        const found: string[] = []
        for await (const { name } of await opendir(real)) {
          signal.throwIfAborted()
          if (!isPlainName(name)) continue
          if (found.push(name) > MAX_ENTRIES)
            throw refuse(folder, `it holds more than ${MAX_ENTRIES} entries`)
        }
        for (let at = 0; at < found.length; at += LOOKS_AT_ONCE) {
          signal.throwIfAborted()
          const some = found.slice(at, at + LOOKS_AT_ONCE)
          const looks = await Promise.all(some.map((name) => lookAt(join(real, name))))
          for (const [index, stats] of looks.entries())
            if (stats) entries.push(toEntry(joinNames('/', [...names, some[index]!]), some[index]!, stats))
        }
        return entries.sort((one, other) => (one.name < other.name ? -1 : 1))
      }),

    stat: (path, signal) =>
      act(path, signal, async () => {
        const names = splitPath(connectionName, path)
        const parent = await enterFolder(names.slice(0, -1), false)
        if (parent === undefined) return undefined
        const name = names.at(-1)
        const stats = await lookAt(name === undefined ? parent : join(parent, name))
        return stats && toEntry(joinNames('/', names), name ?? '/', stats)
      }),

    fetch: (path, localPath, signal) =>
      act(path, signal, async () => {
        const file = await openFile(path)
        if (!file) throw new JobsdError('FILE_MISSING', { path })
        try {
          return await writeLocal(localPath, untilAborted(readHandle(file), signal))
        } finally {
          await file.close()
        }
      }),

    hash: (path, signal) => act(path, signal, async () => (await hashFile(path, signal))?.sha256),

    put: (request, signal) =>
      act(request.path, signal, async () => {
        const { folder, name } = splitFilePath(connectionName, request.path)
        const parent = await holdFolder((await enterFolder(folder, true))!)
        try {
          const done = await judgeTarget(join(parent.path, name), request, signal)
          if (done !== undefined) return done
          // An attempt that was given up meanwhile has a next one, which writes under the same name.
          signal.throwIfAborted()
          return await putInto(parent.path, name, request, signal)
        } finally {
          await parent.release()
        }
      }),

    move: (from, to, overwrite, signal) =>
      act(from, signal, async () => {
        const source = splitFilePath(connectionName, from)
        const target = splitFilePath(connectionName, to)
        const sourceFolder = await enterFolder(source.folder, false)
        const stats = sourceFolder === undefined ? undefined : await lookAt(join(sourceFolder, source.name))
        if (sourceFolder === undefined || !stats) throw new JobsdError('FILE_MISSING', { path: from })
        if (!stats.isFile()) throw refuse(from, 'it is not a plain file')
        const targetFolder = (await enterFolder(target.folder, true))!
        await publish(join(sourceFolder, source.name), join(targetFolder, target.name), to, overwrite)
        await syncFolder(targetFolder)
        if (sourceFolder !== targetFolder) await syncFolder(sourceFolder)
      }),

    remove: (path, signal) =>
      act(path, signal, async () => {
        const { folder, name } = splitFilePath(connectionName, path)
        const parent = await enterFolder(folder, false)
        const stats = parent === undefined ? undefined : await lookAt(join(parent, name))
        if (parent === undefined || !stats) return
        if (!stats.isFile()) throw refuse(path, 'it is not a plain file')
        await removeTemporaryNames(parent, stats)
        await rm(join(parent, name), { force: true })
        await syncFolder(parent)
      }),

    hint: (folder, onChange, signal) =>
      act(folder, signal, async () => {
        const real = await enterFolder(splitPath(connectionName, folder), false)
        if (real === undefined) throw new JobsdError('FILE_MISSING', { path: folder })
        const watcher = watch(real, { persistent: false, signal })
        watcher.on('change', onChange)
        // It stops telling: whoever was to be told polls anyway.
        watcher.on('error', () => watcher.close())
      }),
  }
}

/** Writes the file under its temporary name and gives it its own. */
async function putInto(
  parent: string,
  name: string,
  request: PutRequest,
  signal: AbortSignal,
): Promise<string> {
  const temporary = join(parent, temporaryName(name, request.key))
  const own = await writeTemporary(temporary, request, signal)
  try {
    const named = await nameFile(temporary, parent, name, request)
    await syncFolder(parent)
    return `${request.size} bytes written to ${named}`
  } catch (error) {
    await removeOwn(temporary, own)
    throw error
  }
}

async function makeFolder(parent: string, real: string): Promise<Stats | undefined> {
  await mkdir(real).catch((error: unknown) => {
    // Somebody else made it just now.
    if (!isErrno(error, 'EEXIST')) throw error
  })
  await syncFolder(parent)
  return lookAt(real)
}

function toEntry(path: string, name: string, stats: Stats): FileEntry {
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other'
  return { name, path, size: stats.size, mtimeMs: Math.floor(stats.mtimeMs), kind }
}
