/** How a file comes to its final name on an SFTP server. */
import type { PutRequest } from '../core/contracts/endpoints.ts'
import type { Clock } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import { alternativeNames } from '../core/free-name.ts'
import { temporaryName } from '../core/temporary-name.ts'
import { joinNames, splitFilePath } from './file-paths.ts'
import { countBytes } from './local-bytes.ts'
import { SMALL_BYTES } from './read-to-send.ts'
import { readBody } from './sftp-bodies.ts'
import { isStatus, NO_SUCH_FILE, translateStatus } from './sftp-errors.ts'
import { type NamesTaken, publish, publishTemporary } from './sftp-names.ts'
import type { SftpWire } from './sftp-operation.ts'
import { type WholeFile, writeTemporary } from './sftp-temporary.ts'
import { enterFolder, kindOf, lookAt, type Tree } from './sftp-tree.ts'

const FRESH_MS = 1_000
const MAX_FOLDERS = 1_000
/** What a put may end with where something stands at its target that nobody had looked at. */
const refusals: readonly string[] = ['FILE_EXISTS', 'TARGET_FULL', 'TARGET_REFUSED', 'VERIFY_FAILED']

/** What a put uses besides its request. */
export interface PutParts {
  tree: Tree
  /** A folder's server path, made if it is missing; it may have been looked at a moment ago. */
  folders: { enter(wire: SftpWire, names: string[]): Promise<string>; forget(names: string[]): void }
  taken: NamesTaken
  /** Told before anything is written: the server path that is to be removed when the put fails. */
  onTemporary(real: string): void
}

/** Puts a file as RemoteFiles promises. */
export async function putFile(wire: SftpWire, request: PutRequest, parts: PutParts): Promise<string> {
  wire.allowBytes(request.size)
  const { connection } = parts.tree
  const { folder, name } = splitFilePath(connection, request.path)
  let parent = await parts.folders.enter(wire, folder)
  const judge = () => judgeTarget(wire, connection, joinNames(parent, [name]), request)
  // A small one is written as soon as its target is looked at, which is done before the rename in any case.
  const judgesLate = request.overwrite === 'fail' && request.size <= SMALL_BYTES
  const done = judgesLate ? undefined : await judge()
  if (done !== undefined) return done
  const write = async () => {
    const temporary = joinNames(parent, [temporaryName(name, request.key)])
    parts.onTemporary(temporary)
    return writeTemporary(wire, connection, temporary, request)
  }
  /** What stands at the target is the better reason, where it was not looked at before. */
  const tellBy = async (error: unknown) => {
    if (judgesLate && error instanceof JobsdError && refusals.includes(error.code)) await judge()
    return error
  }
  const file = await write().catch(async (error: unknown) => {
    if (!isStatus(error, NO_SUCH_FILE)) throw await tellBy(translateStatus(error, connection, request.path))
    // The folder went away since it was looked at.
    parts.folders.forget(folder)
    parent = await parts.folders.enter(wire, folder)
    return write()
  })
  const named = await nameFile(wire, file, { parent, name }, request, parts.taken).catch(
    async (error: unknown) => {
      // A server's bare answer is none of the target's: what stands there may be this file by now.
      throw await tellBy(error)
    },
  )
  return `${request.size} bytes written to ${named}`
}

/** What stands at a put's target decides: undefined to go on, a sentence when nothing is to be done. */
async function judgeTarget(
  wire: SftpWire,
  connection: string,
  real: string,
  request: PutRequest,
): Promise<string | undefined> {
  const { overwrite, path, size, sha256 } = request
  if (overwrite === 'rename') return undefined
  const stats = await lookAt(wire, real)
  if (!stats) return undefined
  if (kindOf(stats.mode) !== 'file')
    throw new JobsdError('TARGET_REFUSED', { connection, path, reason: 'it is not a plain file' })
  if (overwrite === 'replace') return undefined
  if (overwrite === 'skip-if-same' && stats.size === size) {
    const handle = await wire.open(real, 'read')
    if ((await countBytes(readBody(wire, handle, size))).sha256 === sha256)
      return `${path} was already there with the same ${size} bytes`
  }
  throw new JobsdError('FILE_EXISTS', { path })
}

/** Closes a whole file, gives it its final name and returns its path. */
async function nameFile(
  wire: SftpWire,
  file: WholeFile,
  { parent, name }: { parent: string; name: string },
  { path, overwrite, naming, size }: PutRequest,
  taken: NamesTaken,
): Promise<string> {
  // Closing and the look are asked for together only where a rename is soon behind them.
  const whole = overwrite === 'fail' && size <= SMALL_BYTES ? file : await closeWhole(file)
  if (overwrite !== 'rename') {
    const target = { real: joinNames(parent, [name]), path }
    if (overwrite === 'replace') await publish(wire, whole.temporary, target, overwrite, taken)
    else await publishTemporary(wire, whole, target, taken)
    return path
  }
  for (const other of alternativeNames(name)) {
    const real = joinNames(parent, [other])
    if (await lookAt(wire, real)) continue
    const named = path.slice(0, path.lastIndexOf('/') + 1) + other
    await naming?.(named)
    try {
      await publishTemporary(wire, whole, { real, path: named }, taken)
      return named
    } catch (error) {
      // Somebody else took it just now.
      if (!(error instanceof JobsdError && error.code === 'FILE_EXISTS')) throw error
    }
  }
  throw new JobsdError('FILE_EXISTS', { path })
}

async function closeWhole(file: WholeFile): Promise<WholeFile> {
  await file.close()
  return { ...file, close: async () => {} }
}

/** Folders that puts enter, each looked at once a second at most: many files go to one at the same time. */
export function createFolderMemory(tree: Tree, clock: Clock): PutParts['folders'] {
  const looks = new Map<string, number>()
  const now = () => clock.now().getTime()
  return {
    async enter(wire, names) {
      const real = joinNames(tree.root, names)
      const age = now() - (looks.get(real) ?? Number.NEGATIVE_INFINITY)
      if (age >= 0 && age < FRESH_MS) return real
      await enterFolder(wire, tree, names, true)
      if (looks.size >= MAX_FOLDERS) looks.clear()
      looks.set(real, now())
      return real
    },
    forget: (names) => void looks.delete(joinNames(tree.root, names)),
  }
}
