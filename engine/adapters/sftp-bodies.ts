/** File bodies over SFTP: requests at explicit offsets, a window of them under way, every answer awaited. */
import type { LocalArtifact } from './local-bytes.ts'
import { readArtifact } from './local-bytes.ts'
import type { SftpWire } from './sftp-session.ts'

const WINDOW = 16
/** Below what every server takes in one packet (34,000 bytes with headers), so that no request is split. */
const CHUNK_BYTES = 31 * 1024

/**
 * Writes an artifact to an open, empty file. Resolves when the server acknowledged every byte. Throws the server's
 * first refusal, or ARTIFACT_DAMAGED when what was read here is not the artifact.
 */
export async function writeBody(wire: SftpWire, handle: Buffer, artifact: LocalArtifact): Promise<void> {
  const underWay: Promise<void>[] = []
  let position = 0
  for await (const chunk of readArtifact(artifact, CHUNK_BYTES)) {
    if (underWay.length === WINDOW) await underWay.shift()
    const offset = position
    underWay.push(
      awaitLater(wire.ask((sftp, done) => sftp.write(handle, chunk, 0, chunk.length, offset, done))),
    )
    position += chunk.length
  }
  for (const answer of underWay) await answer
}

/** Reads an open file to its end; `size` is what it is thought to hold, and decides how far is read ahead. */
export async function* readBody(wire: SftpWire, handle: Buffer, size: number): AsyncGenerator<Buffer> {
  const underWay: Promise<Buffer>[] = []
  for (let position = 0; ; ) {
    while (underWay.length === 0 || (underWay.length < WINDOW && position < size)) {
      underWay.push(awaitLater(readChunk(wire, handle, position)))
      position += CHUNK_BYTES
    }
    const chunk = (await underWay.shift())!
    if (chunk.length > 0) yield chunk
    if (chunk.length < CHUNK_BYTES) return
  }
}

/** Reads a chunk, which is short only at the end of the file. A server may answer with less than was asked for. */
async function readChunk(wire: SftpWire, handle: Buffer, position: number): Promise<Buffer> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  for (let filled = 0; filled < CHUNK_BYTES; ) {
    const count = await wire.ask<number>((sftp, done) =>
      sftp.read(handle, chunk, filled, CHUNK_BYTES - filled, position + filled, done),
    )
    if (count === 0) return chunk.subarray(0, filled)
    filled += count
  }
  return chunk
}

/** A promise that is awaited in its turn: failing before that must not count as unheard. */
function awaitLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}
