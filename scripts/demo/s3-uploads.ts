/** The uploads in parts that are under way in the S3 server: the store behind it does not list them. */
import type { S3Request } from './s3-server.ts'

export interface S3Upload {
  bucket: string
  key: string
  /** Who began it: an access key's id. */
  initiator: string
  initiated: Date
}

export interface S3Uploads {
  known: Map<string, S3Upload>
  /** Takes note of what a request that succeeded began or ended. */
  follow(request: S3Request, initiator: string, answer: string): void
  /** The list of one bucket, as S3 words it. */
  toXml(bucket: string, prefix: string): string
}

export function createUploads(): S3Uploads {
  const known = new Map<string, S3Upload>()
  return {
    known,
    follow({ method, bucket, key, query }, initiator, answer) {
      const id = query.get('uploadId')
      if (method === 'POST' && query.has('uploads')) {
        const [, begun] = /<UploadId>([^<]+)</.exec(answer) ?? []
        if (begun) known.set(begun, { bucket, key, initiator, initiated: new Date() })
      } else if (id !== undefined && (method === 'POST' || method === 'DELETE')) {
        known.delete(id)
      }
    },
    toXml(bucket, prefix) {
      const listed = [...known].filter(([, each]) => each.bucket === bucket && each.key.startsWith(prefix))
      const uploads = listed.map(
        ([id, { key, initiator, initiated }]) =>
          `<Upload><Key>${escapeXml(key)}</Key><UploadId>${id}</UploadId><Initiator><ID>${initiator}</ID></Initiator>` +
          `<Initiated>${initiated.toISOString()}</Initiated></Upload>`,
      )
      return `<?xml version="1.0" encoding="UTF-8"?>\n<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${uploads.join('')}</ListMultipartUploadsResult>`
    },
  }
}

function escapeXml(text: string): string {
  return text.replace(/[<>&]/g, (char) => `&#${char.charCodeAt(0)};`)
}
