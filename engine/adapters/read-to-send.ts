/** Reading an artifact for a connection that takes its bytes as fast as they come. */
import { hash } from 'node:crypto'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { checkArtifact, damaged, type LocalArtifact, openArtifact } from './local-bytes.ts'

/** Up to that many bytes a file is small. */
export const SMALL_BYTES = 64 * 1024
/** How many chunks one read brings, while those of the one before are sent. */
const READ_CHUNKS = 4

/**
 * Reads an artifact in chunks of `chunkBytes`, whose bytes hold until the next is asked for. Throws ARTIFACT_DAMAGED as
 * `readArtifact` does, for a small one before its first chunk.
 */
export async function* readToSend(artifact: LocalArtifact, chunkBytes: number): AsyncGenerator<Buffer> {
  if (artifact.size > SMALL_BYTES) yield* checkArtifact(artifact, readAhead(artifact, chunkBytes))
  else yield* chunksOf(readSmall(artifact), chunkBytes)
}

/**
 * Reads a small artifact at once: handing its opening, reading and closing to other threads costs more than sending it.
 * The disk is the ledger's, which is waited for in the same way.
 */
function readSmall(artifact: LocalArtifact): Buffer {
  const bytes = Buffer.allocUnsafe(artifact.size + 1)
  const read = bytes.subarray(0, readAll(artifact, bytes))
  if (read.length !== artifact.size || hash('sha256', read, 'hex') !== artifact.sha256)
    throw damaged(artifact)
  return read
}

function readAll(artifact: LocalArtifact, bytes: Buffer): number {
  const file = openNow(artifact)
  try {
    return readSync(file, bytes, 0, bytes.length, 0)
  } finally {
    closeSync(file)
  }
}

/** Waits for nothing: a pipe in an artifact's place would be waited for forever. */
function openNow(artifact: LocalArtifact): number {
  try {
    return openSync(artifact.localPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (cause) {
    throw damaged(artifact, cause)
  }
}

async function* readAhead(artifact: LocalArtifact, chunkBytes: number): AsyncGenerator<Buffer> {
  const file = await openArtifact(artifact)
  const readBytes = Math.min(READ_CHUNKS * chunkBytes, artifact.size + 1)
  const read = (buffer: Buffer, position: number) => {
    const reading = file.read(buffer, 0, readBytes, position)
    // Where nobody asks for more, nobody asks how it went.
    reading.catch(() => {})
    return reading
  }
  try {
    let spare: Buffer = Buffer.allocUnsafe(readBytes)
    let reading = read(Buffer.allocUnsafe(readBytes), 0)
    for (let position = readBytes; ; position += readBytes) {
      const { bytesRead, buffer } = await reading
      // Only the end of a plain file makes a read short.
      const isLast = bytesRead < readBytes
      if (!isLast) reading = read(spare, position)
      yield* chunksOf(buffer.subarray(0, bytesRead), chunkBytes)
      if (isLast) return
      spare = buffer
    }
  } finally {
    await file.close()
  }
}

function* chunksOf(bytes: Buffer, chunkBytes: number): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += chunkBytes)
    yield bytes.subarray(start, start + chunkBytes)
}
