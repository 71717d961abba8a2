import { randomUUID } from 'node:crypto'
import type { Finding } from '../core/contracts/checkup.ts'
import type { Secrets } from '../core/contracts/services.ts'
import type { S3Connection } from '../core/manifest.ts'
import type { OpenStore } from './s3-client.ts'
import { statusOf } from './s3-errors.ts'
import { keepingOf } from './s3-put.ts'
import { createS3Session } from './s3-session.ts'
import { checkTls } from './s3-tls.ts'

/**
 * Lists one key of the prefix and tells of TLS and region; with `write` also puts, gets and deletes an object, and
 * tries whether the store refuses a taken key itself. Throws what the store's errors mean.
 */
export async function checkS3(
  connection: S3Connection,
  secrets: Secrets,
  write: boolean,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { assumeRole, bucket, prefix = '' } = connection
  const session = createS3Session(connection, { secrets })
  try {
    return await session.use(prefix, signal, async (store) => {
      const { s3, client } = store
      const findings = await checkTls(connection, signal)
      const list = new s3.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 })
      const listed = await client.send(list, { abortSignal: signal })
      if (assumeRole) findings.push({ level: 'ok', text: `took on the role ${assumeRole.roleArn}` })
      const where = prefix === '' ? `bucket ${bucket}` : `bucket ${bucket} under ${prefix}`
      const some = (listed.Contents?.length ?? 0) > 0 ? 'has objects' : 'is empty'
      findings.push({ level: 'ok', text: `the key is good, ${where} ${some}` })
      findings.push(...(await checkRegion(connection, store, signal)))
      return write ? [...findings, ...(await tryWriting(connection, store, signal))] : findings
    })
  } finally {
    await session.close()
  }
}

async function checkRegion(
  { bucket, region }: S3Connection,
  { s3, client }: OpenStore,
  signal: AbortSignal,
): Promise<Finding[]> {
  const answer = await client.send(new s3.HeadBucketCommand({ Bucket: bucket }), { abortSignal: signal })
  const actual = answer.BucketRegion
  if (actual === undefined || actual === region) {
    return actual === undefined ? [] : [{ level: 'ok', text: `the bucket is in ${region}` }]
  }
  return [{ level: 'warning', text: `the bucket is in ${actual}, the connection says ${region}` }]
}

async function tryWriting(
  connection: S3Connection,
  { s3, client }: OpenStore,
  signal: AbortSignal,
): Promise<Finding[]> {
  const abort = { abortSignal: signal }
  const name = `.jobsd-doctor-${randomUUID()}`
  const target = { Bucket: connection.bucket, Key: `${connection.prefix ?? ''}${name}` }
  const put = { ...target, ...keepingOf(connection), Body: name }
  await client.send(new s3.PutObjectCommand(put), abort)
  const findings: Finding[] = []
  try {
    const got = await client.send(new s3.GetObjectCommand(target), abort)
    const back = await got.Body?.transformToString()
    findings.push(...judgeEncryption(put.ServerSideEncryption, got.ServerSideEncryption))
    if (connection.conditionalPut !== false) {
      const again = client.send(new s3.PutObjectCommand({ ...put, IfNoneMatch: '*' }), abort)
      findings.push(judgeCondition(await again.then(() => 200, statusOf)))
    }
    findings.unshift(
      back === name
        ? { level: 'ok', text: 'an object was put, read back and deleted' }
        : { level: 'problem', text: 'an object read back is not what was put' },
    )
  } finally {
    await client.send(new s3.DeleteObjectCommand(target), abort)
  }
  return findings
}

function judgeEncryption(wanted: string | undefined, found = 'none'): Finding[] {
  if (wanted === undefined || wanted === found) return []
  return [{ level: 'problem', text: `an object was put with ${wanted}, its encryption is ${found}` }]
}

/** By what the store answered to a put onto a taken key. */
function judgeCondition(status: number | undefined): Finding {
  switch (status) {
    case 409:
    case 412:
      return { level: 'ok', text: 'the store refuses to put onto a taken key (If-None-Match)' }
    case 200:
      return {
        level: 'warning',
        text: 'the store puts onto a taken key in spite of If-None-Match: two writers at once can replace each other; say conditionalPut: false, and runs tell of it',
      }
    case 501:
      return {
        level: 'warning',
        text: 'the store does not know If-None-Match: keys are looked at first, two writers at once can replace each other',
      }
    default:
      return { level: 'warning', text: `a put onto a taken key was answered with ${status ?? 'nothing'}` }
  }
}
