/** Manifests from a Git remote, by a bare mirror of one branch. There is no work tree, so nothing in it can act. */
import type { ConfigSource, SourceTree } from '../core/contracts/config-source.ts'
import type { Secrets } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import { openAccess } from './git-access.ts'
import { fetchBranch } from './git-fetch.ts'
import { createMirror } from './git-mirror.ts'
import { readRemote } from './git-remote.ts'
import { type Contents, maxFiles, readCommit, type TreePart } from './git-tree.ts'
import { maxTotalBytes } from './source-file.ts'

export interface GitSourceOptions {
  /** https, ssh, `user@host:path` or file; http on this machine only. Never with a password. */
  url: string
  branch: string
  /** The sub-folder of the repository; empty for its root. */
  path: string
  /** What is read below that folder, `.` for all of it; jobs.d and templates unless told otherwise. */
  parts?: TreePart[]
  /** The bare repository's folder, which nobody else may touch. */
  mirror: string
  secrets: Secrets
  /** Secrets with this before their name come first. */
  secretPrefix?: string
  pollMs?: number
  maxBytes?: number
  maxFiles?: number
  /** For a whole read, with the fetch. */
  timeoutMs?: number
  vouch?: ConfigSource['vouch']
}

const usualParts = ['jobs.d', 'templates'].map((name) => ({ folder: name, path: name }))

/** What the root of a platform repository is read as. */
export const platformParts: TreePart[] = [{ folder: '.', path: 'jobs.d/platform' }]

interface Known {
  tree: SourceTree
  contents: Contents
}

/**
 * Reads a branch of a Git remote; the revision is its commit. An unchanged commit is the same tree object. Besides what
 * the contract names, `read` throws SECRET_MISSING, SECRET_EXPOSED, GIT_MISSING, STORAGE_FAILED. Throws BAD_REQUEST at
 * once for a URL, a branch or a path that is not allowed.
 */
export function createGitSource(options: GitSourceOptions): ConfigSource {
  const { secrets, secretPrefix = '', pollMs = 30_000, timeoutMs = 600_000, vouch } = options
  const remote = readRemote(options)
  const source = remote.description
  const mirror = createMirror(options.mirror)
  const { folder } = mirror
  const parts = placeParts(options.parts ?? usualParts, remote.path)
  const limits = { maxFiles: options.maxFiles ?? maxFiles, maxBytes: options.maxBytes ?? maxTotalBytes }
  let known: Known | undefined
  let queue: Promise<unknown> = Promise.resolve()

  async function readNow(signal: AbortSignal): Promise<Known> {
    const access = await openAccess(remote, { secrets, prefix: secretPrefix, folder })
    const commit = await fetchBranch(folder, remote, access, signal).finally(access.release)
    if (known?.tree.revision === commit) return known
    const request = { parts, source, ...limits }
    const read = await readCommit(folder, commit, request, known?.contents ?? new Map(), signal)
    checkFound(read.tree, read.isFound, options.parts ?? usualParts, remote)
    return read
  }

  async function readInTime(signal: AbortSignal): Promise<SourceTree> {
    signal.throwIfAborted()
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(), timeoutMs)
    const either = AbortSignal.any([signal, deadline.signal])
    try {
      known = await mirror.use(() => readNow(either), either)
      return known.tree
    } catch (error) {
      signal.throwIfAborted()
      const lost = (reason: string) => new JobsdError('SOURCE_UNREACHABLE', { source, reason })
      if (deadline.signal.aborted) throw lost(`it took longer than ${timeoutMs / 1000} s`)
      // With a new mirror too: then it is nothing on this side.
      if (error instanceof JobsdError && error.code === 'GIT_FAILED') throw lost(String(error.details.reason))
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    description: source,
    rescanMs: pollMs,
    // A commit is whole.
    settleMs: 0,
    read(signal) {
      // One after the other: git locks what it writes.
      const turn = queue.then(() => readInTime(signal))
      queue = turn.catch(() => undefined)
      return turn
    },
    // Nothing hints; the engine reads again after rescanMs.
    watch: async () => async () => {},
    ...(vouch && { vouch }),
  }
}

/** The parts relative to the repository's root. */
function placeParts(parts: TreePart[], folder: string): TreePart[] {
  return parts.map((part) => {
    const names = [folder, part.folder].filter((name) => name !== '' && name !== '.')
    // With a slash only a folder fits, never a link in its place.
    return { folder: part.folder === '.' && folder !== '' ? `${folder}/` : names.join('/'), path: part.path }
  })
}

/** Throws PATH_MISSING where the folder is not what it should be: an empty source would look like all jobs deleted. */
function checkFound(
  { files }: SourceTree,
  isFound: boolean,
  parts: TreePart[],
  { path, description }: { path: string; description: string },
): void {
  const lacksSettings = parts.some((part) => part.folder === '.' && !files.has(`${part.path}/settings.yaml`))
  if (!isFound || lacksSettings) {
    throw new JobsdError('PATH_MISSING', { source: description, path: path || '/' })
  }
}
