import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { JobsdError } from '../../../engine/core/errors.ts'
import { S3Failure } from '../../../scripts/demo/s3-failure.ts'
import { type S3ServerOptions, startS3Server } from '../../../scripts/demo/s3-server.ts'
import { type Break, startBrokenWire } from '../../fakes/broken-wire.ts'
import { accessKeys, failureOf, fileOf, never, newPath, serveS3, storeAt } from '../../fakes/s3-stage.ts'

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
    {
      title: 'what a store does not know is refused for good',
      code: 'TARGET_REFUSED',
      mishap: ({ method }) =>
        method === 'PUT' ? new S3Failure(501, 'Unknown', 'no such header') : undefined,
    },
    { title: "another client's bucket is refused", code: 'TARGET_REFUSED', bucket: 'other-reports' },
    { title: 'a missing bucket is refused', code: 'TARGET_REFUSED', bucket: 'no-such-bucket' },
  ]
  for (const { title, code, mishap, bucket } of cases) {
    await t.test(title, async (t) => {
      const server = await serveS3(t, mishap ? { intercept: mishap } : {})
      const timeouts = { connectMs: 5000, idleMs: 200, requestMs: 5000 }
      const store = storeAt(t, server, bucket ? { bucket } : {}, { timeouts })
      const failure = await failureOf(store.put(fileOf('content'), never))
      t.equal(failure.code, code)
      t.notMatch(failure.message, /\{\w+\}/, 'every detail of the message is filled in')
    })
  }

  await t.test('a store that is busy for a moment gets the file', async (t) => {
    let refusals = 2
    const server = await serveS3(t, { intercept: () => (refusals-- > 0 ? busy : undefined) })
    await storeAt(t, server).put(fileOf('content'), never)
    t.equal((await server.objects('acme-reports')).length, 1)
  })

  await t.test('a put whose answer was lost is not taken for a file of somebody else', async (t) => {
    let losses = 1
    const server = await serveS3(t, {
      intercept: ({ method }) => (method === 'PUT' && losses-- > 0 ? 'lose' : undefined),
    })
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
    const intercept: S3ServerOptions['intercept'] = ({ method, query }) => {
      if (method === 'DELETE') removed.push(query.get('uploadId') ?? '')
      const part = query.get('partNumber')
      return part ? onPart(part) : undefined
    }
    const server = await serveS3(t, { intercept })
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
  const server = await serveS3(t, { intercept: () => 'drop' })
  const store = storeAt(t, server)
  for (const key of ['', '../other/x', 'a/./b', 'a/../b', 'a\nb', 'x'.repeat(1025)]) {
    t.equal(
      (await failureOf(store.head(key, never))).code,
      'TARGET_REFUSED',
      JSON.stringify(key).slice(0, 20),
    )
  }
})

