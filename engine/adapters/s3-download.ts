/** Takes an object out of S3: whole, of one version, and what the store says it is. */
import { rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import type { ObjectEntry } from '../core/contracts/endpoints.ts'
import { JobsdError } from '../core/errors.ts'
import type { Sha256 } from '../core/model.ts'
import { type ByteCount, writeLocal } from './local-bytes.ts'
import type { OpenStore } from './s3-client.ts'
import { statusOf } from './s3-errors.ts'
import { lookAt, type StoredObject } from './s3-look.ts'
import type { S3Session, S3Target } from './s3-session.ts'

const maxCuts = 5

/** See ObjectStore. A connection that breaks in the middle is taken up where it broke. Leaves no file when it throws. */
export async function fetchObject(
  session: S3Session,
  object: ObjectEntry,
  localPath: string,
  signal: AbortSignal,
): Promise<ByteCount> {
  const path = session.fullKey(object.key)
  const found = await lookAt(session, path, signal)
  if (!found) throw new JobsdError('FILE_MISSING', { path })
  const changed = found.size !== object.size || (object.version ?? found.version) !== found.version
  if (changed) throw changedError(session, path)
  return await session.use(path, signal, async (store, target) => {
    const sum = { crc32: 0 }
    const copied = await writeLocal(localPath, readObject({ session, store, target, found, signal }, sum))
    const difference = differenceOf(found, copied.sha256, sum.crc32)
    if (difference === undefined) return copied
    await rm(localPath, { force: true })
    throw differs(path, difference)
  })
}

interface Download {
  session: S3Session
  store: OpenStore
  target: S3Target
  found: StoredObject
  signal: AbortSignal
}

/** The bytes of an object; counts their crc32 on the way. */
async function* readObject(download: Download, sum: { crc32: number }): AsyncGenerator<Buffer> {
  const { found, target } = download
  let position = 0
  for (let cuts = 0; position < found.size; ) {
    const body = await openBody(download, position)
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        position += chunk.length
        if (position > found.size) throw differs(target.Key, `it has more than ${found.size} bytes`)
        sum.crc32 = crc32(chunk, sum.crc32)
        yield chunk
      }
      if (position < found.size) throw lost('the body ended early')
    } catch (error) {
      if (!isLost(error) || ++cuts > maxCuts) throw error
    } finally {
      body.destroy()
    }
  }
}

/** Opens the object from a position on, in the version that was looked at. */
async function openBody(
  { session, store: { s3, client }, target, found, signal }: Download,
  position: number,
): Promise<Readable> {
  const command = new s3.GetObjectCommand({
    ...target,
    ...(found.version !== undefined && { IfMatch: found.version }),
    ...(position > 0 && { Range: `bytes=${position}-` }),
  })
  const got = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
    throw statusOf(error) === 412 ? changedError(session, target.Key) : error
  })
  const body = got.Body as Readable
  const isHere = position === 0 || got.ContentRange?.startsWith(`bytes ${position}-`)
  // Not every store heeds If-Match.
  if (got.ETag === found.version && isHere) return body
  body.destroy()
  throw got.ETag === found.version
    ? differs(target.Key, 'the store gave another range')
    : changedError(session, target.Key)
}

/** Why the bytes that came are not what the store recorded and counted, or undefined. */
function differenceOf(found: StoredObject, sha256: Sha256, crc: number): string | undefined {
  if ((found.sha256 ?? sha256) !== sha256) return 'its recorded sha256 is another one'
  if ((found.counted.sha256 ?? sha256) !== sha256) return 'the store counts another sha256'
  if ((found.counted.crc32 ?? crc) !== crc) return 'the store counts another crc32'
  return undefined
}

/** A silent connection is none: the client ends it as a timeout. */
function isLost(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ECONNRESET'
}

function lost(words: string): Error {
  return Object.assign(new Error(words), { code: 'ECONNRESET' })
}

function changedError(session: S3Session, path: string): JobsdError {
  const reason = `${path} was changed since it was listed`
  return new JobsdError('TARGET_BUSY', { connection: session.connection.name, reason })
}

function differs(path: string, reason: string): JobsdError {
  return new JobsdError('VERIFY_FAILED', { path, reason })
}
