import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect, promisify } from 'node:util'
import type { PutObjectCommandInput } from '@aws-sdk/client-s3'
import t, { type Test } from 'tap'
import { createS3Objects, type S3ObjectsOptions } from '../../engine/adapters/s3-objects.ts'
import type { ObjectPut } from '../../engine/core/contracts/endpoints.ts'
import { JobsdError } from '../../engine/core/errors.ts'
import type { S3Connection } from '../../engine/core/manifest.ts'
import { Secret } from '../../engine/core/secret.ts'
import { S3Failure } from '../../scripts/demo/s3-failure.ts'
import { type RunningS3Server, type S3ServerOptions, startS3Server } from '../../scripts/demo/s3-server.ts'

const secrets: Record<string, string> = {
  'acme-id': 'CANARYKEYID',
  'acme-key': 'canary/4711+secret',
  'wrong-key': 'canary-wrong-secret',
}
const canaries = Object.values(secrets)
const accessKeys = [
  { id: secrets['acme-id']!, secret: secrets['acme-key']!, buckets: ['acme-reports'] },
  { id: 'OTHERKEYID', secret: 'other', buckets: ['other-reports'] },
]
const never = new AbortController().signal
const stored = t.testdir()

async function serve(test: Test, intercept?: S3ServerOptions['intercept']): Promise<RunningS3Server> {
  const server = await startS3Server({ accessKeys, ...(intercept && { intercept }) })
  test.teardown(() => server.close())
  return server
}

function storeAt(
  test: Test,
  server: { endpoint: string },
  changes: Partial<S3Connection> = {},
  options: Partial<S3ObjectsOptions> = {},
) {
  const store = createS3Objects(connectionTo(server, changes), {
    secrets: { resolve: async (name) => new Secret(secrets[name]!) },
    ...options,
  })
  test.teardown(() => store.close())
  return store
}

function connectionTo(server: { endpoint: string }, changes: Partial<S3Connection>): S3Connection {
  return {
    apiVersion: 'jobsd/v1',
    kind: 'Connection',
    name: 'acme-s3',
    type: 's3',
    endpoint: server.endpoint,
    region: 'us-east-1',
    bucket: 'acme-reports',
    prefix: 'inbox/',
    accessKeyId: { secret: 'acme-id' },
    secretAccessKey: { secret: 'acme-key' },
    ...changes,
  }
}

function fileOf(content: string | Buffer, changes: Partial<ObjectPut> = {}): ObjectPut {
  const sha256 = createHash('sha256').update(content).digest('hex')
  const localPath = join(stored, sha256)
  writeFileSync(localPath, content)
  return {
    key: 'report.csv',
    localPath,
    size: Buffer.byteLength(content),
    sha256,
    mediaType: 'text/csv',
    overwrite: 'fail',
    ...changes,
  }
}

async function failureOf(work: Promise<unknown>): Promise<JobsdError> {
  try {
    await work
  } catch (error) {
    if (error instanceof JobsdError) return error
    throw error
  }
  throw new Error('it did not fail')
}

