import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import type { Log } from '../../../engine/core/contracts/services.ts'
import { S3Failure } from '../../../scripts/demo/s3-failure.ts'
import { accessKeys, failureOf, fileOf, never, serveS3, storeAt } from '../../fakes/s3-stage.ts'

const hour = 3_600_000

t.test('what a connection says of keeping goes with each object, whole or in parts', async (t) => {
  const server = await serveS3(t)
  const store = storeAt(t, server, { kmsKeyId: 'alias/acme', storageClass: 'STANDARD_IA' })
  const tags = { client: 'acme', 'day of': '2026-11-23 März' }
  await store.put(fileOf('small', { key: 'small', tags }), never)
  await store.put(fileOf(randomBytes(17 * 1024 * 1024), { key: 'large', tags }), never)
  const kept = {
    'x-amz-server-side-encryption': 'aws:kms',
    'x-amz-server-side-encryption-aws-kms-key-id': 'alias/acme',
    'x-amz-storage-class': 'STANDARD_IA',
    'x-amz-tagging': 'client=acme&day%20of=2026-11-23%20M%C3%A4rz',
  }
  for (const object of await server.objects('acme-reports')) t.strictSame(object.kept, kept, object.key)
})

t.test('an object that the store did not encrypt as asked is told', async (t) => {
  const server = await serveS3(t, {
    intercept: ({ headers }) => {
      delete headers['x-amz-server-side-encryption']
      return undefined
    },
  })
  const store = storeAt(t, server, { serverSideEncryption: 'AES256' })
  const failure = await failureOf(store.put(fileOf('plain'), never))
  t.equal(failure.code, 'TARGET_REFUSED')
  t.match(failure.message, /its encryption is none instead of AES256/)
})

t.test('a taken key', async (t) => {
  await t.test('is refused by a store that ignores conditions only because it was looked at', async (t) => {
    const server = await serveS3(t, { conditions: 'ignore' })
    const store = storeAt(t, server, { conditionalPut: false })
    t.match(await store.put(fileOf('first'), never), /looked at first/)
    t.equal((await failureOf(store.put(fileOf('other'), never))).code, 'FILE_EXISTS')
    t.equal((await server.objects('acme-reports'))[0]!.body.toString(), 'first')
  })

  await t.test('is asked for once of a store that does not know conditions', async (t) => {
    const conditions: string[] = []
    const server = await serveS3(t, {
      conditions: 'refuse',
      intercept: ({ method, key, headers }) => {
        if (method === 'PUT') conditions.push(`${key} ${headers['if-none-match'] ?? 'none'}`)
        return undefined
      },
    })
    const store = storeAt(t, server)
    t.match(await store.put(fileOf('one', { key: 'one' }), never), /one was put, 3 bytes; .* looked at first/)
    t.match(await store.put(fileOf('two', { key: 'two' }), never), /looked at first/)
    t.notMatch(await store.put(fileOf('2', { key: 'two', overwrite: 'replace' }), never), /looked at/)
    t.strictSame(conditions, ['inbox/one *', 'inbox/one none', 'inbox/two none', 'inbox/two none'])
  })

  await t.test('is refused in an upload in parts too', async (t) => {
    const content = randomBytes(17 * 1024 * 1024)
    const server = await serveS3(t, { conditions: 'refuse' })
    await storeAt(t, server).put(fileOf(content), never)
    t.ok((await server.objects('acme-reports'))[0]!.body.equals(content))
    t.equal(server.uploads.size, 0)
  })
})

