/** Removes the parts of uploads that nobody will complete: those of an engine that was killed in the middle. */
import type { MultipartUpload } from '@aws-sdk/client-s3'
import { spellCount } from '../core/spell-count.ts'
import type { S3Session } from './s3-session.ts'

const oldMs = 24 * 60 * 60_000
const maxPages = 10
const maxRemoved = 100

/**
 * Removes uploads under the connection's prefix that the same user began a day or more before an upload of our own that
 * is under way: it tells who we are to the store, and what time it is there. Where the store does not say who began an
 * upload, or there are more than 10,000, nothing is removed. Never fails: what it could not do is logged.
 */
export async function sweepUploads(
  session: S3Session,
  own: { path: string; uploadId: string },
  signal: AbortSignal,
): Promise<void> {
  const { connection, log } = session
  try {
    const { left, removed } = await session.use(own.path, signal, async ({ s3, client }, { Bucket }) => {
      const uploads: MultipartUpload[] = []
      let markers: { KeyMarker?: string; UploadIdMarker?: string } = {}
      for (let page = 0; ; page++) {
        if (page === maxPages) return { removed: 0, left: 0 }
        const list = await client.send(
          new s3.ListMultipartUploadsCommand({ Bucket, Prefix: connection.prefix ?? '', ...markers }),
          { abortSignal: signal },
        )
        uploads.push(...(list.Uploads ?? []))
        if (!list.IsTruncated || !list.NextKeyMarker) break
        markers = {
          KeyMarker: list.NextKeyMarker,
          ...(list.NextUploadIdMarker && { UploadIdMarker: list.NextUploadIdMarker }),
        }
      }
      const old = leftOver(uploads, own.uploadId, connection.prefix ?? '')
      const chosen = old.slice(0, maxRemoved)
      for (const { Key, UploadId } of chosen) {
        await client.send(new s3.AbortMultipartUploadCommand({ Bucket, Key, UploadId }), {
          abortSignal: signal,
        })
      }
      return { removed: chosen.length, left: old.length - chosen.length }
    })
    if (removed === 0) return
    const more = left === 0 ? '' : `, ${left} more are left for the next time`
    log?.info(
      { connection: connection.name, removed },
      `removed the parts of ${spellCount(removed, 'upload')} that nobody completed${more}`,
    )
  } catch (error) {
    // What matters is the file that is being put.
    const reason = error instanceof Error ? error.message : String(error)
    log?.warn({ connection: connection.name, reason }, 'could not look for uploads that nobody completed')
  }
}

/** Those of our own user, oldest first. */
function leftOver(uploads: MultipartUpload[], ownId: string, prefix: string): MultipartUpload[] {
  const own = uploads.find(({ UploadId }) => UploadId === ownId)
  const user = own?.Initiator?.ID
  const nowMs = own?.Initiated?.getTime()
  if (!user || nowMs === undefined) return []
  const ageOf = ({ Initiated }: MultipartUpload) => (Initiated ? nowMs - Initiated.getTime() : 0)
  return uploads
    .filter(
      (upload) => upload.Initiator?.ID === user && upload.Key?.startsWith(prefix) && ageOf(upload) >= oldMs,
    )
    .sort((a, b) => ageOf(b) - ageOf(a))
}
