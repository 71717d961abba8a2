/** Manifests as they were at a revision of a local Git repository: out of its store, never by a work tree. */
import type { SourceFile, SourceTree } from '../core/contracts/config-source.ts'
import { JobsdError } from '../core/errors.ts'
import { isIgnored } from './folder-source.ts'
import { readBlobs } from './git-blobs.ts'
import { runGit } from './git-command.ts'
import { isContentUsed, maxContentBytes, maxTotalBytes, tooLarge } from './source-file.ts'

const parts = ['jobs.d', 'templates']

/** A file of a commit. */
interface TreeEntry {
  /** Relative to the config repository's root. */
  path: string
  kind: SourceFile['kind']
  object: string
  size: number
}

/**
 * Reads jobs.d/** and templates/** of a folder as they were at a revision; the folder may lie anywhere in a repository.
 * Links and submodules are there as `other` and are not read, nor is what is over the reader's cap. The tree's revision
 * is the commit. Throws REPOSITORY_MISSING, REVISION_UNKNOWN, GIT_MISSING, GIT_FAILED.
 */
export async function readGitTree(
  folder: string,
  revision: string,
  signal: AbortSignal,
): Promise<SourceTree> {
  const prefix = await findPrefix(folder, signal)
  const commit = await resolveRevision(folder, revision, signal)
  const paths = parts.map((part) => prefix + part)
  const args = ['ls-tree', '-r', '-l', '-z', '--full-tree', commit, '--', ...paths]
  const entries = readListing(await runGit(folder, args, signal), prefix)
  const isRead = ({ path, kind, size }: TreeEntry) =>
    kind === 'file' && size <= maxContentBytes && isContentUsed(path)
  const read = entries.filter(isRead)
  const bytes = read.reduce((sum, { size }) => sum + size, 0)
  if (bytes > maxTotalBytes) throw tooLarge(`${folder} at ${revision}`, maxTotalBytes)
  const objects = read.map(({ object }) => object)
  const blobs = await readBlobs(folder, objects, signal)
  const files = entries.map((entry): [string, SourceFile] => {
    const content = isRead(entry) ? blobs.get(entry.object)! : new Uint8Array()
    return [entry.path, { size: entry.size, kind: entry.kind, content }]
  })
  return { revision: commit, files: new Map(files) }
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

/** Lines of `<mode> <type> <object> <size>`, a tab and the path, each with a NUL at its end. */
function readListing(listing: string, prefix: string): TreeEntry[] {
  return listing.split('\0').flatMap((line): TreeEntry[] => {
    const tab = line.indexOf('\t')
    if (tab < 0) return []
    const [mode = '', , object = '', size] = line.slice(0, tab).split(/ +/)
    const path = line.slice(tab + 1 + prefix.length)
    if (path.split('/').slice(1).some(isIgnored)) return []
    const kind = mode === '100644' || mode === '100755' || mode === '100664' ? 'file' : 'other'
    return [{ path, kind, object, size: Number(size) || 0 }]
  })
}

function reasonOf(error: unknown): string {
  return error instanceof JobsdError && error.code === 'GIT_FAILED' ? String(error.details.reason) : ''
}
