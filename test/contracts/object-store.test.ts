import '../fakes/clean-children.ts'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import t, { type Test } from 'tap'
import type { S3Connection } from '../../engine/core/manifest.ts'
import { type ObjectServer, objectServers, startObjectServer } from '../fakes/object-servers.ts'
import { failureOf, fileOf, never, newPath, storeAt } from '../fakes/s3-stage.ts'

for (const server of objectServers) {
  t.test(`an object store: ${server.name}`, { skip: server.skip }, async (t) => {
    const running = await startObjectServer(t, server)
    const keys = {
      accessKeyId: { secret: server.accessKey.id },
      secretAccessKey: { secret: server.accessKey.secret },
    }
    let folders = 0
    /** A store with a prefix of its own; `beside` sees the whole bucket. */
    const open = (t: Test, changes: Partial<S3Connection> = {}) => {
      folders += 1
      const prefix = `inbox-${folders}/`
      const store = storeAt(t, running, { ...keys, prefix, ...changes })
      return { prefix, store, beside: storeAt(t, running, { ...keys, prefix: '' }) }
    }
    await holdContract(t, server, open)
  })
}

type Open = (
  t: Test,
  changes?: Partial<S3Connection>,
) => { prefix: string } & Record<'store' | 'beside', ReturnType<typeof storeAt>>

