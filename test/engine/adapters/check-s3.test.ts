import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { connect, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { createServer, setDefaultCACertificates } from 'node:tls'
import t, { type Test } from 'tap'
import { checkS3 } from '../../../engine/adapters/check-s3.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { S3Connection } from '../../../engine/core/manifest.ts'
import { Secret } from '../../../engine/core/secret.ts'
import { S3Failure } from '../../../scripts/demo/s3-failure.ts'
import type { S3ServerOptions } from '../../../scripts/demo/s3-server.ts'
import {
  connectionTo,
  failureOf,
  fileOf,
  never,
  secretValues,
  serveS3,
  storeAt,
} from '../../fakes/s3-stage.ts'
import { startStsServer } from '../../fakes/sts-server.ts'

const secrets = { resolve: async (name: string) => new Secret(secretValues[name] ?? name) }

t.test('a look at a bucket', async (t) => {
  const look = async (
    t: Test,
    options: Partial<S3ServerOptions>,
    changes: Partial<S3Connection> = {},
    write = true,
  ) => {
    const server = await serveS3(t, options)
    const findings = await checkS3(connectionTo(server, changes), secrets, write, never)
    t.same(await server.objects('acme-reports'), [], 'nothing is left')
    return findings.map(({ level, text }) => `${level} ${text}`)
  }
  const written = 'ok an object was put, read back and deleted'

  await t.test('tells what the store does with a taken key', async (t) => {
    t.match((await look(t, {})).at(-1), /^ok the store refuses to put onto a taken key/)
    t.match((await look(t, { conditions: 'ignore' })).at(-1), /^warning .*conditionalPut: false/)
    t.match((await look(t, { conditions: 'refuse' })).at(-1), /^warning .*does not know If-None-Match/)
    t.equal((await look(t, { conditions: 'ignore' }, { conditionalPut: false })).at(-1), written)
    const broken: S3ServerOptions['intercept'] = ({ headers }) =>
      headers['if-none-match'] ? new S3Failure(400, 'Strange', 'no') : undefined
    t.match((await look(t, { intercept: broken })).at(-1), /^warning .* answered with 400/)
  })

  await t.test('tells of another region', async (t) => {
    const lines = (options: Partial<S3ServerOptions>) => look(t, options, {}, false)
    t.equal((await lines({ region: 'us-east-1' })).at(-1), 'ok the bucket is in us-east-1')
    t.equal(
      (await lines({ region: 'eu-west-1' })).at(-1),
      'warning the bucket is in eu-west-1, the connection says us-east-1',
    )
  })

  await t.test('tells whether objects are encrypted as asked', async (t) => {
    const asked = { serverSideEncryption: 'AES256' } as const
    t.same((await look(t, {}, asked)).slice(-2, -1), [written])
    const forget: S3ServerOptions['intercept'] = ({ headers }) => {
      delete headers['x-amz-server-side-encryption']
      return undefined
    }
    const lines = await look(t, { intercept: forget }, asked)
    t.ok(lines.includes('problem an object was put with AES256, its encryption is none'))
  })

  await t.test('tells that it read back something else', async (t) => {
    const garble: S3ServerOptions['intercept'] = ({ method, key }) =>
      method === 'GET' && key ? 'garble' : undefined
    const lines = await look(t, { intercept: garble })
    t.ok(lines.includes('problem an object read back is not what was put'))
    t.notOk(lines.includes(written))
  })

  await t.test('takes on the role', async (t) => {
    const arn = 'arn:aws:iam::123456789012:role/r'
    const keys = {
      id: 'ROLEKEY',
      secret: 's',
      sessionToken: 't',
      buckets: ['acme-reports'],
      validMs: 3_600_000,
    }
    const signer = { id: secretValues['acme-id']!, secret: secretValues['acme-key']! }
    const sts = await startStsServer([signer], { arn, keys: [keys] })
    t.teardown(() => sts.close())
    const lines = await look(
      t,
      { accessKeys: [keys] },
      { assumeRole: { roleArn: arn, endpoint: sts.endpoint } },
    )
    t.ok(lines.includes(`ok took on the role ${arn}`))
  })

  await t.test('says what was refused', async (t) => {
    const server = await serveS3(t)
    const fails = (changes: Partial<S3Connection>) =>
      failureOf(checkS3(connectionTo(server, changes), secrets, true, never))
    t.equal((await fails({ secretAccessKey: { secret: 'wrong-key' } })).code, 'AUTH_REFUSED')
    t.match(await fails({ bucket: 'no-such-bucket' }), { code: 'TARGET_REFUSED', message: /NoSuchBucket/ })
    t.equal((await fails({ endpoint: 'http://127.0.0.1:1' })).code, 'ENDPOINT_UNREACHABLE')
  })

  await t.test('tells of TLS that cannot be had before anything is asked', async (t) => {
    let requests = 0
    const plain = createTlsServer({}, () => {
      requests += 1
    })
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
    t.teardown(() => new Promise((resolve) => plain.close(resolve)))
    const endpoint = `https://127.0.0.1:${(plain.address() as { port: number }).port}`
    const failure = await failureOf(checkS3(connectionTo({ endpoint }), secrets, false, never))
    t.equal(failure.code, 'ENDPOINT_UNREACHABLE')
    t.match(failure.message, /ssl|tls|handshake/i)
    t.equal(requests, 0)
  })

  await t.test('ends with its signal where the endpoint is silent', async (t) => {
    const silent = createTcpServer((socket) => socket.on('error', () => undefined))
    const connected = new Promise((resolve) => silent.once('connection', resolve))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    t.teardown(() => silent.close())
    const endpoint = `https://127.0.0.1:${(silent.address() as { port: number }).port}`
    const abort = new AbortController()
    const failed = failureOf(checkS3(connectionTo({ endpoint }), secrets, false, abort.signal))
    await connected
    const reason = new JobsdError('STEP_TIMEOUT', { step: 'doctor', timeoutMs: 1 })
    const began = performance.now()
    abort.abort(reason)
    t.equal(await failed, reason)
    t.ok(performance.now() - began < 5000, 'and not with its own patience')
  })

  await t.test('leaves what lies there', async (t) => {
    const server = await serveS3(t)
    await storeAt(t, server).put(fileOf('theirs'), never)
    await checkS3(connectionTo(server), secrets, true, never)
    t.equal((await server.objects('acme-reports'))[0]!.body.toString(), 'theirs')
  })
})

const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'no openssl'
t.test(
  'TLS is verified, and its version and the days of its certificate are told',
  { skip: noOpenssl },
  async (t) => {
    const folder = t.testdir()
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    const request = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '5',
      '-keyout',
      key,
      '-out',
      cert,
    ]
    execFileSync('openssl', [...request, ...subject], { stdio: 'ignore' })
    const pem = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
    const server = await serveS3(t)
    const cover = createServer(pem, (socket) => {
      const inner = connect(server.port, '127.0.0.1')
      socket.on('error', () => inner.destroy())
      inner.on('error', () => socket.destroy())
      socket.pipe(inner).pipe(socket)
    })
    await new Promise<void>((resolve) => cover.listen(0, '127.0.0.1', resolve))
    t.teardown(() => cover.close())
    const { port } = cover.address() as { port: number }
    const connection = connectionTo({ endpoint: `https://localhost:${port}` })
    const failure = await failureOf(checkS3(connection, secrets, false, never))
    t.equal(failure.code, 'ENDPOINT_UNREACHABLE', 'an unknown certificate is not trusted')
    t.match(failure.message, /self.signed|certificate/)
    setDefaultCACertificates([pem.cert])
    const [first] = await checkS3(connection, secrets, false, never)
    t.match(first, {
      level: 'warning',
      text: new RegExp(`^localhost:${port} speaks TLSv1\\.3, its certificate holds for 4 more days$`),
    })
  },
)
