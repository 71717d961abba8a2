import { execFile } from 'node:child_process'
import { inspect, promisify } from 'node:util'
import t, { type Test } from 'tap'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { S3Connection } from '../../../engine/core/manifest.ts'
import { Secret } from '../../../engine/core/secret.ts'
import { S3Failure } from '../../../scripts/demo/s3-failure.ts'
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

const canaries = Object.values(secretValues)

t.test('credentials', async (t) => {
  await t.test('are shown by no error and by nothing that is printed', async (t) => {
    const printed = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
      t.capture(console, name),
    )
    const warnings: string[] = []
    const onWarning = (warning: Error) => warnings.push(warning.message)
    process.on('warning', onWarning)
    t.teardown(() => process.off('warning', onWarning))
    const server = await serveS3(t, {
      intercept: ({ key }) =>
        key.endsWith('echo')
          ? new S3Failure(400, 'Strange', `no ${canaries.slice(0, 2).join(' ')} here`)
          : undefined,
    })
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
    const server = await serveS3(t)
    const values = ['outdated', secretValues['acme-key']!]
    const resolve = async (name: string) =>
      new Secret(name === 'acme-id' ? secretValues[name]! : (values.shift() ?? ''))
    const store = storeAt(t, server, {}, { secrets: { resolve } })
    t.equal((await failureOf(store.head('a', never))).code, 'AUTH_REFUSED')
    t.equal(await store.head('a', never), undefined)
  })

  await t.test('come from nowhere but the connection', async (t) => {
    const server = await serveS3(t)
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
      (path) => new URL(`../../../engine/${path}`, import.meta.url).href,
    )
    const connection = connectionTo(server, {
      accessKeyId: { secret: secretValues['acme-id']! },
      secretAccessKey: { secret: secretValues['acme-key']! },
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

t.test('temporary keys are used with their session token', async (t) => {
  const temporary = {
    id: 'TEMPORARYKEY',
    secret: 'canary-temp',
    sessionToken: 'canary-token/1',
    buckets: ['acme-reports'],
  }
  const server = await serveS3(t, { accessKeys: [temporary] })
  const keys = { accessKeyId: { secret: temporary.id }, secretAccessKey: { secret: temporary.secret } }
  await storeAt(t, server, { ...keys, sessionToken: { secret: temporary.sessionToken } }).put(
    fileOf('x'),
    never,
  )
  t.equal((await server.objects('acme-reports')).length, 1)
  t.equal((await failureOf(storeAt(t, server, keys).head('a', never))).code, 'AUTH_REFUSED')
})

t.test('a role', async (t) => {
  const minute = 60_000
  const arn = 'arn:aws:iam::123456789012:role/jobsd-delivery'
  const taken = (number: number, validMs: number) => ({
    id: `ROLEKEY${number}`,
    secret: `canary-role-secret-${number}`,
    sessionToken: `canary-role-token-${number}`,
    buckets: ['acme-reports'],
    validMs,
  })
  const signer = { id: secretValues['acme-id']!, secret: secretValues['acme-key']! }
  const setUp = async (
    t: Test,
    keys: ReturnType<typeof taken>[],
    role: Partial<S3Connection['assumeRole']> = {},
  ) => {
    const sts = await startStsServer([signer], { arn, externalId: 'canary-external', keys })
    t.teardown(() => sts.close())
    // The keys that the connection names may not use the bucket themselves.
    const server = await serveS3(t, { accessKeys: keys })
    const assumeRole = {
      roleArn: arn,
      externalId: { secret: 'canary-external' },
      endpoint: sts.endpoint,
      ...role,
    }
    return { sts, server, store: storeAt(t, server, { assumeRole }) }
  }

  await t.test('is taken on once, signed by the named keys, and its own keys are used', async (t) => {
    const { sts, server, store } = await setUp(t, [taken(1, 60 * minute)])
    await store.put(fileOf('one', { key: 'one' }), never)
    await store.put(fileOf('two', { key: 'two' }), never)
    t.strictSame(sts.given, [{ signer: signer.id, sessionName: 'jobsd' }])
    t.equal((await server.objects('acme-reports')).length, 2)
  })

  await t.test('is taken on anew before its keys expire', async (t) => {
    const { sts, store } = await setUp(t, [taken(1, 1 * minute), taken(2, 60 * minute)], {
      sessionName: 'night',
    })
    await store.put(fileOf('one', { key: 'one' }), never)
    await store.put(fileOf('two', { key: 'two' }), never)
    t.equal(sts.given.length, 2)
    t.equal(sts.given[1]!.sessionName, 'night')
  })

  await t.test('that is refused is told as a refusal of the credentials', async (t) => {
    const { sts, store } = await setUp(t, [taken(1, 60 * minute)], { externalId: { secret: 'canary-wrong' } })
    const failure = await failureOf(store.head('a', never))
    t.equal(failure.code, 'AUTH_REFUSED')
    t.strictSame(sts.given, [])
    const shown = inspect(failure, { depth: 20, showHidden: true })
    t.match(shown, /AssumeRole/, 'with what the token service said')
    for (const canary of [...canaries, 'canary-external', 'canary-wrong']) t.notOk(shown.includes(canary))
  })

  await t.test('whose token service is away is worth another attempt', async (t) => {
    const { sts, store } = await setUp(t, [taken(1, 60 * minute)])
    await sts.close()
    t.equal((await failureOf(store.head('a', never))).code, 'ENDPOINT_UNREACHABLE')
  })

  await t.test('whose keys the store repeats in its answers shows none of them', async (t) => {
    const keys = [taken(1, 60 * minute)]
    const { id, secret, sessionToken } = keys[0]!
    const sts = await startStsServer([signer], { arn, keys })
    t.teardown(() => sts.close())
    const server = await serveS3(t, {
      accessKeys: keys,
      intercept: () => new S3Failure(400, 'Strange', `no ${id} ${secret} ${sessionToken}`),
    })
    const assumeRole = { roleArn: arn, endpoint: sts.endpoint }
    const put = storeAt(t, server, { assumeRole }).put(fileOf('x', { overwrite: 'replace' }), never)
    const shown = inspect(await failureOf(put), { depth: 20, showHidden: true })
    t.match(shown, /Strange/)
    for (const canary of [id, secret, sessionToken]) t.notOk(shown.includes(canary), canary)
  })

  await t.test('is waited for no longer than the signal says', async (t) => {
    const { createServer } = await import('node:net')
    const silent = createServer()
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    t.teardown(() => new Promise((resolve) => silent.close(resolve)))
    const connected = new Promise((resolve) =>
      silent.once('connection', (socket) => {
        t.teardown(() => socket.destroy())
        resolve(undefined)
      }),
    )
    const endpoint = `http://127.0.0.1:${(silent.address() as { port: number }).port}`
    const server = await serveS3(t)
    const store = storeAt(t, server, { assumeRole: { roleArn: arn, endpoint } })
    const abort = new AbortController()
    const failed = failureOf(store.head('a', abort.signal))
    await connected
    const reason = new JobsdError('STEP_TIMEOUT', { step: 'store', timeoutMs: 1 })
    abort.abort(reason)
    t.equal(await failed, reason)
  })
})
