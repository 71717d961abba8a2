/** Reads what a web service answers, never more of it than was allowed. */
import { createWriteStream } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { JobsdError } from '../core/errors.ts'
import type { Asked } from './http-errors.ts'

const maxErrorBytes = 8192

/** Keeps the whole body in a new file. Throws ANSWER_LOST where it is larger than `allowed` bytes; rejects where it breaks off. */
export async function saveAnswer(
  response: IncomingMessage,
  path: string,
  allowed: number,
  asked: Asked,
): Promise<void> {
  const tooLarge = () =>
    new JobsdError('ANSWER_LOST', { ...asked, reason: `it has more than ${allowed} bytes` })
  if (Number(response.headers['content-length'] ?? 0) > allowed) throw tooLarge()
  let size = 0
  const cap = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      size += chunk.length
      if (size > allowed) next(tooLarge())
      else next(null, chunk)
    },
  })
  await pipeline(response, cap, createWriteStream(path, { flags: 'wx', mode: 0o600 }))
}

/** Reads a body that nobody wants, so that the service is not cut off in the middle of its words. */
export async function drainAnswer(response: IncomingMessage, allowed: number): Promise<void> {
  let size = 0
  try {
    for await (const chunk of response) {
      size += (chunk as Buffer).length
      if (size > allowed) return
    }
  } catch {
    // The status has come, and says all that is asked for.
  }
}

/** The beginning of a body as text: where it is cut, `margin` characters before the cut are left out. */
export async function readBeginning(response: IncomingMessage, margin: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of response) {
      chunks.push(chunk as Buffer)
      size += (chunk as Buffer).length
      if (size > maxErrorBytes) break
    }
  } catch {
    // What came of it is shown: the status tells what is wrong.
  }
  const text = Buffer.concat(chunks).subarray(0, maxErrorBytes).toString('utf8')
  return size > maxErrorBytes ? text.slice(0, Math.max(0, text.length - margin)) : text
}

/** As the service says, without parameters. */
export function mediaTypeOf({ headers }: IncomingMessage): string {
  const [type = ''] = (headers['content-type'] ?? '').split(';')
  const plain = type.trim().toLowerCase()
  return /^[a-z0-9][a-z0-9.+-]{0,60}\/[a-z0-9][a-z0-9.+-]{0,60}$/.test(plain)
    ? plain
    : 'application/octet-stream'
}
