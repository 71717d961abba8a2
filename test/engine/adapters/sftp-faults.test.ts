import { readdir, stat } from 'node:fs/promises'
import ssh2 from 'ssh2'
import t, { type Test } from 'tap'
import { JobsdError } from '../../../engine/core/errors.ts'
import { openSshd } from '../../contracts/file-trees.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { failureOf, never, requestOf, stageSftp } from '../../fakes/sftp-stage.ts'
import { leaveRoom, mountSmallDisk, noSmallDisk } from '../../fakes/small-disk.ts'
import { noSshd } from '../../fakes/ssh-daemon.ts'
import { type Fault, startTcpProxy } from '../../fakes/tcp-proxy.ts'

const { STATUS_CODE } = ssh2.utils.sftp
const size = 200_000

t.test('a disk that is full at any of 20 points is TARGET_FULL, and leaves nothing', async (t) => {
  for (let point = 0; point < 20; point++) {
    const capacity = (size / 20) * point
    const { server, files } = await stageSftp(t, { script: { capacity } })
    const { request } = await requestOf(t, size)
    t.match(
      await failureOf(files.put(request, never)),
      { code: 'TARGET_FULL', retry: true },
      `at ${capacity}`,
    )
    t.same([...server.files.keys()], [], `nothing is left at ${capacity}`)
  }
})

t.test(
  'a real disk that is full at any of 20 points is TARGET_FULL, and leaves nothing',
  {
    skip: noSshd || (await noSmallDisk()),
  },
  async (t) => {
    const disk = await mountSmallDisk(t, 2 * size)
    const { files } = await openSshd(t, { folder: disk })
    for (let point = 0; point < 20; point++) {
      const fill = await leaveRoom(disk, (size / 20) * point)
      const { request } = await requestOf(t, size)
      const error = await failureOf(files.put(request, never))
      t.match(error, { code: 'TARGET_FULL', retry: true }, `with ${(size / 20) * point} bytes free`)
      t.same(await readdir(disk), [fill], 'nothing is left')
    }
  },
)

