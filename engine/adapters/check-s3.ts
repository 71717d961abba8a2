import { randomUUID } from 'node:crypto'
import type { Finding } from '../core/contracts/checkup.ts'
import type { Secrets } from '../core/contracts/services.ts'
import type { S3Connection } from '../core/manifest.ts'
import { openStore, s3Timeouts } from './s3-client.ts'
import { translateS3Failure } from './s3-errors.ts'

/** Lists one key of the prefix; with `write` also puts, gets and deletes an object. Throws what the store's errors mean. */
export async function checkS3(
  connection: S3Connection,
  secrets: Secrets,
  write: boolean,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { bucket, prefix = '' } = connection
  const { s3, client, hidden } = await openStore(connection, secrets, s3Timeouts)
  const abort = { abortSignal: signal }
  try {
    const listed = await client.send(
      new s3.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 }),
      abort,
    )
    const where = prefix === '' ? `bucket ${bucket}` : `bucket ${bucket} under ${prefix}`
    const some = (listed.KeyCount ?? 0) > 0 ? 'has objects' : 'is empty'
    const findings: Finding[] = [{ level: 'ok', text: `the key is good, ${where} ${some}` }]
    if (!write) return findings
    const name = `.jobsd-doctor-${randomUUID()}`
    const target = { Bucket: bucket, Key: `${prefix}${name}` }
    await client.send(new s3.PutObjectCommand({ ...target, Body: name }), abort)
    let back: string | undefined
    try {
      const got = await client.send(new s3.GetObjectCommand(target), abort)
      back = await got.Body?.transformToString()
    } finally {
      await client.send(new s3.DeleteObjectCommand(target), abort)
    }
    return [
      ...findings,
      back === name
        ? { level: 'ok', text: 'an object was put, read back and deleted' }
        : { level: 'problem', text: 'an object read back is not what was put' },
    ]
  } catch (error) {
    if (signal.aborted) throw signal.reason
    const attempt = { connection: connection.name, path: prefix || '/', timeoutMs: s3Timeouts.idleMs, hidden }
    throw translateS3Failure(error, attempt)
  } finally {
    client.destroy()
  }
}
