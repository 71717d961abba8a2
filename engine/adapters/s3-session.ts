/** One open client of a bucket: its failures come out translated. */
import type { Log, Secrets } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { S3Connection } from '../core/manifest.ts'
import { type OpenStore, openStore, type S3Timeouts, s3Timeouts } from './s3-client.ts'
import { translateS3Failure } from './s3-errors.ts'
import { untilAborted } from './until-aborted.ts'

export interface S3SessionOptions {
  secrets: Secrets
  log?: Log
  timeouts?: Partial<S3Timeouts>
}

/** The bucket and the whole key, as the client's commands name them. */
export interface S3Target {
  Bucket: string
  Key: string
}

export interface S3Session {
  connection: S3Connection
  timeouts: S3Timeouts
  log: Log | undefined
  /** The key with the connection's prefix. Throws TARGET_REFUSED for one that a proxy or a store could read as another. */
  fullKey(key: string): string
  /** Does one thing with the store; its failures come out translated, and an abort as the signal's reason. */
  use<T>(
    path: string,
    signal: AbortSignal,
    work: (store: OpenStore, target: S3Target) => Promise<T>,
  ): Promise<T>
  close(): Promise<void>
}

/** The client is opened with the first use, and anew after the store refused its keys. */
export function createS3Session(connection: S3Connection, options: S3SessionOptions): S3Session {
  const timeouts = { ...s3Timeouts, ...options.timeouts }
  let opening: Promise<OpenStore> | undefined

  return {
    connection,
    timeouts,
    log: options.log,
    fullKey: (key) => fullKey(connection, key),
    async use(path, signal, work) {
      signal.throwIfAborted()
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
        // A role's keys are asked for without a signal.
        if (connection.assumeRole) await untilAborted(store.client.config.credentials(), signal)
        return await work(store, { Bucket: connection.bucket, Key: path })
      } catch (error) {
        if (signal.aborted) throw signal.reason
        const { name } = connection
        const { hidden } = store
        const attempt = { connection: name, path: path || '/', timeoutMs: timeouts.idleMs, hidden }
        const failure = translateS3Failure(error, attempt)
        // The next attempt reads the secrets anew: they may have been replaced.
        if (failure instanceof JobsdError && failure.code === 'AUTH_REFUSED') forget()
        throw failure
      }
    },
    async close() {
      const store = await opening?.catch(() => undefined)
      opening = undefined
      store?.client.destroy()
    },
  }
}

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