/** Lets what has begun go as far as it comes without the clock: reads of files too, which other threads do. */
async function settle(localPath: string): Promise<void> {
  for (let round = 0; round < 8; round++) {
    await Promise.all([1, 2, 3, 4].map(() => stat(localPath)))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** What each put through a failing connection came to, its time by the clock. */
async function putThrough(t: Test, fault: Fault, afterBytes: number) {
  const clock = createManualClock('2026-03-02T10:00:00Z')
  const { server, open } = await stageSftp(t, { clock })
  const proxy = await startTcpProxy(server.port, { fault, afterBytes })
  t.teardown(() => proxy.close())
  const { request, bytes } = await requestOf(t, 40_000)
  const files = open(proxy.port)
  const start = clock.now().getTime()
  let isOver = false
  const ending = failureOf(files.put(request, never)).finally(() => {
    isOver = true
  })
  if (fault === 'stall') {
    await Promise.race([proxy.failed, ending])
    await settle(request.localPath)
    for (let round = 0; !isOver && round < 30; round++) {
      await clock.advance(5_000)
      await settle(request.localPath)
    }
  }
  const error = await ending
  return { error, server, bytes, request, proxy, open, tookMs: clock.now().getTime() - start }
}

t.test(
  'a connection that fails at any of 100 offsets leaves no half file, and its repeat a whole one',
  async (t) => {
    const whole = await putThrough(t, 'close', Number.POSITIVE_INFINITY)
    t.match(whole.error, 'no failure')
    const total = whole.proxy.sent()
    t.ok(total > 40_000)
    const faults: Fault[] = ['reset', 'close', 'stall']
    const codes = new Map<string, number>()
    for (let number = 0; number < 100; number++) {
      const offset = Math.max(1, Math.floor((total * number) / 100))
      const fault = faults[number % 3]!
      const { error, server, bytes, request, open, tookMs } = await putThrough(t, fault, offset)
      const code = error instanceof JobsdError ? error.code : String(error)
      codes.set(code, (codes.get(code) ?? 0) + 1)
      const there = server.files.get('/a.bin')
      if (there && !there.equals(bytes)) t.fail(`half a file after ${fault} at ${offset}`)
      if (tookMs > 65_000) t.fail(`${fault} at ${offset} took ${tookMs} ms`)
      if (!(error instanceof JobsdError && error.retry)) t.fail(`${fault} at ${offset}: ${error}`)
      // Only a file that was there before the answer was lost is in the way of its repeat.
      const repeated = await failureOf(open().put(request, never))
      if (there) t.match(repeated, { code: 'FILE_EXISTS' })
      const after = server.files.get('/a.bin')
      if (!after?.equals(bytes)) t.fail(`no whole file after the repeat of ${fault} at ${offset}`)
      if (server.files.size !== 1) t.fail(`${server.files.size} files after ${fault} at ${offset}`)
    }
    t.same([...codes.keys()].toSorted(), ['ENDPOINT_TIMEOUT', 'ENDPOINT_UNREACHABLE'])
    t.equal(codes.get('ENDPOINT_TIMEOUT'), 33, 'each stall')
  },
)

const refusal = (status: number, text?: string) => ({ status, ...(text !== undefined && { text }) })
const denied = refusal(STATUS_CODE.PERMISSION_DENIED, 'Permission denied')

t.test('what a server refuses is told by its code, and nothing is left', async (t) => {
  const refused = { code: 'TARGET_REFUSED', retry: false }
  const table: [title: string, name: string, verdict: object, expected: object][] = [
    ['a read-only folder', 'OPEN', denied, refused],
    ['a folder that may not be made', 'MKDIR', denied, refused],
    ['a rename that is refused', 'RENAME', denied, refused],
    ['a rename that fails without a text', 'RENAME', refusal(STATUS_CODE.FAILURE, ''), refused],
    ['a quota', 'WRITE', refusal(STATUS_CODE.FAILURE, 'Disk quota exceeded'), { code: 'TARGET_FULL' }],
    ['a failure without a text', 'WRITE', refusal(STATUS_CODE.FAILURE, ''), { code: 'TARGET_FULL' }],
    ['a look that is refused', 'LSTAT', denied, refused],
    ['a size that is not told', 'FSTAT', refusal(STATUS_CODE.OP_UNSUPPORTED), refused],
    ['a lost handle', 'WRITE', refusal(STATUS_CODE.NO_SUCH_FILE), { code: 'FILE_MISSING' }],
    ['a server that gives up', 'WRITE', refusal(STATUS_CODE.NO_CONNECTION), { code: 'ENDPOINT_UNREACHABLE' }],
  ]
  for (const [title, name, verdict, expected] of table) {
    const { server, files } = await stageSftp(t, {
      script: { on: (request) => (request === name ? (verdict as never) : 'ok') },
    })
    const { request } = await requestOf(t, 1_000, { path: '/new/a.bin' })
    t.match(await failureOf(files.put(request, never)), expected, title)
    t.same([...server.files.keys()], [], title)
  }
})

t.test('whichever request of a put is refused, no half file gets the name', async (t) => {
  for (const name of ['LSTAT', 'OPEN', 'WRITE', 'FSTAT', 'CLOSE', 'RENAME'] as const) {
    for (const ordinal of [1, 2, 3]) {
      const { server, files } = await stageSftp(t, {
        script: {
          on: (request, at) => (request === name && at === ordinal ? refusal(STATUS_CODE.FAILURE, '') : 'ok'),
        },
      })
      const { request, bytes } = await requestOf(t, 100_000)
      const error = await failureOf(files.put(request, never))
      const there = server.files.get('/a.bin')
      t.ok(there === undefined || there.equals(bytes), `${name} ${ordinal}`)
      if (there === undefined) t.type(error, JobsdError, `${name} ${ordinal}`)
    }
  }
})

t.test('writes that are cut short, and sizes that are wrong, are VERIFY_FAILED', async (t) => {
  const scripts = [{ keep: (length: number) => length - 1 }, { tellSize: (told: number) => told + 1 }]
  for (const script of scripts) {
    const { server, files } = await stageSftp(t, { script })
    const { request } = await requestOf(t, 100_000)
    t.match(await failureOf(files.put(request, never)), { code: 'VERIFY_FAILED', retry: true })
    t.same([...server.files.keys()], [])
  }
})

t.test('bytes that are not what was sent are found where they are read back', async (t) => {
  const script = {
    on(name: string, ordinal: number) {
      for (const bytes of name === 'READ' && ordinal === 1 ? server.files.values() : []) bytes[50_000]! ^= 1
      return 'ok' as const
    },
  }
  const { server, files } = await stageSftp(t, { script })
  const { request } = await requestOf(t, 100_000)
  const verified = files.put({ ...request, verify: 'sha256' }, never)
  t.match(await failureOf(verified), { code: 'VERIFY_FAILED', details: { reason: 'another sha256' } })
  t.same([...server.files.keys()], [])
  const reads = server.count('READ')
  await files.put(request, never)
  t.equal(server.count('READ'), reads, 'by size alone nothing is read back')
})

t.test('a server whose rename replaces does not replace what appeared during a put', async (t) => {
  const script = {
    renameReplaces: true,
    on(name: string) {
      if (name === 'FSTAT') server.files.set('/a.bin', Buffer.from('theirs'))
      return 'ok' as const
    },
  }
  const { server, files } = await stageSftp(t, { script })
  const { request } = await requestOf(t, 1_000)
  t.match(await failureOf(files.put(request, never)), { code: 'FILE_EXISTS' })
  t.same([...server.files].map(String), ['/a.bin,theirs'])
})

t.test('answers that come last first make no difference', async (t) => {
  const { server, files } = await stageSftp(t, { script: { reverse: 5 } })
  const { request, bytes } = await requestOf(t, 1_000_000, { verify: 'sha256' })
  await files.put(request, never)
  t.ok(server.files.get('/a.bin')?.equals(bytes))
})

t.test('permissions that a server refuses, or only says it set, end the put', async (t) => {
  const scripts = [
    { ignoresMode: true },
    { on: (name: string) => (name === 'FSETSTAT' ? refusal(STATUS_CODE.OP_UNSUPPORTED) : ('ok' as const)) },
  ]
  for (const script of scripts) {
    const { server, files } = await stageSftp(t, { script })
    const { request } = await requestOf(t, 1_000, { mode: 0o640 })
    const expected = { reason: 'the server does not set permissions 0640' }
    t.match(await failureOf(files.put(request, never)), { code: 'TARGET_REFUSED', details: expected })
    t.same([...server.files.keys()], [])
  }
  const { server, files } = await stageSftp(t)
  await files.put((await requestOf(t, 1_000, { mode: 0o640 })).request, never)
  t.equal(server.modes.get('/a.bin'), 0o640)
})

t.test('a listing without end, and names that lead elsewhere, are refused', async (t) => {
  const many = Array.from({ length: 100_001 }, (_, number) => `f${number}`)
  const endless = await stageSftp(t, { script: { names: many } })
  t.match(await failureOf(endless.files.list('/', never)), { code: 'TARGET_REFUSED' })
  const names = ['..', '.', 'a/b', '../../etc/passwd', 'tab\there', 'null\u0000', 'line\nbreak', 'fine']
  const odd = await stageSftp(t, { script: { names } })
  t.match(await odd.files.list('/', never), [{ name: 'fine' }])
})

t.test('a server that answers now and then does not hold an operation for ever', async (t) => {
  const clock = createManualClock('2026-03-02T10:00:00Z')
  let answered = 0
  const { files } = await stageSftp(t, {
    clock,
    script: {
      names: (function* () {
        for (;;) yield `f${answered}`
      })(),
      on(name) {
        if (name === 'READDIR') answered += 1
        return 'ok'
      },
    },
  })
  let isOver = false
  const ending = failureOf(files.list('/', never)).finally(() => {
    isOver = true
  })
  const start = clock.now().getTime()
  for (let seen = 0; !isOver; ) {
    await new Promise((resolve) => setImmediate(resolve))
    if (answered === seen) continue
    seen = answered
    await clock.advance(14_000)
  }
  t.match(await ending, { code: 'ENDPOINT_TIMEOUT', details: { timeoutMs: 600_000 } })
  t.ok(answered > 20, `${answered} answers`)
  t.ok(clock.now().getTime() - start <= 700_000)
})

t.test('an attempt that ran out of time is over at once, though its server is silent', async (t) => {
  const clock = createManualClock('2026-03-02T10:00:00Z')
  const { files, server } = await stageSftp(t, {
    clock,
    script: { on: (name) => (name === 'WRITE' || name === 'REMOVE' ? 'stall' : 'ok') },
  })
  const { request } = await requestOf(t, 1_000)
  const deadline = new AbortController()
  const ending = failureOf(files.put(request, deadline.signal))
  while (server.count('WRITE') === 0) await new Promise((resolve) => setImmediate(resolve))
  const late = new JobsdError('STEP_TIMEOUT', { step: 'upload', timeoutMs: 1 })
  const start = clock.now().getTime()
  deadline.abort(late)
  while (server.count('REMOVE') === 0) await new Promise((resolve) => setImmediate(resolve))
  await clock.advance(5_000)
  t.equal(await ending, late)
  t.ok(clock.now().getTime() - start <= 5_000)
})
