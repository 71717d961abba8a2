/** The files of a commit, by one child whose output is cut off where it is more than a source may have. */
import { text } from 'node:stream/consumers'
import type { SourceFile } from '../core/contracts/config-source.ts'
import { JobsdError } from '../core/errors.ts'
import { spawnGit, translateGitFailure } from './git-command.ts'

/** A file of a commit. */
export interface TreeEntry {
  /** Relative to the repository's root. */
  path: string
  kind: SourceFile['kind']
  object: string
  size: number
}

// A name may be as long as its tree object.
const maxBytesPerFile = 640

/**
 * Lists the files of a commit at some paths, or all where there are none: links and submodules as `other`. `source` is
 * its name for people. Throws SOURCE_TOO_LARGE, GIT_MISSING, GIT_FAILED.
 */
export async function listTree(
  folder: string,
  commit: string,
  paths: string[],
  limits: { source: string; maxFiles: number },
  signal: AbortSignal,
): Promise<TreeEntry[]> {
  const args = ['--literal-pathspecs', 'ls-tree', '-r', '-l', '-z', '--full-tree', commit, '--', ...paths]
  const child = spawnGit(folder, args, signal)
  child.stdin.end()
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  try {
    const [entries, told, code] = await Promise.all([
      readListing(child.stdout, limits),
      text(child.stderr),
      ended,
    ])
    // Trees of trees that hold nothing print nothing and need not end: the child's own deadline did.
    if (child.signalCode === 'SIGTERM') throw tooLarge(limits.source, 'listing its files takes too long')
    if (code !== 0) throw new Error(told.trim() || `ls-tree ended with code ${code}`)
    return entries
  } catch (error) {
    child.kill('SIGKILL')
    signal.throwIfAborted()
    throw translateGitFailure(error)
  }
}

/** Lines of `<mode> <type> <object> <size>`, a tab and the path, each with a NUL at its end. */
async function readListing(
  stream: AsyncIterable<Buffer>,
  limits: { source: string; maxFiles: number },
): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = []
  let rest: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream) {
    bytes += chunk.length
    if (bytes > limits.maxFiles * maxBytesPerFile) throw tooManyFiles(limits)
    const end = chunk.lastIndexOf(0)
    if (end < 0) {
      rest.push(chunk)
      continue
    }
    const lines = Buffer.concat([...rest, chunk.subarray(0, end)]).toString()
    rest = [chunk.subarray(end + 1)]
    for (const line of lines.split('\0')) entries.push(readLine(line))
    if (entries.length > limits.maxFiles) throw tooManyFiles(limits)
  }
  return entries
}

function readLine(line: string): TreeEntry {
  const tab = line.indexOf('\t')
  const [mode = '', , object = '', size] = line.slice(0, tab).split(/ +/)
  const kind = mode === '100644' || mode === '100755' || mode === '100664' ? 'file' : 'other'
  return { path: line.slice(tab + 1), kind, object, size: Number(size) || 0 }
}

function tooManyFiles({ source, maxFiles }: { source: string; maxFiles: number }): JobsdError {
  return tooLarge(source, `it has more than ${maxFiles} files`)
}

function tooLarge(source: string, reason: string): JobsdError {
  return new JobsdError('SOURCE_TOO_LARGE', { source, reason })
}
