/** Links by which anybody can download one object of a bucket for a while. */
import { posix } from 'node:path'
import type { S3Session } from './s3-session.ts'

/** Signed on this machine: the store is not asked, only a role's keys may have to be. */
export async function linkObject(
  session: S3Session,
  key: string,
  seconds: number,
  signal: AbortSignal,
): Promise<string> {
  return await session.use(session.fullKey(key), signal, async ({ s3, client }, target) => {
    const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner')
    const command = new s3.GetObjectCommand({
      ...target,
      ResponseContentDisposition: attachmentNamed(posix.basename(key)),
    })
    return await getSignedUrl(client, command, { expiresIn: seconds })
  })
}

/** RFC 6266: the name itself by UTF-8, and before it one for programs that know ASCII only. */
function attachmentNamed(name: string): string {
  const plain = name.replace(/[^ !#$&+.0-9A-Z^_`a-z{}~-]/g, '_')
  const exact = encodeURIComponent(name).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`
}
