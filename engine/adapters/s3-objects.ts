/** Objects of one S3 bucket. The client library is loaded with the first request: it is heavy. */
import type { ObjectPut, ObjectStore } from '../core/contracts/endpoints.ts'
import type { Secrets } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { S3Connection } from '../core/manifest.ts'
import type { Sha256 } from '../core/model.ts'
import { type OpenStore, openStore, type S3Timeouts, s3Timeouts } from './s3-client.ts'
import { statusOf, translateS3Failure } from './s3-errors.ts'
import { readWhole, uploadInParts } from './s3-upload.ts'

export interface S3ObjectsOptions {
  secrets: Secrets
  timeouts?: Partial<S3Timeouts>
}

interface StoredObject {
  size: number
  sha256: Sha256 | undefined
  /** As the store counted it itself, where it did for the whole object. */
  counted: Sha256 | undefined
}

const singlePutBytes = 16 * 1024 * 1024

/**
 * The bucket of one connection document, with its credentials and region only: nothing of the environment or of a
 * home folder is read. The key must be allowed to get and list as well as to put, or FILE_EXISTS cannot be told.
 * Throws TARGET_REFUSED, TARGET_BUSY, TARGET_FULL, AUTH_REFUSED, ENDPOINT_UNREACHABLE, ENDPOINT_TIMEOUT,
 * FILE_EXISTS, VERIFY_FAILED, and ARTIFACT_DAMAGED where the local file is not what the request says.
 */
export function createS3Objects(
  connection: S3Connection,
  options: S3ObjectsOptions,
): ObjectStore & { close(): Promise<void> } {
  const timeouts = { ...s3Timeouts, ...options.timeouts }
  let opening: Promise<OpenStore> | undefined

  /** Does one thing with the store; its failures come out translated, and an abort as the signal's reason. */
  async function use<T>(
    key: string,
    signal: AbortSignal,
    work: (store: OpenStore, target: { Bucket: string; Key: string }) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted()
    const path = fullKey(connection, key)
    opening ??= openStore(connection, options.secrets, timeouts)
    const mine = opening
    const forget = (): void => {
      if (opening === mine) opening = undefined
    }
    const store = await mine.catch((error: unknown) => {
      forget()
      throw error
    })
    try {
      return await work(store, { Bucket: connection.bucket, Key: path })
    } catch (error) {
      if (signal.aborted) throw signal.reason
      const timeoutMs = timeouts.idleMs
      const failure = translateS3Failure(error, {
        connection: connection.name,
        path,
        timeoutMs,
        hidden: store.hidden,
      })
      // The next attempt reads the secrets anew: they may have been replaced.
      if (failure instanceof JobsdError && failure.code === 'AUTH_REFUSED') forget()
      throw failure
    }
  }

  function look(key: string, signal: AbortSignal): Promise<StoredObject | undefined> {
    return use(key, signal, async ({ s3, client }, target) => {
      try {
        const command = new s3.HeadObjectCommand({ ...target, ChecksumMode: 'ENABLED' })
        const found = await client.send(command, { abortSignal: signal })
        return {
          size: found.ContentLength ?? 0,
          sha256: asSha256(found.Metadata?.sha256),
          counted: wholeSha256(found.ChecksumSHA256),
        }
      } catch (error) {
        if (statusOf(error) === 404) return undefined
        if (statusOf(error) !== 403) throw error
        // The answer to HEAD has no body, so it does not say why. That to GET does.
        const got = await client.send(new s3.GetObjectCommand({ ...target, Range: 'bytes=0-0' }), {
          abortSignal: signal,
        })
        await got.Body?.transformToByteArray()
        throw error
      }
    })
  }

  async function write(request: ObjectPut, signal: AbortSignal): Promise<void> {
    await use(request.key, signal, async ({ s3, client }, target) => {
      const params = {
        ...target,
        ContentType: request.mediaType,
        ContentLength: request.size,
        Metadata: { sha256: request.sha256 },
        ...(request.overwrite !== 'replace' && { IfNoneMatch: '*' }),
      }
      if (request.size > singlePutBytes) return uploadInParts(client, params, request, signal)
      const command = new s3.PutObjectCommand({
        ...params,
        Body: await readWhole(request),
        ChecksumSHA256: Buffer.from(request.sha256, 'hex').toString('base64'),
      })
      await client.send(command, { abortSignal: signal })
    })
  }

  async function verify(request: ObjectPut, signal: AbortSignal): Promise<void> {
    const there = await look(request.key, signal)
    const reason = !there ? 'it is not there' : differenceOf(there, request)
    const path = fullKey(connection, request.key)
    if (reason) throw new JobsdError('VERIFY_FAILED', { path, reason })
  }

  /** What an object that was found in the way means. */
  function settle(there: StoredObject, request: ObjectPut, sameIsFine: boolean): string {
    if (sameIsFine && !differenceOf(there, request)) return `${request.key} was there with the same content`
    throw new JobsdError('FILE_EXISTS', { path: fullKey(connection, request.key) })
  }

  async function put(request: ObjectPut, signal: AbortSignal): Promise<string> {
    if (request.overwrite !== 'replace') {
      // Some stores ignore If-None-Match, so we look ourselves as well.
      const there = await look(request.key, signal)
      if (there) return settle(there, request, request.overwrite === 'skip-if-same')
    }
    try {
      await write(request, signal)
    } catch (error) {
      if (!(error instanceof JobsdError) || error.code !== 'FILE_EXISTS') throw error
      const there = await look(request.key, signal)
      if (!there) {
        const reason = 'another write to the same key was under way'
        throw new JobsdError('TARGET_BUSY', { connection: connection.name, reason }, { cause: error })
      }
      // The same content appeared since we looked: a put of ours whose answer was lost, sent again by the client.
      return settle(there, request, true)
    }
    await verify(request, signal)
    return `${request.key} was put, ${request.size} bytes`
  }

  return {
    put,
    async head(key, signal) {
      const there = await look(key, signal)
      return there && { size: there.size, sha256: there.sha256 }
    },
    async close() {
      const store = await opening?.catch(() => undefined)
      opening = undefined
      store?.client.destroy()
    },
  }
}