t.test('an object store', async (t) => {
  await t.test('puts a file under its prefix and tells what was recorded with it', async (t) => {
    const server = await serve(t)
    const store = storeAt(t, server)
    const file = fileOf('a;b\n1;2\n')
    t.equal(await store.head('report.csv', never), undefined)
    t.match(await store.put(file, never), /report\.csv was put, 8 bytes/)
    t.strictSame(await store.head('report.csv', never), { size: 8, sha256: file.sha256 })
    const [object] = await server.objects('acme-reports')
    t.equal(object!.key, 'inbox/report.csv')
    t.equal(object!.body.toString(), 'a;b\n1;2\n')
    t.strictSame(object!.metadata, { sha256: file.sha256 })
  })

  await t.test('keeps odd keys and empty objects as they are', async (t) => {
    const server = await serve(t)
    const store = storeAt(t, server)
    const keys = ["2026/Übersicht für März (1)'*!~.csv", 'a b+c&d=e?f#g%2F;<h>.txt', '統計/📈.csv']
    for (const key of keys) {
      await store.put(fileOf('', { key }), never)
      t.equal((await store.head(key, never))?.size, 0)
    }
    const found = (await server.objects('acme-reports')).map((object) => object.key)
    t.strictSame(found.sort(), keys.map((key) => `inbox/${key}`).sort())
  })

  await t.test('replaces nothing unless asked', async (t) => {
    const puts: string[] = []
    const server = await serve(t, (request) => {
      if (request.method === 'PUT') puts.push(request.key)
      return undefined
    })
    const store = storeAt(t, server)
    const first = fileOf('first')
    await store.put(first, never)
    t.equal((await failureOf(store.put(first, never))).code, 'FILE_EXISTS')
    t.match(await store.put({ ...first, overwrite: 'skip-if-same' }, never), /already|same content/)
    t.equal(puts.length, 1, 'what is there is not sent again')

    const second = fileOf('other', { overwrite: 'skip-if-same' })
    const failure = await failureOf(store.put(second, never))
    t.equal(failure.code, 'FILE_EXISTS')
    t.match(failure.message, 'inbox/report.csv')
    t.equal((await server.objects('acme-reports'))[0]!.body.toString(), 'first')

    await store.put({ ...second, overwrite: 'replace' }, never)
    t.equal((await server.objects('acme-reports'))[0]!.body.toString(), 'other')
  })

  await t.test('lets one of several puts of the same key win', async (t) => {
    const server = await serve(t)
    const store = storeAt(t, server)
    const contents = ['one', 'two', 'six', 'ten']
    const ends = await Promise.allSettled(contents.map((content) => store.put(fileOf(content), never)))
    const won = ends.flatMap((end, index) => (end.status === 'fulfilled' ? [contents[index]] : []))
    t.equal(won.length, 1)
    for (const end of ends) if (end.status === 'rejected') t.equal(end.reason.code, 'FILE_EXISTS')
    t.equal((await server.objects('acme-reports'))[0]!.body.toString(), won[0])
  })

  await t.test('puts a large file in parts, byte for byte', async (t) => {
    const parts: string[] = []
    const server = await serve(t, (request) => {
      const part = request.query.get('partNumber')
      if (part) parts.push(part)
      return undefined
    })
    const content = randomBytes(20 * 1024 * 1024 + 17)
    const file = fileOf(content)
    const store = storeAt(t, server)
    await store.put(file, never)
    t.strictSame(parts.sort(), ['1', '2', '3'])
    t.ok((await server.objects('acme-reports'))[0]!.body.equals(content))
    t.strictSame(await store.head('report.csv', never), { size: content.length, sha256: file.sha256 })
    t.equal((await failureOf(store.put(file, never))).code, 'FILE_EXISTS')
  })
})

t.test('a store or a network that fails', async (t) => {
  const busy = new S3Failure(503, 'SlowDown', 'Please reduce your request rate.')
  const cases: { title: string; code: string; mishap?: S3ServerOptions['intercept']; bucket?: string }[] = [
    { title: 'a busy store is worth another attempt', code: 'TARGET_BUSY', mishap: () => busy },
    { title: 'a dropped connection is unreachable', code: 'ENDPOINT_UNREACHABLE', mishap: () => 'drop' },
    { title: 'a silent store times out', code: 'ENDPOINT_TIMEOUT', mishap: () => 'stall' },
    {
      title: 'damaged bytes are noticed',
      code: 'VERIFY_FAILED',
      mishap: (request) => (request.method === 'PUT' ? 'damage' : undefined),
    },
    {
      title: 'a refused checksum is told as such',
      code: 'VERIFY_FAILED',
      mishap: ({ method }) => (method === 'PUT' ? new S3Failure(400, 'BadDigest', 'no') : undefined),
    },
    {
      title: 'a full store is told as such',
      code: 'TARGET_FULL',
      mishap: ({ method }) =>
        method === 'PUT' ? new S3Failure(507, 'XMinioStorageFull', 'full') : undefined,
    },
    { title: "another client's bucket is refused", code: 'TARGET_REFUSED', bucket: 'other-reports' },
    { title: 'a missing bucket is refused', code: 'TARGET_REFUSED', bucket: 'no-such-bucket' },
  ]
  for (const { title, code, mishap, bucket } of cases) {
    await t.test(title, async (t) => {
      const server = await serve(t, mishap)
      const timeouts = { connectMs: 5000, idleMs: 200, requestMs: 5000 }
      const store = storeAt(t, server, bucket ? { bucket } : {}, { timeouts })
      const failure = await failureOf(store.put(fileOf('content'), never))
      t.equal(failure.code, code)
      t.notMatch(failure.message, /\{\w+\}/, 'every detail of the message is filled in')
    })
  }

  await t.test('a store that is busy for a moment gets the file', async (t) => {
    let refusals = 2
    const server = await serve(t, () => (refusals-- > 0 ? busy : undefined))
    await storeAt(t, server).put(fileOf('content'), never)
    t.equal((await server.objects('acme-reports')).length, 1)
  })

  await t.test('a put whose answer was lost is not taken for a file of somebody else', async (t) => {
    let losses = 1
    const server = await serve(t, ({ method }) => (method === 'PUT' && losses-- > 0 ? 'lose' : undefined))
    await storeAt(t, server).put(fileOf('content'), never)
    t.ok(losses < 0, 'it was sent twice')
    t.equal((await server.objects('acme-reports'))[0]!.body.toString(), 'content')
  })

  await t.test('a store that is not there is unreachable', async (t) => {
    const server = await startS3Server({ accessKeys })
    await server.close()
    const failure = await failureOf(storeAt(t, server).head('report.csv', never))
    t.equal(failure.code, 'ENDPOINT_UNREACHABLE')
    t.match(failure.message, /ECONNREFUSED/)
  })
})

