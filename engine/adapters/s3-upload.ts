/** Gives a local file to S3: whole where it is small, in parts where it is large. */
import { createHash } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3'
import type { ObjectPut } from '../core/contracts/endpoints.ts'
import { JobsdError } from '../core/errors.ts'

const partBytes = 8 * 1024 * 1024
const maxParts = 10_000
const readBytes = 1024 * 1024

/** Reads a file that fits into memory, so that a repeated request can begin anew. Throws ARTIFACT_DAMAGED. */
export async function readWhole(request: ObjectPut): Promise<Buffer> {
  const body = await readFile(request.localPath).catch((cause: unknown) => {
    throw damaged(request, cause)
  })
  if (body.length !== request.size || createHash('sha256').update(body).digest('hex') !== request.sha256) {
    throw damaged(request)
  }
  return body
}

/**
 * Uploads a file in parts of at least 8 MiB, each checked by the store, two at a time. Completes only after the whole
 * file had the sha256 of the request; any failure, an abort too, removes the parts first. `onBegun` is given the
 * upload's id while it is under way; the upload is completed after it. Throws ARTIFACT_DAMAGED.
 */
export async function uploadInParts(
  client: S3Client,
  params: Omit<PutObjectCommandInput, 'Body'>,
  request: ObjectPut,
  onBegun: (uploadId: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { Upload } = await import('@aws-sdk/lib-storage')
  const body = Readable.from(checkedBytes(request), { objectMode: false })
  const upload = new Upload({
    client: await watched(client, onBegun, signal),
    params: { ...params, Body: body, ChecksumAlgorithm: 'SHA256' },
    partSize: Math.max(partBytes, Math.ceil(request.size / maxParts)),
    queueSize: 2,
    leavePartsOnError: false,
  })
  try {
    await upload.done()
  } finally {
    body.destroy()
  }
}

/** Upload's own abort lets the parts under way run on; this one ends them, and lets only the removal of parts through. */
async function watched(
  client: S3Client,
  onBegun: (uploadId: string) => Promise<void>,
  signal: AbortSignal,
): Promise<S3Client> {
  const s3 = await import('@aws-sdk/client-s3')
  let meanwhile: Promise<void> | undefined
  const send = async (command: Parameters<S3Client['send']>[0]) => {
    if (command instanceof s3.AbortMultipartUploadCommand) return await client.send(command)
    if (command instanceof s3.CompleteMultipartUploadCommand) await meanwhile
    const answer = await client.send(command, { abortSignal: signal })
    if (command instanceof s3.CreateMultipartUploadCommand && 'UploadId' in answer && answer.UploadId) {
      meanwhile = onBegun(answer.UploadId)
    }
    return answer
  }
  return Object.create(client, { send: { value: send } }) as S3Client
}

async function* checkedBytes(request: ObjectPut): AsyncGenerator<Buffer> {
  const fail = (cause: unknown): never => {
    throw damaged(request, cause)
  }
  const hash = createHash('sha256')
  let size = 0
  const file = await open(request.localPath).catch(fail)
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(readBytes)).catch(fail)
      if (bytesRead === 0) break
      const bytes = buffer.subarray(0, bytesRead)
      hash.update(bytes)
      size += bytesRead
      yield bytes
    }
  } finally {
    await file.close()
  }
  if (size !== request.size || hash.digest('hex') !== request.sha256) throw damaged(request)
}

function damaged(request: ObjectPut, cause?: unknown): JobsdError {
  return new JobsdError('ARTIFACT_DAMAGED', { sha256: request.sha256 }, { cause })
}
