/** A zip of local files: streamed, in bounded memory, and the same bytes for the same files and moment. */
import { createReadStream, createWriteStream } from 'node:fs'
import { Readable, Writable } from 'node:stream'
import { configure, ZipWriter } from '@zip.js/zip.js'
import type { Secret } from '../core/secret.ts'
import { toStorageError } from '../core/storage-error.ts'

// Streams of this thread: its own workers would be one more thing to end.
configure({ useWebWorkers: false })

const chunkBytes = 256 * 1024
const aes256 = 3

export interface ZipRequest {
  outPath: string
  /** `name` is the entry's. */
  entries: { name: string; localPath: string }[]
  /** What each entry says as its time, in parts as a clock on the wall shows them: a zip knows no zone. */
  wallMs: number
  /** Encrypts every entry by AES-256 (AE-2), whose bytes differ each time; null writes a plain zip. */
  passphrase: Secret | null
}

export async function writeZip(
  { outPath, entries, wallMs, passphrase }: ZipRequest,
  signal: AbortSignal,
): Promise<void> {
  const out = createWriteStream(outPath, { flags: 'wx', mode: 0o600, highWaterMark: chunkBytes })
  const sealed = passphrase ? { password: passphrase.reveal(), encryptionStrength: aes256 as 3 } : {}
  const zip = new ZipWriter(Writable.toWeb(out), {
    ...sealed,
    lastModDate: localDate(wallMs),
    // Times of a zone and marks of a system would make other bytes elsewhere.
    extendedTimestamp: false,
    msDosCompatible: true,
    level: 6,
    signal,
  })
  try {
    for (const { localPath, name } of entries) {
      signal.throwIfAborted()
      const file = createReadStream(localPath, { highWaterMark: chunkBytes })
      await zip.add(name, Readable.toWeb(file) as ReadableStream<Uint8Array>)
    }
    await zip.close()
  } catch (error) {
    out.destroy()
    signal.throwIfAborted()
    throw toStorageError(error)
  }
}

/** The moment whose parts on this machine's clock are those. */
function localDate(wallMs: number): Date {
  const wall = new Date(wallMs)
  return new Date(
    wall.getUTCFullYear(),
    wall.getUTCMonth(),
    wall.getUTCDate(),
    wall.getUTCHours(),
    wall.getUTCMinutes(),
    wall.getUTCSeconds(),
  )
}