t.test('an upload in parts that fails leaves nothing', async (t) => {
  const content = randomBytes(17 * 1024 * 1024)
  const watch = async (t: Test, onPart: (part: string) => 'drop' | undefined) => {
    const removed: string[] = []
    const server = await serve(t, ({ method, query }) => {
      if (method === 'DELETE') removed.push(query.get('uploadId') ?? '')
      const part = query.get('partNumber')
      return part ? onPart(part) : undefined
    })
    return { server, removed }
  }
  await t.test('when it is aborted', async (t) => {
    const reason = new JobsdError('STEP_TIMEOUT', { step: 'upload', timeoutMs: 1 })
    const abort = new AbortController()
    const { server, removed } = await watch(t, (part) => {
      if (part === '2') abort.abort(reason)
      return undefined
    })
    t.equal(await failureOf(storeAt(t, server).put(fileOf(content), abort.signal)), reason)
    t.equal(removed.length, 1)
    t.strictSame(await server.objects('acme-reports'), [])
  })
  await t.test('when a part does not arrive', async (t) => {
    const { server, removed } = await watch(t, (part) => (part === '2' ? 'drop' : undefined))
    const failure = await failureOf(storeAt(t, server).put(fileOf(content), never))
    t.equal(failure.code, 'ENDPOINT_UNREACHABLE')
    t.equal(removed.length, 1)
    t.strictSame(await server.objects('acme-reports'), [])
  })
  await t.test('when the local file is not what was recorded', async (t) => {
    const { server, removed } = await watch(t, () => undefined)
    const file = fileOf(content, { sha256: '0'.repeat(64) })
    t.equal((await failureOf(storeAt(t, server).put(file, never))).code, 'ARTIFACT_DAMAGED')
    t.equal(removed.length, 1)
    const gone = { ...file, localPath: `${file.localPath}-gone` }
    t.equal((await failureOf(storeAt(t, server).put(gone, never))).code, 'ARTIFACT_DAMAGED')
    const small = fileOf('small', { size: 6 })
    t.equal((await failureOf(storeAt(t, server).put(small, never))).code, 'ARTIFACT_DAMAGED')
    t.strictSame(await server.objects('acme-reports'), [])
  })
})

t.test('a key that could mean another one is refused before anything is sent', async (t) => {
  const server = await serve(t, () => 'drop')
  const store = storeAt(t, server)
  for (const key of ['', '../other/x', 'a/./b', 'a/../b', 'a\nb', 'x'.repeat(1025)]) {
    t.equal(
      (await failureOf(store.head(key, never))).code,
      'TARGET_REFUSED',
      JSON.stringify(key).slice(0, 20),
    )
  }
})

