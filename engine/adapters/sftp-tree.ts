/** Looking at and walking an SFTP server's tree, below the connection's root. */
import type { FileEntryWithStats, Stats } from 'ssh2'
import type { FileEntry } from '../core/contracts/endpoints.ts'
import { JobsdError } from '../core/errors.ts'
import { isPlainName, joinNames } from './file-paths.ts'
import { isStatus, NO_SUCH_FILE } from './sftp-errors.ts'
import type { SftpWire } from './sftp-operation.ts'

const MAX_ENTRIES = 100_000
const END_OF_LIST = 1
const TYPE_BITS = 0o170000
const FOLDER_BITS = 0o040000
const FILE_BITS = 0o100000

/** Where a connection's tree begins on its server. */
export interface Tree {
  connection: string
  root: string
}

/** Looks at one server path without following a link; undefined where nothing is. */
export async function lookAt(wire: SftpWire, real: string): Promise<Stats | undefined> {
  try {
    return await wire.ask<Stats>((sftp, done) => sftp.lstat(real, done))
  } catch (error) {
    if (isStatus(error, NO_SUCH_FILE)) return undefined
    throw error
  }
}

/**
 * The server path of a folder, each name below the root looked at; undefined where one is missing and `make` is
 * false. Throws TARGET_REFUSED for a link. The server could still exchange one afterwards: the protocol knows no
 * open that refuses links.
 */
export async function enterFolder(
  wire: SftpWire,
  tree: Tree,
  names: string[],
  make: boolean,
): Promise<string | undefined> {
  const depths = names.map((_, index) => names.slice(0, index + 1))
  const [, ...looks] = await Promise.all([
    requireRoot(wire, tree),
    ...depths.map((depth) => lookAt(wire, joinNames(tree.root, depth))),
  ])
  for (const [index, depth] of depths.entries()) {
    const real = joinNames(tree.root, depth)
    const stats = looks[index] ?? (make ? await makeFolder(wire, real) : undefined)
    if (!stats) return undefined
    const kind = kindOf(stats.mode)
    if (kind !== 'folder') {
      const reason = 'it is not a folder (links are not followed)'
      throw new JobsdError('TARGET_REFUSED', {
        connection: tree.connection,
        path: joinNames('/', depth),
        reason,
      })
    }
  }
  return joinNames(tree.root, names)
}

/** Never makes the root: one that is gone is a mistake, or an unmounted disk. */
async function requireRoot(wire: SftpWire, { connection, root }: Tree): Promise<void> {
  if (root === '/') return
  try {
    await wire.ask<Stats>((sftp, done) => sftp.stat(root, done))
  } catch (error) {
    if (!isStatus(error, NO_SUCH_FILE)) throw error
    const reason = `the folder ${root} is not there`
    throw new JobsdError('ENDPOINT_UNREACHABLE', { connection, reason }, { cause: error })
  }
}

async function makeFolder(wire: SftpWire, real: string): Promise<Stats | undefined> {
  try {
    await wire.ask((sftp, done) => sftp.mkdir(real, done))
  } catch (error) {
    const stats = await lookAt(wire, real)
    // Somebody else made it just now.
    if (stats) return stats
    throw error
  }
  return lookAt(wire, real)
}

/** Lists a folder by its server path, leaving out names that could not be a path's. Throws TARGET_REFUSED beyond 100,000. */
export async function listFolder(wire: SftpWire, tree: Tree, names: string[]): Promise<FileEntry[]> {
  const entries = new Map<string, FileEntry>()
  const handle = await wire.openFolder(joinNames(tree.root, names))
  for (let page = await readPage(wire, handle); page; page = await readPage(wire, handle)) {
    for (const { filename: name, attrs, longname } of page) {
      if (!isPlainName(name)) continue
      entries.set(name, toEntry(joinNames('/', [...names, name]), name, attrs, longname))
    }
    if (entries.size > MAX_ENTRIES) {
      const reason = `it holds more than ${MAX_ENTRIES} entries`
      throw new JobsdError('TARGET_REFUSED', {
        connection: tree.connection,
        path: joinNames('/', names),
        reason,
      })
    }
  }
  await wire.close(handle)
  return [...entries.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
}

async function readPage(wire: SftpWire, handle: Buffer): Promise<FileEntryWithStats[] | undefined> {
  try {
    return await wire.ask<FileEntryWithStats[]>((sftp, done) => sftp.readdir(handle, done))
  } catch (error) {
    if (isStatus(error, END_OF_LIST)) return undefined
    throw error
  }
}

/** An entry from what a server says about it. */
export function toEntry(path: string, name: string, stats: Stats, longname = ''): FileEntry {
  const kind = kindOf(stats.mode, longname)
  return { name, path, size: stats.size ?? 0, mtimeMs: (stats.mtime ?? 0) * 1000, kind }
}

/** What a mode says; some servers leave it out of listings and only paint it into the long name. */
export function kindOf(mode: number | undefined, longname = ''): FileEntry['kind'] {
  if (mode === undefined) return longname[0] === 'd' ? 'folder' : longname[0] === '-' ? 'file' : 'other'
  if ((mode & TYPE_BITS) === FOLDER_BITS) return 'folder'
  return (mode & TYPE_BITS) === FILE_BITS ? 'file' : 'other'
}
