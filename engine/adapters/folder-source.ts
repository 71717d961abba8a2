/** Manifests from a plain folder. Links are never followed: what they lead to may be anybody's. */
import { createHash } from 'node:crypto'
import { constants, type Dirent } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { watch as watchPaths } from 'chokidar'
import type { ConfigSource, SourceFile, SourceTree } from '../core/contracts/config-source.ts'
import { JobsdError } from '../core/errors.ts'

/** Bytes that are read of a file; a larger one is there with its size and no content. */
const maxContentBytes = 64 * 1024 + 1
const maxFiles = 100_000
const parallelReads = 16
const hintDelayMs = 200

/** A folder of the source and the path that its files have in the tree. */
interface Part {
  folder: string
  path: string
}

/**
 * Reads jobs.d/** and templates/** (or other top folders) below a root. The revision is the digest of all of it.
 * `read` throws FILE_MISSING where there is no such root.
 */
export function createFolderSource(root: string, parts: string[] = ['jobs.d', 'templates']): ConfigSource {
  return createSource(
    root,
    parts.map((part) => ({ folder: join(root, part), path: part })),
  )
}

/** Reads a folder that holds what is otherwise in jobs.d/platform: settings.yaml, connections/ and so on. */
export function createPlatformSource(folder: string): ConfigSource {
  return createSource(folder, [{ folder, path: 'jobs.d/platform' }])
}

function createSource(root: string, parts: Part[]): ConfigSource {
  return {
    description: root,
    async read(signal) {
      const found = await lstat(join(root, '.')).catch(translateMissing(root))
      if (!found.isDirectory()) throw new JobsdError('FILE_MISSING', { path: root })
      const paths = new Map<string, string>()
      for (const part of parts) await listPart(part, paths, signal)
      return readTree(paths, signal)
    },
    watch: (onHint) => watchParts(parts, onHint),
  }
}

function translateMissing(path: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
    throw new JobsdError('FILE_MISSING', { path }, { cause: error })
  }
}

/** Collects the files of a part: path in the tree to path on disk. */
async function listPart(part: Part, paths: Map<string, string>, signal: AbortSignal): Promise<void> {
  const top = await lstat(part.folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!top) return
  // The part itself may be a link: then it is one entry that is told and not read.
  if (!top.isDirectory()) {
    paths.set(part.path, part.folder)
    return
  }
  const open: Part[] = [part]
  for (let next = open.shift(); next; next = open.shift()) {
    signal.throwIfAborted()
    for (const entry of await listFolder(next.folder)) {
      const child = { folder: join(next.folder, entry.name), path: `${next.path}/${entry.name}` }
      if (isIgnored(entry.name)) continue
      if (entry.isDirectory()) open.push(child)
      else paths.set(child.path, child.folder)
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

/** Dot files and what editors leave beside a file while it is saved. */
function isIgnored(name: string): boolean {
  return /^\.|~$|\.sw[a-z]$|^4913$|^#.*#$/.test(name)
}

async function readTree(paths: Map<string, string>, signal: AbortSignal): Promise<SourceTree> {
  const entries = [...paths].sort(([a], [b]) => (a < b ? -1 : 1))
  const contents = new Array<SourceFile | undefined>(entries.length)
  let next = 0
  async function readSome(): Promise<void> {
    for (let index = next++; index < entries.length; index = next++) {
      signal.throwIfAborted()
      contents[index] = await readEntry(entries[index]![1])
    }
  }
  await Promise.all(Array.from({ length: parallelReads }, readSome))
  const files = new Map<string, SourceFile>()
  const digest = createHash('sha256')
  entries.forEach(([path], index) => {
    const file = contents[index]
    if (!file) return
    files.set(path, file)
    const content = createHash('sha256').update(file.content).digest('hex')
    digest.update(`${JSON.stringify([path, file.kind, file.size, content])}\n`)
  })
  return { revision: `sha256:${digest.digest('hex')}`, files }
}

/** Reads one file that is no link; undefined where it went away. */
async function readEntry(path: string): Promise<SourceFile | undefined> {
  try {
    const status = await lstat(path)
    if (!status.isFile()) return { size: status.size, kind: 'other', content: new Uint8Array() }
    return await readRegular(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    // It became a link between the look and the open.
    if (code === 'ELOOP') return { size: 0, kind: 'other', content: new Uint8Array() }
    throw error
  }
}

/** Reads a file again while somebody writes it, a few times at most: half a manifest could be a valid one. */
async function readRegular(path: string): Promise<SourceFile> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    for (let attempt = 1; ; attempt++) {
      const before = await handle.stat()
      if (!before.isFile()) return { size: before.size, kind: 'other', content: new Uint8Array() }
      if (before.size > maxContentBytes) return { size: before.size, kind: 'file', content: new Uint8Array() }
      const buffer = new Uint8Array(maxContentBytes)
      const length = await readFully(handle, buffer)
      const after = await handle.stat()
      const unchanged =
        after.size === before.size && after.mtimeMs === before.mtimeMs && length === after.size
      if (unchanged || attempt === 3) return { size: length, kind: 'file', content: buffer.slice(0, length) }
    }
  } finally {
    await handle.close()
  }
}

async function readFully(handle: Awaited<ReturnType<typeof open>>, buffer: Uint8Array): Promise<number> {
  let length = 0
  while (length < buffer.byteLength) {
    const { bytesRead } = await handle.read(buffer, length, buffer.byteLength - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return length
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
