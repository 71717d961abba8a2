/** File bodies over SFTP: requests at explicit offsets, a window of them under way, every answer awaited. */
import type { LocalArtifact } from './local-bytes.ts'
import { readToSend } from './read-to-send.ts'
import type { SftpWire } from './sftp-operation.ts'

/** What may be under way of one body; about what OpenSSH's server lets through before it wants to be asked. */
const WINDOW_BYTES = 2 * 1024 * 1024

/** How many requests of a body may be under way. */
export function windowOf({ chunkBytes }: SftpWire): number {
  return Math.floor(WINDOW_BYTES / chunkBytes)
}

/**
 * Writes an artifact to an open file, from the chunk on that `start` lies in: what is before is there. Resolves when
 * the server acknowledged every byte. Throws the server's first refusal, or ARTIFACT_DAMAGED when what was read here
 * is not the artifact.
 */
export async function writeBody(
  wire: SftpWire,
  handle: Buffer,
  artifact: LocalArtifact,
  start = 0,
): Promise<void> {
  const underWay: Promise<void>[] = []
  const window = windowOf(wire)
  let position = 0
  // A request holds a copy of its bytes.
  for await (const chunk of readToSend(artifact, wire.chunkBytes)) {
    const offset = position
    position += chunk.length
    if (position <= start) continue
    if (underWay.length === window) await underWay.shift()
    underWay.push(
      awaitLater(wire.ask((sftp, done) => sftp.write(handle, chunk, 0, chunk.length, offset, done))),
    )
  }
  for (const answer of underWay) await answer
}

/** Reads an open file from `start` to its end; `size` is what it is thought to hold, and decides how far is read ahead. */
export async function* readBody(
  wire: SftpWire,
  handle: Buffer,
  size: number,
  start = 0,
): AsyncGenerator<Buffer> {
  const underWay: Promise<Buffer>[] = []
  const { chunkBytes } = wire
  const window = windowOf(wire)
  for (let position = start; ; ) {
    while (underWay.length === 0 || (underWay.length < window && position < size)) {
      underWay.push(awaitLater(readChunk(wire, handle, position)))
      position += chunkBytes
    }
    const chunk = (await underWay.shift())!
    if (chunk.length > 0) yield chunk
    if (chunk.length < chunkBytes) return
  }
}

/** Reads a chunk, which is short only at the end of the file. A server may answer with less than was asked for. */
async function readChunk(wire: SftpWire, handle: Buffer, position: number): Promise<Buffer> {
  const { chunkBytes } = wire
  const chunk = Buffer.allocUnsafe(chunkBytes)
  for (let filled = 0; filled < chunkBytes; ) {
    const count = await wire.ask<number>((sftp, done) =>
      sftp.read(handle, chunk, filled, chunkBytes - filled, position + filled, done),
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