/** Why an object is not the one of the request, or undefined. */
function differenceOf(there: StoredObject, request: ObjectPut): string | undefined {
  if (there.size !== request.size) return `it has ${there.size} bytes instead of ${request.size}`
  if (there.sha256 !== request.sha256) return `its recorded sha256 is ${there.sha256 ?? 'missing'}`
  if ((there.counted ?? request.sha256) !== request.sha256) return 'the store counts another sha256'
  return undefined
}

function asSha256(text: string | undefined): Sha256 | undefined {
  return text !== undefined && /^[0-9a-f]{64}$/.test(text) ? text : undefined
}

/** The checksum of an object in parts is one of checksums: it says so by a suffix and tells nothing here. */
function wholeSha256(checksum: string | undefined): Sha256 | undefined {
  const isWhole = checksum !== undefined && /^[A-Za-z0-9+/]{43}=$/.test(checksum)
  return isWhole ? Buffer.from(checksum, 'base64').toString('hex') : undefined
}

/** Throws TARGET_REFUSED for a key that a proxy or a store could read as another one. */
function fullKey(connection: S3Connection, key: string): string {
  const path = `${connection.prefix ?? ''}${key}`
  const isOdd = path.split('/').some((part) => part === '.' || part === '..') || /\p{Cc}/u.test(path)
  if (key === '' || isOdd || path.startsWith('/') || Buffer.byteLength(path) > 1024) {
    const reason = 'it is no key that means the same everywhere'
    throw new JobsdError('TARGET_REFUSED', {
      connection: connection.name,
      path: JSON.stringify(path),
      reason,
    })
  }
  return path
}
