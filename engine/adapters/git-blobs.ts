/** Contents out of Git's store by one child, however many they are. */
import { text } from 'node:stream/consumers'
import { JobsdError } from '../core/errors.ts'
import { spawnGit, translateGitFailure } from './git-command.ts'

const lineEnd = 10

/**
 * Reads blobs by their object names: the result has one entry for each distinct name. Everything is held in memory, so
 * the caller asks for small ones only. Throws GIT_MISSING, GIT_FAILED.
 */
export async function readBlobs(
  folder: string,
  objects: Iterable<string>,
  signal: AbortSignal,
): Promise<Map<string, Uint8Array>> {
  const wanted = [...new Set(objects)]
  if (wanted.length === 0) return new Map()
  const child = spawnGit(folder, ['cat-file', '--batch'], signal)
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  // git that went away closes its input: its exit code tells, not the broken pipe.
  child.stdin.on('error', () => undefined)
  child.stdin.end(`${wanted.join('\n')}\n`)
  try {
    const [blobs, told, code] = await Promise.all([
      readBatch(child.stdout, wanted),
      text(child.stderr),
      ended,
    ])
    if (code !== 0) throw new Error(told.trim() || `cat-file ended with code ${code}`)
    const missing = wanted.find((object) => !blobs.has(object))
    if (missing !== undefined) throw lacking(missing)
    return blobs
  } catch (error) {
    signal.throwIfAborted()
    throw translateGitFailure(error)
  }
}

/** The answers are `<object> blob <size>`, a line end, the bytes and a line end, in the order of the questions. */
async function readBatch(stream: AsyncIterable<Buffer>, wanted: string[]): Promise<Map<string, Uint8Array>> {
  const blobs = new Map<string, Uint8Array>()
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of stream) {
    const buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let position = 0
    for (;;) {
      const headEnd = buffer.indexOf(lineEnd, position)
      if (headEnd < 0) break
      const object = wanted[blobs.size] ?? 'that nobody asked for'
      const [name, type, size] = buffer.toString('latin1', position, headEnd).split(' ')
      if (name !== object || type !== 'blob') throw lacking(object)
      const end = headEnd + 1 + Number(size)
      if (end >= buffer.length) break
      if (buffer[end] !== lineEnd) throw lacking(object)
      // A copy: a part of the buffer would keep all of it for as long as one file stays.
      blobs.set(object, new Uint8Array(buffer.subarray(headEnd + 1, end)))
      position = end + 1
    }
    rest = buffer.subarray(position)
  }
  return blobs
}

function lacking(object: string): JobsdError {
  return new JobsdError('GIT_FAILED', { reason: `the repository lacks object ${object}` })
}
