/** Manifests from a plain folder. Links in it are never followed: what they lead to may be anybody's. */
import { createHash } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { watch as watchPaths } from 'chokidar'
import type { ConfigSource, SourceFile, SourceTree } from '../core/contracts/config-source.ts'
import { JobsdError } from '../core/errors.ts'
import { isContentUsed, maxTotalBytes, readSourceFile, tooLarge } from './source-file.ts'

const maxFiles = 100_000
// About 10 ms of reading.
const readsAtOnce = 200
const hintDelayMs = 200
const maxReads = 3
// Many tools replace a file by deleting and creating it.
const settleMs = 3_000
const rescanMs = 30_000

/** A folder of the source, by its name below the root or on disk, and the path that its files have in the tree. */
interface Part {
  folder: string
  path: string
}

/** What a folder's listing tells of a file. */
interface Entry {
  path: string
  isFile: boolean
}

/**
 * Reads jobs.d/** and templates/** (or other top folders) below a root, which may itself be a link. The revision is the
 * digest of all of it. `read` throws FILE_MISSING where there is no such root, BAD_REQUEST where it holds too much.
 */
export function createFolderSource(
  root: string,
  parts: string[] = ['jobs.d', 'templates'],
  maxBytes = maxTotalBytes,
): ConfigSource {
  return createSource(
    root,
    parts.map((part) => ({ folder: part, path: part })),
    maxBytes,
  )
}

/** Reads a folder that holds what is otherwise in jobs.d/platform: settings.yaml, connections/ and so on. */
export function createPlatformSource(folder: string): ConfigSource {
  return createSource(folder, [{ folder: '.', path: 'jobs.d/platform' }], maxTotalBytes)
}

function createSource(root: string, parts: Part[], maxBytes: number): ConfigSource {
  const below = (folder: string) => parts.map((part) => ({ ...part, folder: join(folder, part.folder) }))

  async function readOnce(real: string, signal: AbortSignal): Promise<SourceTree> {
    const paths = new Map<string, Entry>()
    for (const part of below(real)) await listPart(part, paths, signal)
    return readTree(paths, root, maxBytes, signal)
  }

  return {
    description: root,
    rescanMs,
    settleMs,
    async read(signal) {
      for (let reads = 1; ; reads++) {
        const real = await findRoot(root)
        const tree = await readOnce(real, signal)
        // A link that was moved on to the next revision: this one may have been removed while it was read.
        if (reads === maxReads || (await findRoot(root)) === real) return tree
      }
    },
    watch: (onHint) => watchParts(below(root), onHint),
  }
}

/** The folder that a root is, or that it links to. Throws FILE_MISSING where there is none. */
async function findRoot(root: string): Promise<string> {
  const found = await stat(root).catch(translateMissing(root))
  if (!found.isDirectory()) throw new JobsdError('FILE_MISSING', { path: root })
  return realpath(root).catch(translateMissing(root))
}

function translateMissing(path: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
    throw new JobsdError('FILE_MISSING', { path }, { cause: error })
  }
}

/** Collects the files of a part: path in the tree to path on disk. */
async function listPart(part: Part, paths: Map<string, Entry>, signal: AbortSignal): Promise<void> {
  const top = await lstat(part.folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!top) return
  // The part itself may be a link: then it is one entry that is told and not read.
  if (!top.isDirectory()) {
    paths.set(part.path, { path: part.folder, isFile: false })
    return
  }
  const open: Part[] = [part]
  for (let next = open.shift(); next; next = open.shift()) {
    signal.throwIfAborted()
    for (const entry of await listFolder(next.folder)) {
      const child = { folder: join(next.folder, entry.name), path: `${next.path}/${entry.name}` }
      if (isIgnored(entry.name)) continue
      if (entry.isDirectory()) open.push(child)
      else paths.set(child.path, { path: child.folder, isFile: entry.isFile() })
      if (paths.size > maxFiles) {
        throw new JobsdError('BAD_REQUEST', { reason: `${part.path} has more than ${maxFiles} files` })
      }
    }
  }
}

/** A folder that went away while it was looked for holds nothing. */
async function listFolder(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
}

/** Tells dot files and what editors leave beside a file while it is saved, by name: no source has them. */
export function isIgnored(name: string): boolean {
  return /^\.|~$|\.sw[a-z]$|^4913$|^#.*#$/.test(name)
}

async function readTree(
  paths: Map<string, Entry>,
  description: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<SourceTree> {
  const files = new Map<string, SourceFile>()
  const digest = createHash('sha256')
  let count = 0
  let bytes = 0
  for (const [path, entry] of [...paths].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (count++ % readsAtOnce === 0) await setImmediate()
    signal.throwIfAborted()
    const file = readSourceFile(entry.path, { isFile: entry.isFile, isWanted: isContentUsed(path) })
    if (!file) continue
    bytes += file.content.byteLength
    if (bytes > maxBytes) throw tooLarge(description, maxBytes)
    files.set(path, file)
    // The length comes before the content, so that no content can look like the next file.
    digest.update(`${JSON.stringify([path, file.kind, file.size, file.content.byteLength])}\n`)
    digest.update(file.content)
  }
  return { revision: `sha256:${digest.digest('hex')}`, files }
}

/** Calls back once a burst of changes has gone quiet. */
async function watchParts(parts: Part[], onHint: () => void): Promise<() => Promise<void>> {
  const watcher = watchPaths(
    parts.map(({ folder }) => folder),
    { followSymlinks: false, ignoreInitial: true },
  )
  let timer: NodeJS.Timeout | undefined
  const hint = () => {
    clearTimeout(timer)
    timer = setTimeout(onHint, hintDelayMs)
  }
  watcher.on('all', hint)
  await new Promise<void>((resolve, reject) => {
    watcher.once('ready', resolve)
    watcher.once('error', reject)
  }).catch(async (error: unknown) => {
    await watcher.close()
    throw error
  })
  // What can no longer be watched may have changed: the next read tells.
  watcher.on('error', hint)
  return async () => {
    clearTimeout(timer)
    await watcher.close()
  }
}