t.test('credentials', async (t) => {
  await t.test('are shown by no error and by nothing that is printed', async (t) => {
    const printed = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
      t.capture(console, name),
    )
    const warnings: string[] = []
    const onWarning = (warning: Error) => warnings.push(warning.message)
    process.on('warning', onWarning)
    t.teardown(() => process.off('warning', onWarning))
    const server = await serve(t, ({ key }) =>
      key.endsWith('echo')
        ? new S3Failure(400, 'Strange', `no ${canaries.slice(0, 2).join(' ')} here`)
        : undefined,
    )
    const failures = [
      await failureOf(storeAt(t, server, { secretAccessKey: { secret: 'wrong-key' } }).head('a', never)),
      await failureOf(storeAt(t, server, { accessKeyId: { secret: 'wrong-key' } }).head('a', never)),
      await failureOf(storeAt(t, server, { bucket: 'other-reports' }).head('a', never)),
      await failureOf(storeAt(t, server).put(fileOf('x', { key: 'echo', overwrite: 'replace' }), never)),
    ]
    t.strictSame(
      failures.map((failure) => failure.code),
      ['AUTH_REFUSED', 'AUTH_REFUSED', 'TARGET_REFUSED', 'TARGET_REFUSED'],
    )
    const shown = inspect(failures, { depth: 20, showHidden: true })
    for (const canary of canaries) t.notOk(shown.includes(canary))
    t.strictSame(
      printed.flatMap((capture) => capture()),
      [],
    )
    t.strictSame(warnings, [])
  })

  await t.test('are read anew after they were refused', async (t) => {
    const server = await serve(t)
    const values = ['outdated', secrets['acme-key']!]
    const resolve = async (name: string) =>
      new Secret(name === 'acme-id' ? secrets[name]! : (values.shift() ?? ''))
    const store = storeAt(t, server, {}, { secrets: { resolve } })
    t.equal((await failureOf(store.head('a', never))).code, 'AUTH_REFUSED')
    t.equal(await store.head('a', never), undefined)
  })

  await t.test('come from nowhere but the connection', async (t) => {
    const server = await serve(t)
    const home = t.testdir({ '.aws': { config: '[default]\nservices = missing\nregion = nowhere\n' } })
    // Spies on reads before the client library is loaded.
    const script = `
      import files from 'node:fs/promises'
      const read = files.readFile
      const paths = []
      files.readFile = (path, ...rest) => {
        paths.push(String(path))
        return read(path, ...rest)
      }
      const { createS3Objects } = await import(process.argv[1])
      const { Secret } = await import(process.argv[2])
      const resolve = async (name) => new Secret(name)
      const store = createS3Objects(JSON.parse(process.argv[3]), { secrets: { resolve } })
      const found = await store.head('nothing', new AbortController().signal)
      await store.close()
      console.log(JSON.stringify({ found: found ?? null, paths }))
    `
    const urls = ['adapters/s3-objects.ts', 'core/secret.ts'].map(
      (path) => new URL(`../../engine/${path}`, import.meta.url).href,
    )
    const connection = connectionTo(server, {
      accessKeyId: { secret: secrets['acme-id']! },
      secretAccessKey: { secret: secrets['acme-key']! },
    })
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', script, '--', ...urls, JSON.stringify(connection)],
      {
        env: {
          HOME: home,
          USERPROFILE: home,
          AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
          AWS_ACCESS_KEY_ID: 'from-the-environment',
          AWS_SECRET_ACCESS_KEY: 'from-the-environment',
          AWS_SESSION_TOKEN: 'from-the-environment',
          AWS_REGION: 'nowhere',
        },
      },
    )
    t.strictSame(JSON.parse(stdout), { found: null, paths: [] })
    t.equal(stderr, '')
  })
})

t.test('the demo server is as strict as S3', async (t) => {
  const { PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3')
  const server = await serve(t)
  const put = async (
    input: Partial<PutObjectCommandInput>,
    secret = secrets['acme-key']!,
  ): Promise<string> => {
    const client = new S3Client({
      endpoint: server.endpoint,
      region: 'eu-central-1',
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: secrets['acme-id']!, secretAccessKey: secret },
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