t.test('uploads that nobody completed', async (t) => {
  const content = randomBytes(17 * 1024 * 1024)
  const begin = async (endpoint: string, key: string) => {
    const { CreateMultipartUploadCommand, S3Client } = await import('@aws-sdk/client-s3')
    const [{ id, secret }] = accessKeys as [(typeof accessKeys)[0]]
    const credentials = { accessKeyId: id, secretAccessKey: secret }
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
    const command = new CreateMultipartUploadCommand({ Bucket: 'acme-reports', Key: key })
    const { UploadId } = await client.send(command)
    client.destroy()
    return UploadId!
  }
  const setUp = async (options: Parameters<typeof serveS3>[1] = {}) => {
    const server = await serveS3(t, options)
    const lines: string[] = []
    const note = (_fields: unknown, message: string) => void lines.push(message)
    const log: Log = { debug: note, info: note, warn: note, error: note }
    const left = async (key: string, ageMs: number, initiator?: string) => {
      const upload = server.uploads.get(await begin(server.endpoint, key))!
      upload.initiated = new Date(Date.now() - ageMs)
      if (initiator) upload.initiator = initiator
    }
    const remaining = () => [...server.uploads.values()].map(({ key }) => key).sort()
    return { server, store: storeAt(t, server, {}, { log }), lines, left, remaining }
  }

  await t.test(
    'for a day, by the same user under the prefix, are removed with the first upload in parts',
    async (t) => {
      const { store, left, lines, remaining } = await setUp()
      await left('inbox/old', 25 * hour)
      await left('inbox/older', 99 * hour)
      await left('inbox/young', 23 * hour)
      await left('inbox/of-another', 99 * hour, 'somebody-else')
      await left('elsewhere/old', 99 * hour)
      await store.put(fileOf('small', { key: 'small' }), never)
      t.equal(remaining().length, 5, 'a small file looks for none')
      await store.put(fileOf(content), never)
      const kept = ['elsewhere/old', 'inbox/of-another', 'inbox/young']
      t.strictSame(remaining(), kept)
      t.strictSame(lines, ['removed the parts of 2 uploads that nobody completed'])
      await left('inbox/old', 25 * hour)
      await store.put(fileOf(content, { key: 'second' }), never)
      t.equal(remaining().length, kept.length + 1, 'it is looked for them once')
    },
  )

  await t.test('stay where the store does not say who began them', async (t) => {
    const { server, store, left, remaining } = await setUp({
      intercept: ({ key, query }) => {
        if (key === '' && query.has('uploads')) {
          for (const upload of server.uploads.values()) upload.initiator = ''
        }
        return undefined
      },
    })
    await left('inbox/old', 25 * hour)
    await store.put(fileOf(content), never)
    t.strictSame(remaining(), ['inbox/old'])
  })

  await t.test('are looked for before the own upload is completed', async (t) => {
    const steps: string[] = []
    const { store, left, remaining } = await setUp({
      intercept: async ({ method, key, query }) => {
        if (method === 'POST' && query.has('uploadId')) steps.push('complete')
        if (key !== '' || !query.has('uploads')) return undefined
        for (let turn = 0; turn < 2000; turn++) await new Promise((resolve) => setImmediate(resolve))
        steps.push('list')
        return undefined
      },
    })
    await left('inbox/old', 25 * hour)
    await store.put(fileOf(content), never)
    t.strictSame(steps, ['list', 'complete'])
    t.strictSame(remaining(), [])
  })

  await t.test('do not keep a file from being put where they cannot be listed', async (t) => {
    const { server, store, lines } = await setUp({
      intercept: ({ key, query }) =>
        key === '' && query.has('uploads') ? new S3Failure(403, 'AccessDenied', 'Access denied.') : undefined,
    })
    await store.put(fileOf(content), never)
    t.equal((await server.objects('acme-reports')).length, 1)
    t.strictSame(lines, ['could not look for uploads that nobody completed'])
  })
})

t.test('a listing', async (t) => {
  /** Answers each request for a list with the page that its token names. */
  const serveLists = async (t: Test, pageOf: (token: string | null) => string) => {
    const tokens: (string | null)[] = []
    const server = createServer((request, response) => {
      const token = new URL(request.url ?? '/', 'http://any').searchParams.get('continuation-token')
      tokens.push(token)
      response.end(`<ListBucketResult>${pageOf(token)}</ListBucketResult>`)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    return { endpoint: `http://127.0.0.1:${(server.address() as { port: number }).port}`, tokens }
  }
  const object = (key: string) =>
    `<Contents><Key>inbox/${key}</Key><Size>1</Size><ETag>"e"</ETag><LastModified>2026-11-23T00:00:00.000Z</LastModified></Contents>`
  const more = (token: string) =>
    `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`

  await t.test('goes through all of its pages', async (t) => {
    const server = await serveLists(t, (token) =>
      token === null ? object('b') + object('folder/') + more('next') : object('c') + object('a'),
    )
    const listed = await storeAt(t, server).list('', never)
    t.strictSame(
      listed.map(({ key, version }) => [key, version]),
      [
        ['a', '"e"'],
        ['b', '"e"'],
        ['c', '"e"'],
      ],
    )
    t.strictSame(server.tokens, [null, 'next'])
  })

  await t.test('decodes keys where the store says that it encoded them', async (t) => {
    const server = await serveLists(
      t,
      () => `<EncodingType>url</EncodingType>${object('a+b%2Bc%0A')}${object('100%')}`,
    )
    const listed = await storeAt(t, server).list('', never)
    t.strictSame(
      listed.map(({ key }) => key),
      ['100%', 'a b+c\n'],
    )
  })

  const endless: [title: string, page: string, reason: RegExp, requests: number][] = [
    ['that does not go on', more('same'), /does not go on/, 2],
    ['that lists an object twice', object('a') + object('a'), /lists an object twice/, 1],
  ]
  for (const [title, page, reason, requests] of endless) {
    await t.test(`${title} is refused`, async (t) => {
      const server = await serveLists(t, () => page)
      const failure = await failureOf(storeAt(t, server).list('', never))
      t.equal(failure.code, 'TARGET_REFUSED')
      t.match(failure.message, reason)
      t.equal(server.tokens.length, requests)
    })
  }

  await t.test('leaves out what does not begin as was asked', async (t) => {
    const foreign = object('a').replace('inbox/', 'elsewhere/')
    const server = await serveLists(t, () => foreign + object('b'))
    t.strictSame(
      (await storeAt(t, server).list('', never)).map(({ key }) => key),
      ['b'],
    )
  })
})
