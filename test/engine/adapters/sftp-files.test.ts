import { hash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { inspect } from 'node:util'
import ssh2 from 'ssh2'
import t, { type Test } from 'tap'
import { createSftpFiles } from '../../../engine/adapters/sftp-files.ts'
import type { SftpWire } from '../../../engine/adapters/sftp-operation.ts'
import { listFolder } from '../../../engine/adapters/sftp-tree.ts'
import { createSlots } from '../../../engine/adapters/slots.ts'
import { systemClock } from '../../../engine/adapters/system-clock.ts'
import type { PutRequest } from '../../../engine/core/contracts/endpoints.ts'
import { startSftpServer } from '../../../scripts/demo/sftp-server.ts'
import { generateSshKey } from '../../../scripts/demo/ssh-key.ts'
import { knownSecrets, newFolder, openNpm, sftpConnection } from '../../contracts/file-trees.ts'
import { createManualClock } from '../../fakes/clock.ts'

const never = new AbortController().signal
const password = 'canary-4711-password'
const bytes = randomBytes(1_000_000)
const offsets = [1, 31 * 1024, 500_000, 999_999]

async function putRequest(t: Test, changes: Partial<PutRequest> = {}): Promise<PutRequest> {
  const localPath = join(await newFolder(t), 'a.bin')
  await writeFile(localPath, bytes)
  const sha256 = hash('sha256', bytes)
  return {
    path: '/out/a.bin',
    localPath,
    size: bytes.length,
    sha256,
    key: 'k',
    overwrite: 'fail',
    ...changes,
  }
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'no failure',
    (error: unknown) => error,
  )
}

function showsSecret(error: unknown): boolean {
  return inspect(error, { depth: Infinity, showHidden: true }).includes('canary')
}

t.test('a host key that is not pinned ends the connection before any credential is sent', async (t) => {
  const other = `SHA256:${'A'.repeat(43)}`
  const { files, server } = await openNpm(t, { connection: { hostKeys: [other] } })
  const error = await failureOf(files.list('/', never))
  t.match(error, { code: 'HOST_KEY_CHANGED', details: { shown: server.hostKeyFingerprint }, retry: false })
  t.same(server.loginAttempts, [])
  t.notOk(showsSecret(error))
})

t.test('a wrong password is AUTH_REFUSED, and no error shows it', async (t) => {
  const { files, server } = await openNpm(t, { password: 'canary-wrong' })
  const error = await failureOf(files.list('/', never))
  t.match(error, { code: 'AUTH_REFUSED', retry: false })
  t.ok(server.loginAttempts.some(({ method }) => method === 'password'))
  t.notOk(showsSecret(error))
})

t.test('a private key opens the connection, and text that is no key is AUTH_REFUSED', async (t) => {
  const key = generateSshKey()
  const users = [{ username: 'acme', publicKey: key.public }]
  const server = await startSftpServer({ root: t.testdir({ 'a.csv': 'x' }), users })
  const connection = sftpConnection({
    port: server.port,
    hostKeys: [server.hostKeyFingerprint],
    privateKey: { secret: 'key' },
  })
  const good = createSftpFiles(connection, {
    secrets: knownSecrets({ key: key.private }),
    clock: systemClock,
  })
  const bad = createSftpFiles(connection, {
    secrets: knownSecrets({ key: 'canary-no-key' }),
    clock: systemClock,
  })
  t.teardown(async () => {
    await good.close()
    await server.close()
  })
  t.match(await good.list('/', never), [{ name: 'a.csv' }])
  const error = await failureOf(bad.list('/', never))
  t.match(error, { code: 'AUTH_REFUSED' })
  t.notOk(showsSecret(error))
})

t.test('a server that refuses a write fails the put and keeps nothing of it', async (t) => {
  for (const offset of offsets) {
    const { files, folder } = await openNpm(t, { onWrite: (_, sent) => (sent >= offset ? 'fail' : 'ok') })
    const error = await failureOf(files.put(await putRequest(t), never))
    t.match(error, { code: 'TARGET_FULL', retry: true, details: { reason: 'No space left on device' } })
    t.same(await readdir(join(folder, 'out')), [], `at ${offset} bytes`)
  }
})

t.test('a connection cut midway leaves no final file, and a repeated put gives one whole file', async (t) => {
  const printed = [t.capture(console, 'log'), t.capture(console, 'error')]
  for (const offset of offsets) {
    let cuts = 1
    const { files, folder } = await openNpm(t, {
      onWrite: (_, sent) => (sent >= offset && cuts-- > 0 ? 'drop' : 'ok'),
    })
    const request = await putRequest(t)
    t.match(await failureOf(files.put(request, never)), { code: 'ENDPOINT_UNREACHABLE', retry: true })
    t.same(await readdir(join(folder, 'out')), ['.a.bin.k.part'], `at ${offset} bytes`)
    await files.put(request, never)
    t.same(await readdir(join(folder, 'out')), ['a.bin'])
    t.ok((await readFile(join(folder, 'out/a.bin'))).equals(bytes))
  }
  for (const calls of printed)
    t.same(
      calls().map(({ args }) => args),
      [],
    )
})