t.test('a download that breaks', async (t) => {
  const content = randomBytes(300_000)
  const timeouts = { connectMs: 5000, idleMs: 200, requestMs: 5000 }
  const setUp = async (t: Test, intercept?: S3ServerOptions['intercept']) => {
    const server = await serveS3(t, intercept ? { intercept } : {})
    await storeAt(t, server).put(fileOf(content), never)
    return server
  }
  const fetchAt = async (t: Test, server: { endpoint: string }) => {
    const store = storeAt(t, server, {}, { timeouts })
    const path = newPath()
    const [object] = await store.list('report.csv', never)
    return { path, fetched: store.fetch(object!, path, never) }
  }

  await t.test('goes on where it broke', async (t) => {
    const ranges: (string | undefined)[] = []
    const versions = new Set<string | undefined>()
    const server = await setUp(t, ({ method, key, headers }) => {
      if (method === 'GET' && key) {
        ranges.push(headers.range)
        versions.add(headers['if-match'])
      }
      return undefined
    })
    const wire = await startBrokenWire(server.port, { way: 'down', after: 100_000, how: 'reset' }, 1)
    t.teardown(() => wire.close())
    const { path, fetched } = await fetchAt(t, wire)
    t.equal((await fetched).size, content.length)
    t.ok(readFileSync(path).equals(content))
    t.equal(wire.broken, 1)
    t.equal(ranges.length, 2)
    t.equal(versions.size, 1)
    t.ok([...versions][0], 'only the version that was listed is asked for')
    t.match(ranges[1], /^bytes=[1-9]\d+-$/)
  })

  await t.test('is given up where the store does not go on from there', async (t) => {
    const server = await setUp(t, ({ headers }) => {
      const [, from] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? []
      if (from) headers.range = `bytes=0-${content.length - Number(from) - 1}`
      return undefined
    })
    const wire = await startBrokenWire(server.port, { way: 'down', after: 100_000, how: 'close' }, 1)
    t.teardown(() => wire.close())
    const { path, fetched } = await fetchAt(t, wire)
    const failure = await failureOf(fetched)
    t.equal(failure.code, 'VERIFY_FAILED')
    t.match(failure.message, /gave another range/)
    t.notOk(existsSync(path))
  })

  await t.test('is not mixed with a version that came meanwhile', async (t) => {
    const server = await setUp(t, ({ headers }) => {
      // As a store answers that has another version by then.
      if (headers.range) headers['if-match'] = '"another"'
      return undefined
    })
    const wire = await startBrokenWire(server.port, { way: 'down', after: 100_000, how: 'close' }, 1)
    t.teardown(() => wire.close())
    const { path, fetched } = await fetchAt(t, wire)
    t.equal((await failureOf(fetched)).code, 'TARGET_BUSY')
    t.notOk(existsSync(path))
  })

  await t.test('is of one version also where the store does not heed which one is asked for', async (t) => {
    const other = fileOf(randomBytes(content.length), { overwrite: 'replace' })
    let isChanged = false
    const server = await setUp(t, async ({ method, key, headers }) => {
      if (method !== 'GET' || key === '' || isChanged) return undefined
      isChanged = true
      delete headers['if-match']
      await storeAt(t, server).put(other, never)
      return undefined
    })
    const { path, fetched } = await fetchAt(t, server)
    t.equal((await failureOf(fetched)).code, 'TARGET_BUSY')
    t.ok(isChanged)
    t.notOk(existsSync(path))
  })

  await t.test('into silence is a timeout', async (t) => {
    const server = await setUp(t)
    const wire = await startBrokenWire(server.port, { way: 'down', after: 100_000, how: 'stall' })
    t.teardown(() => wire.close())
    const { path, fetched } = await fetchAt(t, wire)
    t.equal((await failureOf(fetched)).code, 'ENDPOINT_TIMEOUT')
    t.equal(wire.broken, 1)
    t.notOk(existsSync(path))
  })

  await t.test('ends at once when it is aborted, and leaves no file', async (t) => {
    const server = await setUp(t)
    const wire = await startBrokenWire(server.port, { way: 'down', after: 100_000, how: 'stall' })
    t.teardown(() => wire.close())
    const store = storeAt(t, wire)
    const path = newPath()
    const [object] = await store.list('report.csv', never)
    const abort = new AbortController()
    const reason = new JobsdError('STEP_TIMEOUT', { step: 'fetch', timeoutMs: 1 })
    const fetched = failureOf(store.fetch(object!, path, abort.signal))
    while (wire.broken === 0) await new Promise((resolve) => setImmediate(resolve))
    abort.abort(reason)
    t.equal(await fetched, reason)
    t.notOk(existsSync(path))
  })

  const mishaps: { title: string; code: string; intercept: NonNullable<S3ServerOptions['intercept']> }[] = [
    {
      title: 'wrong bytes of the right length are refused',
      code: 'VERIFY_FAILED',
      intercept: ({ method, key }) => (method === 'GET' && key ? 'garble' : undefined),
    },
    {
      title: 'a busy store is told as such',
      code: 'TARGET_BUSY',
      intercept: ({ method, key }) =>
        method === 'GET' && key
          ? new S3Failure(503, 'SlowDown', 'Please reduce your request rate.')
          : undefined,
    },
    {
      title: 'a refusal is told as such',
      code: 'TARGET_REFUSED',
      intercept: ({ method, key }) =>
        method === 'GET' && key ? new S3Failure(403, 'AccessDenied', 'Access denied.') : undefined,
    },
  ]
  for (const { title, code, intercept } of mishaps) {
    await t.test(title, async (t) => {
      const { path, fetched } = await fetchAt(t, await setUp(t, intercept))
      t.equal((await failureOf(fetched)).code, code)
      t.notOk(existsSync(path))
    })
  }

  await t.test('an object that is not what was recorded with it is refused', async (t) => {
    const server = await serveS3(t, { intercept: ({ method }) => (method === 'PUT' ? 'damage' : undefined) })
    t.equal((await failureOf(storeAt(t, server).put(fileOf(content), never))).code, 'VERIFY_FAILED')
    const { path, fetched } = await fetchAt(t, server)
    const failure = await failureOf(fetched)
    t.equal(failure.code, 'VERIFY_FAILED')
    t.match(failure.message, /recorded sha256/)
    t.notOk(existsSync(path))
  })
})

