import type { Stats } from 'ssh2'
import type { RemoteFiles } from '../core/contracts/endpoints.ts'
import type { Clock, Secrets } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { SftpConnection } from '../core/manifest.ts'
import { joinNames, splitFilePath, splitPath } from './file-paths.ts'
import { type ByteCount, countBytes, writeLocal } from './local-bytes.ts'
import { readBody } from './sftp-bodies.ts'
import { translateStatus } from './sftp-errors.ts'
import { type NamesTaken, publish } from './sftp-names.ts'
import type { SftpWire } from './sftp-operation.ts'
import { createFolderMemory, putFile } from './sftp-put.ts'
import { createSftpSession } from './sftp-session.ts'
import { mayResume, removeIfThere } from './sftp-temporary.ts'
import { enterFolder, kindOf, listFolder, lookAt, type Tree, toEntry } from './sftp-tree.ts'

/** Below the grace that a step has after its deadline. */
const TIDY_TIMEOUT_MS = 4_000

/**
 * Opens an SFTP server's tree over shared sessions, connected at the first operation and again after a loss.
 * Besides the contract's errors it throws those of connecting, and ENDPOINT_TIMEOUT when the server stalls for 60 s.
 */
export function createSftpFiles(
  connection: SftpConnection,
  { secrets, clock }: { secrets: Secrets; clock: Clock },
): RemoteFiles & { close(): Promise<void> } {
  const tree: Tree = { connection: connection.name, root: connection.root ?? '/' }
  const session = createSftpSession(connection, { secrets, clock })
  const folders = createFolderMemory(tree, clock)
  const taken: NamesTaken = new Set()

  /** Runs one operation; whatever the server answers becomes a JobsdError about `path`. */
  async function act<T>(
    path: string,
    signal: AbortSignal,
    operation: (wire: SftpWire) => Promise<T>,
  ): Promise<T> {
    try {
      return await session.use(signal, operation)
    } catch (error) {
      throw translateStatus(error, tree.connection, path)
    }
  }

  function refuse(path: string, reason: string): JobsdError {
    return new JobsdError('TARGET_REFUSED', { connection: tree.connection, path, reason })
  }

  /** Finds a plain file; undefined where nothing is. */
  async function findFile(wire: SftpWire, path: string): Promise<{ real: string; stats: Stats } | undefined> {
    const { folder, name } = splitFilePath(tree.connection, path)
    const parent = await enterFolder(wire, tree, folder, false)
    if (parent === undefined) return undefined
    const real = joinNames(parent, [name])
    const stats = await lookAt(wire, real)
    if (stats && kindOf(stats.mode) !== 'file') throw refuse(path, 'it is not a plain file')
    return stats && { real, stats }
  }

  async function hashFile(wire: SftpWire, path: string): Promise<ByteCount | undefined> {
    const found = await findFile(wire, path)
    if (!found) return undefined
    wire.allowBytes(found.stats.size)
    const handle = await wire.open(found.real, 'read')
    return countBytes(readBody(wire, handle, found.stats.size))
  }

  /** Removes what a failed put left, as far as a live link allows; the next put with its key does the rest. */
  async function tidy(temporary: string): Promise<void> {
    if (!session.isOpen()) return
    const patience = new AbortController()
    const late = clock.sleep(TIDY_TIMEOUT_MS, patience.signal).then(
      () => patience.abort(),
      () => {},
    )
    // The put's own error is the one to tell.
    await session.use(patience.signal, (wire) => removeIfThere(wire, temporary)).catch(() => {})
    patience.abort()
    await late
  }

  return {
    list: (folder, signal) =>
      act(folder, signal, async (wire) => {
        const names = splitPath(tree.connection, folder)
        if ((await enterFolder(wire, tree, names, false)) === undefined)
          throw new JobsdError('FILE_MISSING', { path: folder })
        return listFolder(wire, tree, names)
      }),

    stat: (path, signal) =>
      act(path, signal, async (wire) => {
        const names = splitPath(tree.connection, path)
        if ((await enterFolder(wire, tree, names.slice(0, -1), false)) === undefined) return undefined
        const stats = await lookAt(wire, joinNames(tree.root, names))
        return stats && toEntry(joinNames('/', names), names.at(-1) ?? '/', stats)
      }),

    fetch: (path, localPath, signal) =>
      act(path, signal, async (wire) => {
        const found = await findFile(wire, path)
        if (!found) throw new JobsdError('FILE_MISSING', { path })
        wire.allowBytes(found.stats.size)
        const handle = await wire.open(found.real, 'read')
        return writeLocal(localPath, readBody(wire, handle, found.stats.size))
      }),

    hash: (path, signal) => act(path, signal, async (wire) => (await hashFile(wire, path))?.sha256),

    async put(request, signal) {
      let written: string | undefined
      const onTemporary = (real: string) => {
        written = real
      }
      try {
        return await act(request.path, signal, (wire) =>
          putFile(wire, request, { tree, folders, taken, onTemporary }),
        )
      } catch (error) {
        if (written !== undefined && !mayResume(request, error)) await tidy(written)
        throw error
      }
    },

    move: (from, to, overwrite, signal) =>
      act(from, signal, async (wire) => {
        const source = await findFile(wire, from)
        if (!source) throw new JobsdError('FILE_MISSING', { path: from })
        const { folder, name } = splitFilePath(tree.connection, to)
        const parent = (await enterFolder(wire, tree, folder, true))!
        const target = { real: joinNames(parent, [name]), path: to }
        await publish(wire, source.real, target, overwrite, taken)
      }),

    remove: (path, signal) =>
      act(path, signal, async (wire) => {
        const found = await findFile(wire, path)
        if (found) await removeIfThere(wire, found.real)
      }),

    close: () => session.close(),
  }
}