t.test('a stalled server ends every operation after 60 s, and the next one connects anew', async (t) => {
  const clock = createManualClock('2026-03-02T10:00:00Z')
  const stalled = Promise.withResolvers<void>()
  let writes = 0
  const { files, folder } = await openNpm(t, {
    clock,
    onWrite: () => {
      writes += 1
      if (writes === 16) stalled.resolve()
      return writes === 1 ? 'stall' : 'ok'
    },
  })
  const request = await putRequest(t)
  let ended = false
  const failure = failureOf(files.put(request, never)).finally(() => {
    ended = true
  })
  await stalled.promise
  // The answers to the other fifteen writes are on their way, and count as progress.
  for (let round = 0; round < 5; round++) await files.stat('/out', never)
  await clock.advance(59_000)
  t.notOk(ended)
  await clock.advance(1_000)
  t.match(await failure, { code: 'ENDPOINT_TIMEOUT', retry: true, details: { timeoutMs: 60_000 } })
  t.notOk((await readdir(join(folder, 'out'))).includes('a.bin'))
  await files.put(request, never)
  t.same(await readdir(join(folder, 'out')), ['a.bin'])
})

t.test('a server that never says a word ends the connecting after 30 s', async (t) => {
  const clock = createManualClock('2026-03-02T10:00:00Z')
  const silent = createServer((socket) => t.teardown(() => socket.destroy()))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  t.teardown(() => silent.close())
  const { port } = silent.address() as AddressInfo
  const connection = sftpConnection({ port, hostKeys: [`SHA256:${'A'.repeat(43)}`] })
  const files = createSftpFiles(connection, { secrets: knownSecrets({}), clock })
  const failure = failureOf(files.list('/', never))
  await clock.asleep()
  await clock.advance(30_000)
  t.match(await failure, { code: 'ENDPOINT_TIMEOUT', details: { timeoutMs: 30_000 } })
})

t.test('a port where nobody listens is ENDPOINT_UNREACHABLE', async (t) => {
  const { files, server } = await openNpm(t)
  await server.close()
  t.match(await failureOf(files.list('/', never)), { code: 'ENDPOINT_UNREACHABLE', retry: true })
})

t.test('all operations share one connection, opened again after a loss and gone after close', async (t) => {
  const { files, server } = await openNpm(t)
  t.equal(server.connections(), 0)
  await Promise.all(Array.from({ length: 12 }, () => files.list('/', never)))
  t.equal(server.connections(), 1)
  server.dropConnections()
  await failureOf(files.list('/', never))
  t.same(await files.list('/', never), [])
  t.equal(server.connections(), 1)
  await files.close()
  await server.close()
  t.equal(server.connections(), 0)
  t.match(await failureOf(files.list('/', never)), { code: 'ENDPOINT_UNREACHABLE' })
})

t.test(
  'no more operations are under way than the connection says; the others wait, and an abort ends both',
  async (t) => {
    const stalled = Promise.withResolvers<void>()
    let writes = 0
    const { files, server } = await openNpm(t, {
      connection: { maxOperations: 4 },
      onWrite: () => {
        writes += 1
        if (writes === 4) stalled.resolve()
        return 'stall'
      },
    })
    const stop = new AbortController()
    const small = { ...(await putRequest(t)), size: 1, sha256: hash('sha256', 'x') }
    await writeFile(small.localPath, 'x')
    const held = [1, 2, 3, 4].map((number) =>
      failureOf(files.put({ ...small, path: `/held/${number}` }, stop.signal)),
    )
    await stalled.promise
    let entered = false
    const waiting = files.list('/', never).finally(() => {
      entered = true
    })
    const impatient = new AbortController()
    const tired = failureOf(files.list('/', impatient.signal))
    const other = createSftpFiles(
      sftpConnection({ port: server.port, hostKeys: [server.hostKeyFingerprint], password: { secret: 'p' } }),
      { secrets: knownSecrets({ p: password }), clock: systemClock },
    )
    for (let round = 0; round < 5; round++) await other.list('/', never)
    await other.close()
    t.notOk(entered, 'another connection had time for five lists')
    const reason = new Error('no longer wanted')
    impatient.abort(reason)
    t.equal(await tired, reason)
    stop.abort(reason)
    t.same(await Promise.all(held), [reason, reason, reason, reason])
    t.match(await waiting, [{ name: 'held' }])
  },
)

