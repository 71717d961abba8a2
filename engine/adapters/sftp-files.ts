import type { Stats } from 'ssh2'
import type { PutRequest, RemoteFiles } from '../core/contracts/endpoints.ts'
import type { Clock, Secrets } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { SftpConnection } from '../core/manifest.ts'
import { joinNames, splitFilePath, splitPath, temporaryName } from './file-paths.ts'
import { type ByteCount, countBytes, writeLocal } from './local-bytes.ts'
import { readBody, writeBody } from './sftp-bodies.ts'
import { isStatus, NO_SUCH_FILE, translateStatus } from './sftp-errors.ts'
import { createSftpSession, type SftpWire } from './sftp-session.ts'
import { enterFolder, kindOf, listFolder, lookAt, type Tree, toEntry } from './sftp-tree.ts'

const FSYNC = 'fsync@openssh.com'
const POSIX_RENAME = 'posix-rename@openssh.com'
const TIDY_TIMEOUT_MS = 10_000

/**
 * Opens an SFTP server's tree over one shared session, connected at the first operation and again after a loss.
 * Besides the contract's errors it throws those of connecting, and ENDPOINT_TIMEOUT when the server stalls for 60 s.
 */
export function createSftpFiles(
  connection: SftpConnection,
  { secrets, clock }: { secrets: Secrets; clock: Clock },
): RemoteFiles & { close(): Promise<void> } {
  const tree: Tree = { connection: connection.name, root: connection.root ?? '/' }
  const session = createSftpSession(connection, { secrets, clock })

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
    const handle = await wire.open(found.real, 'r')
    return countBytes(readBody(wire, handle, found.stats.size))
  }

  /** What stands at a put's target decides: undefined to go on, a sentence when nothing is to be done. */
  async function judgeTarget(wire: SftpWire, request: PutRequest): Promise<string | undefined> {
    const found = await findFile(wire, request.path)
    if (!found || request.overwrite === 'replace') return undefined
    const same =
      request.overwrite === 'skip-if-same' &&
      found.stats.size === request.size &&
      (await hashFile(wire, request.path))?.sha256 === request.sha256
    if (same) return `${request.path} was already there with the same ${request.size} bytes`
    throw new JobsdError('FILE_EXISTS', { path: request.path })
  }

  /** Writes a whole file under a temporary name, as safe as the server can make it, its size verified. */
  async function writeTemporary(wire: SftpWire, temporary: string, request: PutRequest): Promise<void> {
    // What an earlier put left is never written into: somebody may have put a link there.
    await removeIfThere(wire, temporary)
    const handle = await wire.open(temporary, 'wx')
    try {
      await writeBody(wire, handle, request)
      if (wire.announces(FSYNC)) await wire.ask((sftp, done) => sftp.ext_openssh_fsync(handle, done))
      const { size } = await wire.ask<Stats>((sftp, done) => sftp.fstat(handle, done))
      if (size !== request.size)
        throw new JobsdError('VERIFY_FAILED', {
          path: request.path,
          reason: `${size} of ${request.size} bytes`,
        })
      await wire.close(handle)
    } catch (error) {
      throw translateStatus(error, tree.connection, request.path, true)
    }
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
        const handle = await wire.open(found.real, 'r')
        return writeLocal(localPath, readBody(wire, handle, found.stats.size))
      }),

    hash: (path, signal) => act(path, signal, async (wire) => (await hashFile(wire, path))?.sha256),

    async put(request, signal) {
      let written: string | undefined
      try {
        return await act(request.path, signal, async (wire) => {
          const { folder, name } = splitFilePath(tree.connection, request.path)
          const parent = (await enterFolder(wire, tree, folder, true))!
          const done = await judgeTarget(wire, request)
          if (done !== undefined) return done
          written = joinNames(parent, [temporaryName(name, request.key)])
          await writeTemporary(wire, written, request)
          await publish(wire, written, joinNames(parent, [name]), request.path, request.overwrite)
          return `${request.size} bytes written to ${request.path}`
        })
      } catch (error) {
        if (written !== undefined) await tidy(written)
        throw error
      }
    },

    move: (from, to, overwrite, signal) =>
      act(from, signal, async (wire) => {
        const source = await findFile(wire, from)
        if (!source) throw new JobsdError('FILE_MISSING', { path: from })
        const { folder, name } = splitFilePath(tree.connection, to)
        const parent = (await enterFolder(wire, tree, folder, true))!
        await publish(wire, source.real, joinNames(parent, [name]), to, overwrite)
      }),

    close: () => session.close(),
  }
}

/** Gives a whole file its final name. Throws FILE_EXISTS, about `path`, when it may not replace what is there. */
async function publish(
  wire: SftpWire,
  real: string,
  target: string,
  path: string,
  overwrite: PutRequest['overwrite'],
): Promise<void> {
  const mayReplace = overwrite === 'replace'
  if (real === target && mayReplace) return
  if (!mayReplace && (await lookAt(wire, target))) throw new JobsdError('FILE_EXISTS', { path })
  if (mayReplace && wire.announces(POSIX_RENAME))
    return wire.ask((sftp, done) => sftp.ext_openssh_rename(real, target, done))
  // Without that extension a server has no rename that replaces: for a moment there is no file.
  if (mayReplace) await removeIfThere(wire, target)
  try {
    await wire.ask((sftp, done) => sftp.rename(real, target, done))
  } catch (error) {
    // A plain rename refuses an existing target, which may have appeared just now.
    const taken = isStatus(error) && (await lookAt(wire, target)) !== undefined
    throw taken ? new JobsdError('FILE_EXISTS', { path }, { cause: error }) : error
  }
}

async function removeIfThere(wire: SftpWire, real: string): Promise<void> {
  await wire
    .ask((sftp, done) => sftp.unlink(real, done))
    .catch((error: unknown) => {
      if (!isStatus(error, NO_SUCH_FILE)) throw error
    })
}
