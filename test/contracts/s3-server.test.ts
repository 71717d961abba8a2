import { createHash, randomBytes } from 'node:crypto'
import type { PutObjectCommandInput } from '@aws-sdk/client-s3'
import t from 'tap'
import { secretValues, serveS3 } from '../fakes/s3-stage.ts'

t.test('the demo server is as strict as S3', async (t) => {
  const { PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3')
  const server = await serveS3(t)
  const put = async (
    input: Partial<PutObjectCommandInput>,
    secret = secretValues['acme-key']!,
  ): Promise<string> => {
    const client = new S3Client({
      endpoint: server.endpoint,
      region: 'eu-central-1',
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: secretValues['acme-id']!, secretAccessKey: secret },
    })
    try {
      await client.send(new PutObjectCommand({ Bucket: 'acme-reports', Key: 'k', Body: 'body', ...input }))
      return 'ok'
    } catch (error) {
      const { name, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } }
      return `${$metadata?.httpStatusCode} ${name}`
    } finally {
      client.destroy()
    }
  }
  const sha256 = (body: string) => createHash('sha256').update(body).digest('base64')
  t.equal(await put({}, 'wrong'), '403 SignatureDoesNotMatch')
  t.equal(await put({ Bucket: 'other-reports' }), '403 AccessDenied')
  t.equal(await put({ Bucket: 'no-such-bucket' }), '404 NoSuchBucket')
  t.equal(await put({ ChecksumSHA256: sha256('other') }), '400 BadDigest')
  t.equal(await put({ ContentMD5: createHash('md5').update('other').digest('base64') }), '400 BadDigest')
  t.equal((await server.objects('acme-reports')).length, 0)
  t.equal(await put({ ChecksumSHA256: sha256('body') }), 'ok')
  t.equal(await put({ IfNoneMatch: '*', Body: 'later' }), '412 PreconditionFailed')
  t.equal((await server.objects('acme-reports'))[0]!.body.toString(), 'body')
  const { Readable } = await import('node:stream')
  const bytes = randomBytes(300_000)
  t.equal(await put({ Body: Readable.from([bytes]), ContentLength: bytes.length }), 'ok')
  t.ok((await server.objects('acme-reports'))[0]!.body.equals(bytes), 'a stream with a trailer is unpacked')

  const unsigned = await fetch(`${server.endpoint}/acme-reports/k`)
  t.equal(unsigned.status, 403)
  t.match(await unsigned.text(), /<Code>AccessDenied<\/Code>/)
})
