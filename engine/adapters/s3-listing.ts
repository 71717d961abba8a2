/** Lists the objects of a bucket under a prefix. */
import type { ObjectEntry } from '../core/contracts/endpoints.ts'
import { JobsdError } from '../core/errors.ts'
import type { S3Session } from './s3-session.ts'

const maxObjects = 100_000

/** Every object, by key; see ObjectStore. Throws TARGET_REFUSED for too many, and for pages that lead nowhere. */
export async function listObjects(
  session: S3Session,
  prefix: string,
  signal: AbortSignal,
): Promise<ObjectEntry[]> {
  const { connection } = session
  const own = connection.prefix ?? ''
  const path = own + prefix
  const refuse = (reason: string): never => {
    throw new JobsdError('TARGET_REFUSED', { connection: connection.name, path: path || '/', reason })
  }
  return await session.use(path, signal, async ({ s3, client }, { Bucket }) => {
    const found: ObjectEntry[] = []
    const seen = new Set<string>()
    for (let token: string | undefined; ; ) {
      const page = await client.send(
        new s3.ListObjectsV2Command({
          Bucket,
          Prefix: path,
          // As they are a key's odd characters would break the answer's XML.
          EncodingType: 'url',
          ...(token !== undefined && { ContinuationToken: token }),
        }),
        { abortSignal: signal },
      )
      for (const { Key = '', Size = 0, LastModified, ETag } of page.Contents ?? []) {
        const whole = page.EncodingType === 'url' ? decodeKey(Key) : Key
        // A key that ends like a folder is a marker without content.
        if (!whole.startsWith(path) || whole.endsWith('/')) continue
        const key = whole.slice(own.length)
        if (seen.has(key)) refuse('it lists an object twice')
        seen.add(key)
        const mtimeMs = LastModified?.getTime() ?? 0
        found.push({ key, size: Size, mtimeMs, ...(ETag !== undefined && { version: ETag }) })
      }
      if (found.length >= maxObjects) refuse(`more than ${maxObjects} objects begin so`)
      if (!page.IsTruncated) return found.sort((a, b) => (a.key < b.key ? -1 : 1))
      if (!page.NextContinuationToken || page.NextContinuationToken === token) {
        refuse('its list does not go on')
      }
      token = page.NextContinuationToken
    }
  })
}

/** A blank comes as a plus. */
function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '))
  } catch {
    // A store that says so and does not encode.
    return encoded
  }
}
