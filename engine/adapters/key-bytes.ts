/** A file's bytes through the OpenPGP library into another file, in bounded memory. */
import { createReadStream, createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { toStorageError } from '../core/storage-error.ts'

const chunkBytes = 64 * 1024

export interface KeyInput {
  stream: ReadableStream<Uint8Array>
  /** Stops reading, whoever has the stream by now. */
  close(): void
}

export function openInput(localPath: string): KeyInput {
  const file = createReadStream(localPath, { highWaterMark: chunkBytes })
  // Told by the stream that is made of it; without a listener it would end the process.
  file.on('error', () => undefined)
  return {
    stream: Readable.toWeb(file) as ReadableStream<Uint8Array>,
    close: () => void file.destroy(),
  }
}

/** Writes a new private file of what comes; `check` sees each chunk first. Throws the signal's reason once it aborts. */
export async function writeOutput(
  source: unknown,
  outPath: string,
  signal: AbortSignal,
  check: (bytes: number) => void = () => undefined,
): Promise<void> {
  const readable = Readable.from(readChunks(source as ReadableStream<Uint8Array | string>, check))
  await pipeline(readable, createWriteStream(outPath, { flags: 'wx', mode: 0o600 }), { signal })
}

/** Takes all of a stream and keeps nothing. */
export async function drain(source: unknown, signal: AbortSignal): Promise<void> {
  // The library lets its streams be read by a reader only.
  const reader = (source as ReadableStream<Uint8Array>).getReader()
  while (!(await reader.read()).done) signal.throwIfAborted()
}

async function* readChunks(
  source: ReadableStream<Uint8Array | string>,
  check: (bytes: number) => void,
): AsyncGenerator<Uint8Array | string> {
  for await (const chunk of source) {
    check(chunk.length)
    yield chunk
  }
}

/** The signal's reason, the engine's own disk, or what `translate` makes of a foreign error. */
export function keyFailure(
  error: unknown,
  signal: AbortSignal,
  translate: (error: unknown) => unknown,
): unknown {
  if (signal.aborted) return signal.reason
  const isSystem = error instanceof Error && 'syscall' in error
  return isSystem ? toStorageError(error) : translate(error)
}