async function holdContract(t: Test, { does }: ObjectServer, open: Open): Promise<void> {
  await t.test('puts a file under its prefix and tells what was recorded with it', async (t) => {
    const { store, beside, prefix } = open(t)
    const file = fileOf('a;b\n1;2\n')
    t.equal(await store.head('report.csv', never), undefined)
    const note = await store.put(file, never)
    t.match(note, /^report\.csv was put, 8 bytes/)
    t.equal(note.includes('looked at first'), !does.conditions, 'says so where the store knows no condition')
    t.strictSame(await store.head('report.csv', never), { size: 8, sha256: file.sha256 })
    t.strictSame(await beside.head(`${prefix}report.csv`, never), { size: 8, sha256: file.sha256 })
  })

  await t.test('keeps odd keys and empty objects as they are, lists and fetches them', async (t) => {
    const { store, beside, prefix } = open(t)
    const keys = ["2026/Übersicht für März (1)'*!~.csv", 'a b+c&d=e?f#g%2F;<h>.txt', '統計/📈.csv']
    for (const key of keys) {
      await store.put(fileOf('', { key }), never)
      t.equal((await store.head(key, never))?.size, 0)
    }
    const listed = await store.list('', never)
    t.strictSame(
      listed.map(({ key }) => key),
      keys.toSorted(),
    )
    for (const object of listed) t.equal((await store.fetch(object, newPath(), never)).size, 0)
    t.strictSame(
      (await beside.list(prefix, never)).map(({ key }) => key),
      keys.map((key) => prefix + key).sort(),
    )
  })

  await t.test('replaces nothing unless asked', async (t) => {
    const { store } = open(t)
    const first = fileOf('first')
    const there = () => readBack(store, 'report.csv')
    await store.put(first, never)
    t.equal((await failureOf(store.put(first, never))).code, 'FILE_EXISTS')
    t.match(await store.put({ ...first, overwrite: 'skip-if-same' }, never), /same content/)

    const second = fileOf('other', { overwrite: 'skip-if-same' })
    const failure = await failureOf(store.put(second, never))
    t.equal(failure.code, 'FILE_EXISTS')
    t.match(failure.message, 'report.csv')
    t.equal(await there(), 'first')

    await store.put({ ...second, overwrite: 'replace' }, never)
    t.equal(await there(), 'other')
  })

  await t.test(
    'lets one of several puts of the same key win',
    { skip: !does.conditions && 'it knows no condition' },
    async (t) => {
      const { store } = open(t)
      const contents = ['one', 'two', 'six', 'ten']
      const ends = await Promise.allSettled(contents.map((content) => store.put(fileOf(content), never)))
      const won = ends.flatMap((end, index) => (end.status === 'fulfilled' ? [contents[index]] : []))
      t.equal(won.length, 1)
      for (const end of ends) if (end.status === 'rejected') t.equal(end.reason.code, 'FILE_EXISTS')
      t.equal(await readBack(store, 'report.csv'), won[0])
    },
  )

  await t.test('puts and fetches a large file byte for byte', async (t) => {
    const { store } = open(t)
    const content = randomBytes(20 * 1024 * 1024 + 17)
    const file = fileOf(content)
    await store.put(file, never)
    t.strictSame(await store.head('report.csv', never), { size: content.length, sha256: file.sha256 })
    t.equal((await failureOf(store.put(file, never))).code, 'FILE_EXISTS')
    const [object] = await store.list('', never)
    const path = newPath()
    t.strictSame(await store.fetch(object!, path, never), { size: content.length, sha256: file.sha256 })
    t.ok(readFileSync(path).equals(content))
  })

  await t.test('lists what begins so by key, with size and time, and no marker of a folder', async (t) => {
    const { store, beside, prefix } = open(t)
    for (const key of ['b/2.csv', 'a.csv', 'b/1.csv', 'bb.csv']) await store.put(fileOf(key, { key }), never)
    await putMarker(beside, `${prefix}b/`)
    const listed = await store.list('b/', never)
    t.strictSame(
      listed.map(({ key, size }) => [key, size]),
      [
        ['b/1.csv', 7],
        ['b/2.csv', 7],
      ],
    )
    for (const { mtimeMs } of listed) t.ok(Math.abs(Date.now() - mtimeMs) < 60_000)
    t.strictSame(
      (await store.list('', never)).map(({ key }) => key),
      ['a.csv', 'b/1.csv', 'b/2.csv', 'bb.csv'],
    )
    t.strictSame(await store.list('none', never), [])
  })

  await t.test('fetches only what was listed, and leaves no file where it cannot', async (t) => {
    const { store } = open(t)
    await store.put(fileOf('first'), never)
    const [object] = await store.list('', never)
    await store.put(fileOf('other', { overwrite: 'replace' }), never)
    const path = newPath()
    t.equal((await failureOf(store.fetch(object!, path, never))).code, 'TARGET_BUSY')
    await store.remove('report.csv', never)
    t.equal((await failureOf(store.fetch(object!, path, never))).code, 'FILE_MISSING')
    t.notOk(existsSync(path))
  })

  await t.test('removes an object, and is content where none is', async (t) => {
    const { store } = open(t)
    await store.put(fileOf('first'), never)
    await store.remove('report.csv', never)
    await store.remove('report.csv', never)
    t.equal(await store.head('report.csv', never), undefined)
  })

  await t.test('keeps tags, or refuses the file', async (t) => {
    const { store } = open(t)
    const tagged = fileOf('tagged', { tags: { client: 'acme', day: '2026-11-23 / März' } })
    if (does.tags) return t.match(await store.put(tagged, never), /was put/)
    t.equal((await failureOf(store.put(tagged, never))).code, 'TARGET_REFUSED')
    t.strictSame(await store.list('', never), [])
  })

  await t.test('links to an object that anybody can download under its name until then', async (t) => {
    const { store } = open(t)
    for (const key of ['mail/calls.csv', "mail/Übersicht (1)'s 100%.csv"]) {
      await store.put(fileOf(`of ${key}`, { key }), never)
      const answer = await fetch(await store.link(key, 3600, never))
      t.equal(answer.status, 200, key)
      t.equal(await answer.text(), `of ${key}`)
      const name = encodeURIComponent(posix.basename(key)).replace(/['()]/g, percent)
      if (does.names)
        t.match(answer.headers.get('content-disposition'), `"; filename*=UTF-8''${name}`, 'it is downloaded')
    }
    const none = await fetch(await store.link('mail/none.csv', 3600, never))
    t.ok([403, 404].includes(none.status), 'a link to nothing opens nothing')
    if (!does.signatures) return
    const link = await store.link('mail/calls.csv', 3600, never)
    t.equal((await fetch(link.replace('calls.csv', 'others.csv'))).status, 403, 'it is for one object')
    t.equal((await fetch(link.replace('X-Amz-Expires=3600', 'X-Amz-Expires=7200'))).status, 403)
    t.equal((await fetch(link, { method: 'DELETE' })).status, 403, 'it is for reading')
  })

  await t.test('refuses a wrong key', { skip: !does.signatures && 'it looks at no signature' }, async (t) => {
    const { store } = open(t, { secretAccessKey: { secret: 'wrong' } })
    t.equal((await failureOf(store.put(fileOf('x'), never))).code, 'AUTH_REFUSED')
    t.equal((await failureOf(store.list('', never))).code, 'AUTH_REFUSED')
  })

  await t.test('refuses a bucket that is not there', async (t) => {
    const { store } = open(t, { bucket: 'no-such-bucket' })
    t.equal((await failureOf(store.put(fileOf('x'), never))).code, 'TARGET_REFUSED')
    t.equal((await failureOf(store.list('', never))).code, 'TARGET_REFUSED')
  })
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16)}`
}

async function readBack(store: ReturnType<typeof storeAt>, key: string): Promise<string> {
  const object = (await store.list(key, never)).find((each) => each.key === key)
  const path = newPath()
  await store.fetch(object!, path, never)
  return readFileSync(path, 'utf8')
}

/** As consoles make folders. */
async function putMarker(store: ReturnType<typeof storeAt>, key: string): Promise<void> {
  await store.put({ ...fileOf(''), key, mediaType: 'application/x-directory' }, never)
}
