/** What a store tells of one object. */
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import type { Sha256 } from '../core/model.ts'
import { statusOf } from './s3-errors.ts'
import type { S3Session } from './s3-session.ts'

export interface StoredObject {
  size: number
  /** The ETag: stands for the content. */
  version: string | undefined
  /** As it was recorded when the object was put. */
  sha256: Sha256 | undefined
  /** As the store counted them itself, where it did for the whole object. */
  counted: { sha256: Sha256 | undefined; crc32: number | undefined }
  encryption: string | undefined
}

/** Looks at an object by its whole key; undefined where none is. */
export function lookAt(
  session: S3Session,
  path: string,
  signal: AbortSignal,
): Promise<StoredObject | undefined> {
  return session.use(path, signal, async ({ s3, client }, target) => {
    try {
      const command = new s3.HeadObjectCommand({ ...target, ChecksumMode: 'ENABLED' })
      const found = await client.send(command, { abortSignal: signal })
      return {
        size: found.ContentLength ?? 0,
        version: found.ETag,
        sha256: asSha256(found.Metadata?.sha256),
        counted: countedOf(found),
        encryption: found.ServerSideEncryption,
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

function asSha256(text: string | undefined): Sha256 | undefined {
  return text !== undefined && /^[0-9a-f]{64}$/.test(text) ? text : undefined
}

/** The checksum of an object in parts is one of checksums unless it says otherwise, and tells nothing here. */
function countedOf(found: HeadObjectCommandOutput): StoredObject['counted'] {
  const { ChecksumCRC32 = '', ChecksumSHA256 = '', ChecksumType, ETag = '' } = found
  // Some stores leave out the suffix by which the checksum itself tells it.
  const isWhole = ChecksumType === 'FULL_OBJECT' || (ChecksumType === undefined && !/-\d+"?$/.test(ETag))
  const bytesOf = (text: string, length: number): Buffer | undefined => {
    const bytes = Buffer.from(text, 'base64')
    return isWhole && bytes.length === length && bytes.toString('base64') === text ? bytes : undefined
  }
  return {
    sha256: bytesOf(ChecksumSHA256, 32)?.toString('hex'),
    crc32: bytesOf(ChecksumCRC32, 4)?.readUInt32BE(),
  }
}