t.test('an abort leaves nothing open on the server, even where the answer comes later', async (t) => {
  for (const held of ['OPEN', 'OPENDIR', 'READDIR'] as const) {
    const [asked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const { files, server, folder } = await openNpm(t, {
      async onAnswer(request) {
        if (request !== held) return
        asked.resolve()
        await gate.promise
      },
    })
    await writeFile(join(folder, 'a.csv'), 'x')
    const stop = new AbortController()
    const failure = failureOf(
      held === 'OPEN' ? files.hash('/a.csv', stop.signal) : files.list('/', stop.signal),
    )
    await asked.promise
    t.equal(server.openHandles(), 1)
    const reason = new Error('no longer wanted')
    stop.abort(reason)
    t.equal(await failure, reason)
    gate.resolve()
    for (let round = 0; round < 5; round++) await files.stat('/a.csv', never)
    t.equal(server.openHandles(), 0, held)
    t.equal(server.connections(), 1, 'on the connection that is still used')
  }
})

t.test('a turn goes to the next in line when the one whose it is gives up', async (t) => {
  const take = createSlots(1)
  const release = await take(never)
  const [early, late] = [new AbortController(), new AbortController()]
  const gone = [failureOf(take(early.signal)), failureOf(take(late.signal))]
  const next = take(never)
  early.abort('before its turn')
  release()
  late.abort('in the moment of its turn')
  t.same(await Promise.all(gone), ['before its turn', 'in the moment of its turn'])
  t.type(await next, 'function')
})

t.test('a file that appears while a put is under way is not replaced', async (t) => {
  let folder = ''
  const opened = await openNpm(t, {
    onWrite: (_, sent) => {
      if (sent === bytes.length) writeFileSync(join(folder, 'out/a.bin'), 'theirs')
      return 'ok'
    },
  })
  folder = opened.folder
  const put = opened.files.put(await putRequest(t), never)
  t.match(await failureOf(put), { code: 'FILE_EXISTS', details: { path: '/out/a.bin' } })
  t.same(await readdir(join(folder, 'out')), ['a.bin'])
  t.equal(await readFile(join(folder, 'out/a.bin'), 'utf8'), 'theirs')
})

t.test("a connection's root is all that its paths can name", async (t) => {
  const { files, folder } = await openNpm(t, { connection: { root: '/in/side/' } })
  const missing = { code: 'ENDPOINT_UNREACHABLE', details: { reason: 'the folder /in/side/ is not there' } }
  t.match(await failureOf(files.list('/', never)), missing)
  t.match(await failureOf(files.put(await putRequest(t), never)), missing)
  t.same(await readdir(folder), [], 'the root itself is never made')
  await mkdir(join(folder, 'in/side'), { recursive: true })
  await writeFile(join(folder, 'in/beside'), 'x')
  await files.put(await putRequest(t), never)
  t.same(await readdir(join(folder, 'in/side/out')), ['a.bin'])
  t.match(await files.list('/', never), [{ name: 'out', path: '/out' }])
})

t.test('a listing leaves out names that could leave the folder, and ends at 100,000', async (t) => {
  const page = (names: string[]) => names.map((filename) => ({ filename, longname: '', attrs: { size: 1 } }))
  const wireOf = (pages: string[][]): SftpWire => {
    const sftp = {
      readdir: (_: Buffer, done: (error: Error | undefined, list?: object[]) => void) => {
        const names = pages.shift()
        if (names) done(undefined, page(names))
        else done(Object.assign(new Error('end'), { code: 1 }))
      },
    }
    const ask = (send: (sftp: never, done: (error?: Error | null, answer?: unknown) => void) => void) =>
      new Promise((resolve, reject) =>
        send(sftp as never, (error, answer) => (error ? reject(error) : resolve(answer))),
      )
    return { ask, openFolder: async () => Buffer.alloc(1), close: async () => {} } as unknown as SftpWire
  }
  const tree = { connection: 'c', root: '/' }
  const odd = ['..', '.', '', '../up', 'a/b', 'a\\b', 'tab\there', 'null\u0000', 'fine', 'fine']
  t.match(await listFolder(wireOf([odd]), tree, ['in']), [{ path: '/in/fine', kind: 'other' }])
  const many = (start: number) => Array.from({ length: 50_000 }, (_, number) => `f${start + number}`)
  t.equal((await listFolder(wireOf([many(0), many(50_000)]), tree, [])).length, 100_000)
  await t.rejects(listFolder(wireOf([many(0), many(50_000), ['one-more']]), tree, []), {
    code: 'TARGET_REFUSED',
  })
})

t.test('the demo server keeps each user in its own folder', async (t) => {
  const root = t.testdir({ one: { 'a.csv': 'one' }, two: {} })
  const users = [
    { username: 'one', password, folder: 'one' },
    { username: 'two', password, folder: 'two' },
  ]
  const server = await startSftpServer({ root, users })
  const document = sftpConnection({
    port: server.port,
    hostKeys: [server.hostKeyFingerprint],
    username: 'two',
    password: { secret: 'p' },
  })
  const client = new ssh2.Client()
  t.teardown(async () => {
    client.end()
    await server.close()
  })
  await new Promise((resolve, reject) =>
    client
      .on('ready', () => resolve(undefined))
      .on('error', reject)
      .connect({ host: '127.0.0.1', port: server.port, username: document.username, password }),
  )
  const seen = await new Promise((resolve, reject) =>
    client.sftp((error, sftp) =>
      error ? reject(error) : sftp.readdir('/../one', (refusal) => resolve(refusal)),
    ),
  )
  t.match(seen, { code: 2 })
})
