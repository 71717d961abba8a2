/** Manifests as they were at a revision of a Git repository: out of its store, never by a work tree. */
import type { SourceFile, SourceTree } from '../core/contracts/config-source.ts'
import { JobsdError } from '../core/errors.ts'
import { isIgnored } from './folder-source.ts'
import { readBlobs } from './git-blobs.ts'
import { runGit } from './git-command.ts'
import { listTree, type TreeEntry } from './git-listing.ts'
import { isContentUsed, maxContentBytes, maxTotalBytes } from './source-file.ts'

/** A folder of the repository, relative to its root (empty: all of it), and the path that its files have in the tree. */
export interface TreePart {
  folder: string
  path: string
}

/** What is read of a repository. */
export interface TreeRequest {
  parts: TreePart[]
  /** Its name for people. */
  source: string
  maxFiles: number
  maxBytes: number
}

/** Contents by object name, so that the next read needs only what is new. */
export type Contents = ReadonlyMap<string, Uint8Array>

export const maxFiles = 100_000

/**
 * Reads jobs.d/** and templates/** of a folder as they were at a revision; the folder may lie anywhere in a repository.
 * Links and submodules are there as `other` and are not read, nor is what is over the reader's cap. The tree's revision
 * is the commit. Throws REPOSITORY_MISSING, REVISION_UNKNOWN, SOURCE_TOO_LARGE, GIT_MISSING, GIT_FAILED.
 */
export async function readGitTree(
  folder: string,
  revision: string,
  signal: AbortSignal,
): Promise<SourceTree> {
  const prefix = await findPrefix(folder, signal)
  const commit = await resolveRevision(folder, revision, signal)
  const parts = ['jobs.d', 'templates'].map((part) => ({ folder: prefix + part, path: part }))
  const request = { parts, source: `${folder} at ${revision}`, maxFiles, maxBytes: maxTotalBytes }
  return (await readCommit(folder, commit, request, new Map(), signal)).tree
}

/**
 * Reads the parts of a commit, and only such contents as are not known yet. `isFound` tells whether the commit has any
 * of the parts. Throws SOURCE_TOO_LARGE, GIT_MISSING, GIT_FAILED.
 */
export async function readCommit(
  folder: string,
  commit: string,
  request: TreeRequest,
  known: Contents,
  signal: AbortSignal,
): Promise<{ tree: SourceTree; contents: Contents; isFound: boolean }> {
  const { parts, source, maxBytes } = request
  const paths = parts.map((part) => part.folder)
  const listed = await listTree(folder, commit, paths.includes('') ? [] : paths, request, signal)
  const entries = listed.flatMap((entry) => placeEntry(entry, parts))
  const read = entries.filter(isRead)
  const bytes = read.reduce((sum, { size }) => sum + size, 0)
  if (bytes > maxBytes) {
    const reason = `manifests, templates and fixtures have more than ${maxBytes} bytes together`
    throw new JobsdError('SOURCE_TOO_LARGE', { source, reason })
  }
  const objects = read.map(({ object }) => object)
  const missing = objects.filter((object) => !known.has(object))
  const blobs = await readBlobs(folder, missing, signal)
  const contents = new Map(objects.map((object) => [object, known.get(object) ?? blobs.get(object)!]))
  const files = entries.map((entry): [string, SourceFile] => {
    const content = isRead(entry) ? contents.get(entry.object)! : new Uint8Array()
    return [entry.path, { size: entry.size, kind: entry.kind, content }]
  })
  return { tree: { revision: commit, files: new Map(files) }, contents, isFound: listed.length > 0 }
}

/** The entry under its path in the tree: none for a file that no source has, several where parts overlap. */
function placeEntry(entry: TreeEntry, parts: TreePart[]): TreeEntry[] {
  return parts.flatMap(({ folder, path }) => {
    // A link or a submodule in a folder's place is one entry with the folder's own name.
    if (entry.path === folder) return [{ ...entry, path }]
    const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`
    if (!entry.path.startsWith(prefix)) return []
    const below = entry.path.slice(prefix.length)
    return below.split('/').some(isIgnored) ? [] : [{ ...entry, path: `${path}/${below}` }]
  })
}

function isRead({ path, kind, size }: TreeEntry): boolean {
  return kind === 'file' && size <= maxContentBytes && isContentUsed(path)
}

/** The folder's place in its repository: empty for the root, otherwise with a slash at the end. */
async function findPrefix(folder: string, signal: AbortSignal): Promise<string> {
  try {
    return (await runGit(folder, ['rev-parse', '--show-prefix'], signal)).replace(/\n$/, '')
  } catch (error) {
    const isOutside = /not a git repository|directory that does not exist/.test(reasonOf(error))
    throw isOutside ? new JobsdError('REPOSITORY_MISSING', { folder }, { cause: error }) : error
  }
}

async function resolveRevision(folder: string, revision: string, signal: AbortSignal): Promise<string> {
  const unknown = (cause?: unknown) => new JobsdError('REVISION_UNKNOWN', { revision, folder }, { cause })
  if (revision.includes('\0')) throw unknown()
  const args = ['rev-parse', '--verify', '--end-of-options', `${revision}^{commit}`]
  try {
    const commit = (await runGit(folder, args, signal)).trim()
    // `^main` would come back as the commit that is excluded.
    if (!/^[0-9a-f]{40,64}$/.test(commit)) throw unknown()
    return commit
  } catch (error) {
    throw /single revision|unknown revision|bad revision|ambiguous/.test(reasonOf(error))
      ? unknown(error)
      : error
  }
}

function reasonOf(error: unknown): string {
  return error instanceof JobsdError && error.code === 'GIT_FAILED' ? String(error.details.reason) : ''
}
