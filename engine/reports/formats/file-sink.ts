/** Where the bytes of a report's file go, in bounded memory. */
import { createWriteStream } from 'node:fs'
import { Transform, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

export interface FileSink {
  /** Resolves once more can be taken. Rejects with what the disk said, or what `tooLarge` gives. */
  write(content: string | Buffer): Promise<void>
  /** Resolves once everything is written. */
  end(): Promise<void>
  /** Gives up: nothing is open any more when it resolves. */
  abandon(): Promise<void>
  /** For what writes by itself, as a zip does. It must not be ended. */
  stream: Writable
}

/** Opens the file anew, readable by its owner only. `maxBytes` is of the file: after compression. */
export function openFileSink(
  path: string,
  { gzip, maxBytes, tooLarge }: { gzip: boolean; maxBytes: number; tooLarge: () => Error },
): FileSink {
  let bytes = 0
  const counter = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length
      if (bytes > maxBytes) done(tooLarge())
      else done(null, chunk)
    },
  })
  const file = createWriteStream(path, { mode: 0o600, highWaterMark: 2 ** 20 })
  const head: Writable = gzip ? createGzip({ chunkSize: 2 ** 17 }) : counter
  const written = gzip
    ? pipeline(head as ReturnType<typeof createGzip>, counter, file)
    : pipeline(counter, file)
  // Whoever writes next is told; until then nobody listens.
  written.catch(() => {})
  return {
    stream: head,
    async write(content) {
      if (content.length === 0) return
      if (head.destroyed) return await written
      // Not `once`, whose listeners cost more than a small write.
      if (head.write(content)) return
      await Promise.race([new Promise((resolve) => head.once('drain', resolve)), written])
    },
    async end() {
      head.end()
      await written
    },
    async abandon() {
      head.destroy()
      await written.catch(() => {})
    },
  }
}
