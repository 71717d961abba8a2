/** One file of a folder that somebody may be writing to. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs'
import type { SourceFile } from '../core/contracts/config-source.ts'
import { JobsdError } from '../core/errors.ts'

/** Bytes that are read of a file; a larger one is there with its size and no content. */
export const maxContentBytes = 64 * 1024 + 1

/** Bytes that are read of a whole source, which is held in memory. */
export const maxTotalBytes = 256 * 1024 * 1024

/** Whether anybody asks for the content of a file of that path. Of any other it is enough that it is there. */
export function isContentUsed(path: string): boolean {
  return /\.(ya?ml|hbs|sql|csv|json)$/i.test(path) || path.startsWith('templates/new/')
}

/** The refusal of a source with more content than is read. */
export function tooLarge(description: string, maxBytes: number): JobsdError {
  const reason = `${description}: manifests, templates and fixtures have more than ${maxBytes} bytes together`
  return new JobsdError('BAD_REQUEST', { reason })
}

// Reading is synchronous, and so never interleaves: one buffer does for all files.
const buffer = new Uint8Array(maxContentBytes)

/**
 * Reads one file; never follows a link, never reads what is no regular file. `entry` is what is known of it: whether the
 * listing called it a file, and whether its content is wanted. Gives undefined where it went away. Synchronous: for small files the way through the thread pool costs five times
 * the reading.
 */
export function readSourceFile(
  path: string,
  entry: { isFile: boolean; isWanted: boolean },
): SourceFile | undefined {
  try {
    if (!entry.isFile || !entry.isWanted) {
      const status = lstatSync(path)
      // Opening a pipe or a device could already do something.
      if (!status.isFile()) return { size: status.size, kind: 'other', content: new Uint8Array() }
      if (!entry.isWanted) return { size: status.size, kind: 'file', content: new Uint8Array() }
    }
    return readRegular(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    // It became a link between the look and the open.
    if (code === 'ELOOP') return { size: 0, kind: 'other', content: new Uint8Array() }
    throw error
  }
}

/** Reads a file again while somebody writes it, a few times at most: half a manifest could be a valid one. */
function readRegular(path: string): SourceFile {
  const handle = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    for (let attempt = 1; ; attempt++) {
      const before = fstatSync(handle)
      if (!before.isFile()) return { size: before.size, kind: 'other', content: new Uint8Array() }
      if (before.size > maxContentBytes) return { size: before.size, kind: 'file', content: new Uint8Array() }
      const length = readFully(handle, before.size)
      const after = fstatSync(handle)
      const unchanged =
        after.size === before.size && after.mtimeMs === before.mtimeMs && length === after.size
      if (unchanged || attempt === 3) return { size: length, kind: 'file', content: buffer.slice(0, length) }
    }
  } finally {
    closeSync(handle)
  }
}

/** Reads up to the end, or as much as is expected: whoever asks looks at the size again. */
function readFully(handle: number, expected: number): number {
  let length = 0
  while (length < buffer.byteLength) {
    const bytesRead = readSync(handle, buffer, length, buffer.byteLength - length, length)
    length += bytesRead
    if (bytesRead === 0 || length === expected) break
  }
  return length
}
