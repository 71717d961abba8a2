/** Puts a local file into a bucket: whole or not at all, onto no key that is taken unless asked. */
import type { StorageClass } from '@aws-sdk/client-s3'
import type { ObjectPut } from '../core/contracts/endpoints.ts'
import { JobsdError } from '../core/errors.ts'
import type { S3Connection } from '../core/manifest.ts'
import { statusOf } from './s3-errors.ts'
import { lookAt, type StoredObject } from './s3-look.ts'
import type { S3Session } from './s3-session.ts'
import { sweepUploads } from './s3-sweep.ts'
import { readWhole, uploadInParts } from './s3-upload.ts'

const singlePutBytes = 16 * 1024 * 1024

/** What one connection was seen to do. */
export interface PutState {
  /** The store refuses taken keys itself, as far as anybody knows. */
  isConditional: boolean
  isSwept: boolean
}

/** See ObjectStore. */
export async function putObject(
  session: S3Session,
  state: PutState,
  request: ObjectPut,
  signal: AbortSignal,
): Promise<string> {
  const { connection } = session
  const path = session.fullKey(request.key)
  if (request.overwrite !== 'replace') {
    // Some stores ignore If-None-Match, so we look ourselves as well.
    const there = await lookAt(session, path, signal)
    if (there) return settle(there, path, request, request.overwrite === 'skip-if-same')
  }
  try {
    await write(session, state, request, signal)
  } catch (error) {
    if (!(error instanceof JobsdError) || error.code !== 'FILE_EXISTS') throw error
    const there = await lookAt(session, path, signal)
    if (!there) {
      const reason = 'another write to the same key was under way'
      throw new JobsdError('TARGET_BUSY', { connection: connection.name, reason }, { cause: error })
    }
    // The same content appeared since we looked: a put of ours whose answer was lost, sent again by the client.
    return settle(there, path, request, true)
  }
  await verify(session, path, request, signal)
  const onlyLooked = request.overwrite !== 'replace' && !state.isConditional
  const how = onlyLooked ? '; the key was looked at first, as the store refuses no taken one itself' : ''
  return `${request.key} was put, ${request.size} bytes${how}`
}

async function write(
  session: S3Session,
  state: PutState,
  request: ObjectPut,
  signal: AbortSignal,
): Promise<void> {
  await session.use(session.fullKey(request.key), signal, async ({ s3, client }, target) => {
    const params = {
      ...target,
      ContentType: request.mediaType,
      ContentLength: request.size,
      Metadata: { sha256: request.sha256 },
      ...keepingOf(session.connection),
      ...(request.tags && { Tagging: spellTags(request.tags) }),
    }
    const send = async (isConditional: boolean): Promise<void> => {
      const condition = isConditional ? { IfNoneMatch: '*' } : {}
      if (request.size > singlePutBytes) {
        const onBegun = (uploadId: string) =>
          sweepOnce(session, state, { path: target.Key, uploadId }, signal)
        return await uploadInParts(client, { ...params, ...condition }, request, onBegun, signal)
      }
      const command = new s3.PutObjectCommand({
        ...params,
        ...condition,
        Body: await readWhole(request),
        ChecksumSHA256: Buffer.from(request.sha256, 'hex').toString('base64'),
      })
      await client.send(command, { abortSignal: signal })
    }
    const asks = request.overwrite !== 'replace' && state.isConditional
    try {
      await send(asks)
    } catch (error) {
      // A store that says it does not know the condition did nothing.
      if (!asks || statusOf(error) !== 501) throw error
      await send(false)
      state.isConditional = false
    }
  })
}

/** How a connection wants its objects kept, as the client's commands say it. */
export function keepingOf({
  kmsKeyId,
  serverSideEncryption = kmsKeyId === undefined ? undefined : 'aws:kms',
  storageClass,
}: S3Connection): {
  ServerSideEncryption?: 'AES256' | 'aws:kms'
  SSEKMSKeyId?: string
  StorageClass?: StorageClass
} {
  return {
    ...(serverSideEncryption && { ServerSideEncryption: serverSideEncryption }),
    ...(kmsKeyId && { SSEKMSKeyId: kmsKeyId }),
    ...(storageClass && { StorageClass: storageClass }),
  }
}

function spellTags(tags: Record<string, string>): string {
  return Object.entries(tags)
    .map((tag) => tag.map(encodeURIComponent).join('='))
    .join('&')
}

async function sweepOnce(
  session: S3Session,
  state: PutState,
  own: { path: string; uploadId: string },
  signal: AbortSignal,
): Promise<void> {
  if (state.isSwept) return
  state.isSwept = true
  await sweepUploads(session, own, signal)
}

async function verify(
  session: S3Session,
  path: string,
  request: ObjectPut,
  signal: AbortSignal,
): Promise<void> {
  const { connection } = session
  const there = await lookAt(session, path, signal)
  const reason = !there ? 'it is not there' : differenceOf(there, request)
  if (reason) throw new JobsdError('VERIFY_FAILED', { path, reason })
  const { ServerSideEncryption: wanted } = keepingOf(connection)
  if (wanted && there?.encryption !== wanted) {
    const said = `it was stored, but its encryption is ${there?.encryption ?? 'none'} instead of ${wanted}`
    throw new JobsdError('TARGET_REFUSED', { connection: connection.name, path, reason: said })
  }
}

/** What an object that was found in the way means. */
function settle(there: StoredObject, path: string, request: ObjectPut, sameIsFine: boolean): string {
  if (sameIsFine && !differenceOf(there, request)) return `${request.key} was there with the same content`
  throw new JobsdError('FILE_EXISTS', { path })
}

/** Why an object is not the one of the request, or undefined. */
function differenceOf(there: StoredObject, request: ObjectPut): string | undefined {
  if (there.size !== request.size) return `it has ${there.size} bytes instead of ${request.size}`
  if (there.sha256 !== request.sha256) return `its recorded sha256 is ${there.sha256 ?? 'missing'}`
  if ((there.counted.sha256 ?? request.sha256) !== request.sha256) return 'the store counts another sha256'
  return undefined
}
