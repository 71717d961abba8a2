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
    const [output, told, code] = await Promise.all([readAll(child.stdout), text(child.stderr), ended])
    if (code !== 0) throw new Error(told.trim() || `cat-file ended with code ${code}`)
    return splitBatch(output, wanted)
  } catch (error) {
    signal.throwIfAborted()
    throw translateGitFailure(error)
  }
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The answers are `<object> blob <size>`, a line end, the bytes and a line end, in the order of the questions. */
function splitBatch(output: Buffer, wanted: string[]): Map<string, Uint8Array> {
  const blobs = new Map<string, Uint8Array>()
  let position = 0
  for (const object of wanted) {
    const headEnd = output.indexOf(lineEnd, position)
    const head = output.toString('latin1', position, Math.max(position, headEnd))
    const [name, type, size] = head.split(' ')
    const start = headEnd + 1
    const end = start + Number(size)
    if (name !== object || type !== 'blob' || !(end < output.length) || output[end] !== lineEnd) {
      throw new JobsdError('GIT_FAILED', { reason: `the repository lacks object ${object}` })
    }
    blobs.set(object, output.subarray(start, end))
    position = end + 1
  }
  return blobs
}
