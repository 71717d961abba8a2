/** Bytes between the engine's own disk and a target. */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { JobsdError } from '../core/errors.ts'
import type { Sha256 } from '../core/model.ts'
import { isErrno } from './local-errors.ts'

const CHUNK_BYTES = 256 * 1024

/** An artifact as it is on disk. */
export interface LocalArtifact {
  localPath: string
  size: number
  sha256: Sha256
}

export interface ByteCount {
  /** Bytes. */
  size: number
  sha256: Sha256
}

/**
 * Reads an artifact in chunks, each a buffer of its own.
 * Throws ARTIFACT_DAMAGED after the last chunk when size or sha256 do not fit, at once when it is missing or too long.
 */
export async function* readArtifact(artifact: LocalArtifact): AsyncGenerator<Buffer> {
  yield* checkArtifact(artifact, readLocal(artifact))
}

/** Hands on what was read of an artifact, and throws ARTIFACT_DAMAGED as `readArtifact` does. */
export async function* checkArtifact(
  artifact: LocalArtifact,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > artifact.size) break
    hash.update(chunk)
    yield chunk
  }
  if (size !== artifact.size || hash.digest('hex') !== artifact.sha256) throw damaged(artifact)
}

async function* readLocal(artifact: LocalArtifact): AsyncGenerator<Buffer> {
  const file = await openArtifact(artifact)
  try {
    yield* readHandle(file)
  } finally {
    await file.close()
  }
}

/** Opens an artifact, and no link in its place. Throws ARTIFACT_DAMAGED where it is not there. */
export function openArtifact(artifact: LocalArtifact): Promise<FileHandle> {
  return open(artifact.localPath, constants.O_RDONLY | constants.O_NOFOLLOW).catch((cause) => {
    throw damaged(artifact, cause)
  })
}

/** Reads an open file from its start to its end in chunks, each a buffer of its own. */
export async function* readHandle(file: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
    // Only the end of a plain file makes a read short.
    if (bytesRead < CHUNK_BYTES) return
  }
}

/**
 * Writes chunks to a new private file and counts them. Leaves no file behind when it throws; throws TARGET_FULL when
 * the engine's own disk is full.
 */
export async function writeLocal(localPath: string, chunks: AsyncIterable<Buffer>): Promise<ByteCount> {
  const file = await open(localPath, 'wx', 0o600)
  try {
    return await countBytes(chunks, async (chunk, position) => {
      await writeAll(file, chunk, position).catch((error: unknown) => {
        throw isErrno(error, 'ENOSPC', 'EDQUOT') ? ownDiskFull(localPath, error) : error
      })
    })
  } catch (error) {
    await rm(localPath, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

/** Counts and hashes chunks, and hands each with its position to `take` on the way. */
export async function countBytes(
  chunks: AsyncIterable<Buffer>,
  take: (chunk: Buffer, position: number) => Promise<void> = async () => {},
): Promise<ByteCount> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of chunks) {
    hash.update(chunk)
    await take(chunk, size)
    size += chunk.length
  }
  return { size, sha256: hash.digest('hex') }
}

/** Writes a whole chunk at a position, however many writes that takes. */
export async function writeAll(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done)
    done += bytesWritten
  }
}

/** Makes a folder's entries survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function ownDiskFull(localPath: string, cause: unknown): JobsdError {
  const details = { connection: "the engine's own disk", path: basename(localPath), reason: 'disk full' }
  return new JobsdError('TARGET_FULL', details, { cause })
}

/** The artifact is not on disk as it was made. */
export function damaged(artifact: LocalArtifact, cause?: unknown): JobsdError {
  return new JobsdError('ARTIFACT_DAMAGED', { sha256: artifact.sha256 }, { cause })
}
