/** Objects of one S3 bucket. The client library is loaded with the first request: it is heavy. */
import type { ObjectStore } from '../core/contracts/endpoints.ts'
import type { S3Connection } from '../core/manifest.ts'
import { fetchObject } from './s3-download.ts'
import { linkObject } from './s3-link.ts'
import { listObjects } from './s3-listing.ts'
import { lookAt } from './s3-look.ts'
import { type PutState, putObject } from './s3-put.ts'
import { createS3Session, type S3SessionOptions } from './s3-session.ts'

export type S3ObjectsOptions = S3SessionOptions

/**
 * The bucket of one connection document, with its credentials and region only: nothing of the environment or of a
 * home folder is read. The key must be allowed to get and list as well as to put, or FILE_EXISTS cannot be told.
 * Throws TARGET_REFUSED, TARGET_BUSY, TARGET_FULL, AUTH_REFUSED, ENDPOINT_UNREACHABLE, ENDPOINT_TIMEOUT,
 * FILE_EXISTS, FILE_MISSING, VERIFY_FAILED, and ARTIFACT_DAMAGED where the local file is not what the request says.
 */
export function createS3Objects(
  connection: S3Connection,
  options: S3ObjectsOptions,
): ObjectStore & { close(): Promise<void> } {
  const session = createS3Session(connection, options)
  const state: PutState = { isConditional: connection.conditionalPut ?? true, isSwept: false }

  return {
    async head(key, signal) {
      const there = await lookAt(session, session.fullKey(key), signal)
      return there && { size: there.size, sha256: there.sha256 }
    },
    put: (request, signal) => putObject(session, state, request, signal),
    list: (prefix, signal) => listObjects(session, prefix, signal),
    fetch: (object, localPath, signal) => fetchObject(session, object, localPath, signal),
    async remove(key, signal) {
      await session.use(session.fullKey(key), signal, async ({ s3, client }, target) => {
        await client.send(new s3.DeleteObjectCommand(target), { abortSignal: signal })
      })
    },
    link: (key, seconds, signal) => linkObject(session, key, seconds, signal),
    close: () => session.close(),
  }
}