t.test('a wire that breaks at 100 places leaves no half object and no half file', async (t) => {
  const content = randomBytes(60_000)
  const server = await serveS3(t)
  await storeAt(t, server).put(fileOf(content, { key: 'there' }), never)
  const hows: Break['how'][] = ['reset', 'close', 'stall']
  const timeouts = { connectMs: 5000, idleMs: 150, requestMs: 5000 }
  const ends: Record<string, number> = {}
  const wrong: string[] = []
  const startedMs = performance.now()

  async function breakAt(place: number): Promise<void> {
    const way = place % 2 === 0 ? 'up' : 'down'
    const how = hows[place % 3]!
    const wire = await startBrokenWire(server.port, { way, after: Math.floor((place / 100) * 61_000), how })
    const store = storeAt(t, wire, {}, { timeouts })
    const key = `copy-${place}`
    const path = newPath()
    try {
      if (way === 'up') await store.put(fileOf(content, { key }), never)
      else {
        const [object] = await storeAt(t, server).list('there', never)
        await store.fetch(object!, path, never)
      }
      count('whole')
      if (way === 'down' && !readFileSync(path).equals(content)) wrong.push(`${place}: other bytes`)
    } catch (error) {
      const code = error instanceof JobsdError ? error.code : String(error)
      count(code)
      if (!['ENDPOINT_UNREACHABLE', 'ENDPOINT_TIMEOUT'].includes(code)) wrong.push(`${place}: ${code}`)
      if (existsSync(path)) wrong.push(`${place}: half a file`)
    } finally {
      await store.close()
      await wire.close()
    }
  }
  const count = (end: string) => {
    ends[end] = (ends[end] ?? 0) + 1
  }
  for (let place = 0; place < 100; place += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, index) => breakAt(place + index)))
  }
  t.strictSame(wrong, [])
  t.ok((ends.ENDPOINT_UNREACHABLE ?? 0) > 20 && (ends.ENDPOINT_TIMEOUT ?? 0) > 10, JSON.stringify(ends))
  for (const object of await server.objects('acme-reports')) t.ok(object.body.equals(content), object.key)
  t.ok(performance.now() - startedMs < 60_000, 'none of them waits for ever')
})

t.test('a clock that is wrong', async (t) => {
  await t.test('by an hour is made up for: the store tells its own', async (t) => {
    const server = await serveS3(t, { now: () => new Date(Date.now() + 3_600_000) })
    await storeAt(t, server).put(fileOf('content'), never)
    t.equal((await server.objects('acme-reports')).length, 1)
  })
  await t.test('is told as such where the store stays with its refusal', async (t) => {
    const skewed = new S3Failure(403, 'RequestTimeTooSkewed', 'The difference is too large.')
    const server = await serveS3(t, { intercept: () => skewed })
    const failure = await failureOf(storeAt(t, server).put(fileOf('content'), never))
    t.equal(failure.code, 'TARGET_REFUSED')
    t.match(failure.message, /RequestTimeTooSkewed/)
  })
})
