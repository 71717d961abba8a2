import { hash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { JobsdError } from '../../../engine/core/errors.ts'
import { createManualClock } from '../../fakes/clock.ts'
import type { SftpScript } from '../../fakes/scripted-sftp.ts'
import { failureOf, never, requestOf, stageSftp } from '../../fakes/sftp-stage.ts'
import { startTcpProxy } from '../../fakes/tcp-proxy.ts'

const megabyte = 1024 * 1024
/** The window of requests that a resumed put goes back by. */
const windowBytes = 2 * megabyte

t.test(
  'a further connection is opened when the others have their fill, and no more than allowed',
  async (t) => {
    const held = 7
    const full = Promise.withResolvers<void>()
    const { server, files } = await stageSftp(t, {
      connection: { maxConnections: 3, maxOperations: 2 },
      script: {
        on(name, ordinal) {
          if (name !== 'OPENDIR') return 'ok'
          if (ordinal === 6) full.resolve()
          return 'stall'
        },
      },
    })
    const sessions = () => server.logins.filter((method) => method === 'password').length
    const stop = new AbortController()
    const first = failureOf(files.list('/', stop.signal))
    while (server.count('OPENDIR') === 0) await new Promise((resolve) => setImmediate(resolve))
    t.equal(sessions(), 1)
    const others = Array.from({ length: held - 1 }, () => failureOf(files.list('/', stop.signal)))
    await full.promise
    t.equal(sessions(), 3)
    t.equal(server.count('OPENDIR'), 6, 'the seventh waits')
    stop.abort(new Error('enough'))
    await Promise.all([first, ...others])
  },
)

t.test('a connection that was lost is opened again by the next operation', async (t) => {
  let cuts = 1
  const { server, files } = await stageSftp(t, {
    script: { on: (name) => (name === 'OPENDIR' && cuts-- > 0 ? 'close' : 'ok') },
  })
  t.match(await failureOf(files.list('/', never)), { code: 'ENDPOINT_UNREACHABLE', retry: true })
  t.same(await files.list('/', never), [])
  t.equal(server.logins.filter((method) => method === 'password').length, 2)
})

/** A put of 12 MiB whose connection is cut after 9 of them, and its repeat. */
async function cutAndRepeat(
  t: Test,
  between: (files: Map<string, Buffer>, bytes: Buffer) => void = () => {},
  script: SftpScript = {},
) {
  const { server, files, open } = await stageSftp(t, { script })
  const { request, bytes } = await requestOf(t, 12 * megabyte)
  const proxy = await startTcpProxy(server.port, { afterBytes: 9 * megabyte })
  t.teardown(() => proxy.close())
  t.match(await failureOf(open(proxy.port).put(request, never)), { code: 'ENDPOINT_UNREACHABLE' })
  t.same([...server.files.keys()], ['/.a.bin.k.part'])
  const there = server.files.get('/.a.bin.k.part')!.length
  const writes = server.count('WRITE')
  between(server.files, bytes)
  const end = await failureOf(files.put(request, never))
  return { server, files, request, bytes, there, end, written: server.count('WRITE') - writes }
}

t.test('a large put that was cut goes on where it was, and reads back the whole', async (t) => {
  const { server, bytes, there, written } = await cutAndRepeat(t)
  t.ok(there > 8 * megabyte)
  t.ok(server.files.get('/a.bin')?.equals(bytes))
  t.equal(server.files.size, 1)
  const requests = Math.ceil((12 * megabyte - there + windowBytes) / (31 * 1024)) + 2
  t.ok(written <= requests, `${written} writes for the rest and a window, not ${requests}`)
  t.ok(server.count('READ') * 31 * 1024 >= 12 * megabyte, 'every byte was read back')
})

t.test('where what is there has other last bytes the put begins anew', async (t) => {
  const { server, bytes, written } = await cutAndRepeat(t, (files) => files.get('/.a.bin.k.part')!.fill(0))
  t.ok(server.files.get('/a.bin')?.equals(bytes))
  t.ok(written * 31 * 1024 >= 12 * megabyte)
})

t.test(
  'one changed byte far from the end is found before the file gets its name, and the repeat is whole',
  async (t) => {
    const { server, files, request, bytes, end } = await cutAndRepeat(t, (files) => {
      files.get('/.a.bin.k.part')![1_000]! ^= 1
    })
    t.match(end, { code: 'VERIFY_FAILED', retry: true })
    t.equal(server.files.size, 0, 'nothing of it stays')
    await files.put(request, never)
    t.ok(server.files.get('/a.bin')?.equals(bytes))
  },
)

t.test('a longer file under the temporary name is not gone on from', async (t) => {
  const { server, bytes } = await cutAndRepeat(t, (files, all) =>
    files.set('/.a.bin.k.part', Buffer.concat([all, Buffer.alloc(megabyte)])),
  )
  t.ok(server.files.get('/a.bin')?.equals(bytes))
})

t.test(
  'an attempt that ran out of time leaves a large file to go on from, one of a run that is over leaves nothing',
  async (t) => {
    for (const [reason, left] of [
      [new JobsdError('STEP_TIMEOUT', { step: 'upload', timeoutMs: 1 }), ['/.a.bin.k.part']],
      [new JobsdError('RUN_TIMEOUT', { run: 'r1', timeout: '1d' }), []],
      [new Error('called off'), []],
    ] as const) {
      const stop = new AbortController()
      const { server, files } = await stageSftp(t, {
        script: {
          on(name, ordinal) {
            if (name === 'WRITE' && ordinal === 300) stop.abort(reason)
            return 'ok'
          },
        },
      })
      const { request } = await requestOf(t, 12 * megabyte)
      t.equal(await failureOf(files.put(request, stop.signal)), reason)
      t.same([...server.files.keys()], left, reason.message)
    }
  },
)

t.test('a put whose folder went away just now makes it again', async (t) => {
  const clock = createManualClock('2026-03-02T10:00:00Z')
  const { server, files } = await stageSftp(t, { clock })
  const { request, bytes } = await requestOf(t, 1_000, { path: '/new/a.bin' })
  await files.put(request, never)
  server.folders.delete('/new')
  server.files.delete('/new/a.bin')
  await files.put(request, never)
  t.ok(server.files.get('/new/a.bin')?.equals(bytes))
})

t.test('many puts into one folder look at it once a second', async (t) => {
  const clock = createManualClock('2026-03-02T10:00:00Z')
  const { server, files } = await stageSftp(t, { clock })
  const { request } = await requestOf(t, 10)
  await writeFile(request.localPath, Buffer.alloc(10))
  const put = (number: number) =>
    files.put({ ...request, path: `/x/y/${number}`, overwrite: 'replace' }, never)
  request.sha256 = hash('sha256', Buffer.alloc(10))
  await put(0)
  const looks = server.count('LSTAT')
  for (let number = 1; number <= 10; number++) await put(number)
  t.equal(server.count('LSTAT') - looks, 10, 'one a file, at its own name')
  await clock.advance(1_000)
  await put(11)
  t.equal(server.count('LSTAT') - looks, 13, 'and again at both folders')
})
