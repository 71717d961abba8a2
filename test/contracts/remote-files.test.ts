import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { PutRequest } from '../../engine/core/contracts/endpoints.ts'
import { noSshd } from '../fakes/ssh-daemon.ts'
import { openSshd, treeKinds } from './file-trees.ts'

const never = new AbortController().signal
const fiveMegabytes = randomBytes(5_000_000)
const outbox = t.testdir()

async function artifact(bytes: Buffer | string): Promise<Pick<PutRequest, 'localPath' | 'size' | 'sha256'>> {
  const localPath = join(outbox, randomUUID())
  await writeFile(localPath, bytes)
  return { localPath, size: Buffer.byteLength(bytes), sha256: sha256Of(bytes) }
}

function sha256Of(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function putRequest(path: string, bytes: Buffer | string, changes: Partial<PutRequest> = {}) {
  return { path, key: 'key-1', overwrite: 'fail' as const, ...(await artifact(bytes)), ...changes }
}

for (const kind of treeKinds) {
  t.test(kind.name, { skip: kind.skip }, async (t: Test) => {
    const { files, folder } = await kind.open(t)
    const inFolder = (path: string) => join(folder, path)

    t.test('a put file is there whole, and nothing else', async (t) => {
      const note = await files.put(await putRequest('/whole/big.bin', fiveMegabytes), never)
      t.match(note, '5000000')
      t.same(sha256Of(await readFile(inFolder('whole/big.bin'))), sha256Of(fiveMegabytes))
      t.same(await readdir(inFolder('whole')), ['big.bin'])
      t.equal(await files.hash('/whole/big.bin', never), sha256Of(fiveMegabytes))
    })

    t.test('a fetched file is the file, with its size and sha256', async (t) => {
      await mkdir(inFolder('fetch'))
      await writeFile(inFolder('fetch/big.bin'), fiveMegabytes)
      const localPath = join(outbox, randomUUID())
      const fetched = await files.fetch('/fetch/big.bin', localPath, never)
      t.same(fetched, { size: 5_000_000, sha256: sha256Of(fiveMegabytes) })
      t.ok((await readFile(localPath)).equals(fiveMegabytes))
      await t.rejects(files.fetch('/fetch/none.bin', localPath + '-none', never), { code: 'FILE_MISSING' })
      await t.rejects(stat(localPath + '-none'), { code: 'ENOENT' })
    })

    t.test('a removed file is gone, twice is once, and nothing but a plain file is removed', async (t) => {
      await mkdir(inFolder('remove/dir'), { recursive: true })
      await writeFile(inFolder('remove/a.csv'), 'a')
      await writeFile(inFolder('remove/kept.csv'), 'kept')
      await symlink('kept.csv', inFolder('remove/link.csv'))
      await files.remove('/remove/a.csv', never)
      await files.remove('/remove/a.csv', never)
      await files.remove('/nowhere/a.csv', never)
      for (const name of ['dir', 'link.csv', '../kept.csv'])
        await t.rejects(files.remove(`/remove/${name}`, never), { code: 'TARGET_REFUSED' })
      t.same(await readdir(inFolder('remove')), ['dir', 'kept.csv', 'link.csv'])
    })

    t.test('an empty file is put, listed, hashed and fetched as one', async (t) => {
      await files.put(await putRequest('/empty/none.csv', ''), never)
      t.match(await files.list('/empty', never), [{ name: 'none.csv', size: 0, kind: 'file' }])
      t.equal(await files.hash('/empty/none.csv', never), sha256Of(''))
      const localPath = join(outbox, randomUUID())
      t.match(await files.fetch('/empty/none.csv', localPath, never), { size: 0 })
      t.equal((await stat(localPath)).size, 0)
    })

    t.test('folders on the way are made, and names may hold spaces and any letter', async (t) => {
      const path = "/deep/a b/ü/日本/Bericht März – 'final' (1).csv"
      await files.put(await putRequest(path, 'x'), never)
      t.equal(await readFile(inFolder(path), 'utf8'), 'x')
      t.match(await files.list('/deep/a b/ü/日本', never), [{ path, size: 1 }])
      t.match(await files.stat(path, never), { path, size: 1, kind: 'file' })
    })

    t.test('a list holds each entry once, sorted, with its kind and time', async (t) => {
      await mkdir(inFolder('list/sub'), { recursive: true })
      for (let number = 0; number < 250; number++)
        await writeFile(inFolder(`list/f-${String(number).padStart(3, '0')}`), 'abc')
      await symlink('f-001', inFolder('list/link'))
      const entries = await files.list('/list', never)
      t.equal(entries.length, 252)
      t.same(
        entries.map(({ name }) => name),
        entries.map(({ name }) => name).toSorted(),
      )
      t.match(entries[0], { name: 'f-000', path: '/list/f-000', size: 3, kind: 'file' })
      t.ok(Math.abs(entries[0]!.mtimeMs - Date.now()) < 60_000)
      t.match(entries.slice(-2), [
        { name: 'link', kind: 'other' },
        { name: 'sub', kind: 'folder' },
      ])
      await t.rejects(files.list('/no-such-folder', never), { code: 'FILE_MISSING' })
    })

    t.test('a name that could not be part of a path is left out of a list', async (t) => {
      await mkdir(inFolder('odd'))
      await writeFile(inFolder('odd/line\nbreak'), '')
      await writeFile(inFolder('odd/fine'), '')
      t.match(
        (await files.list('/odd', never)).map(({ name }) => name),
        ['fine'],
      )
    })

    t.test('what is not there is undefined to stat and hash', async (t) => {
      t.equal(await files.stat('/nowhere/at/all', never), undefined)
      t.equal(await files.hash('/nowhere/at/all', never), undefined)
      t.match(await files.stat('/', never), { kind: 'folder', path: '/' })
    })

    t.test('a put replaces nothing unless it was asked to', async (t) => {
      await files.put(await putRequest('/over/a.csv', 'old'), never)
      await t.rejects(files.put(await putRequest('/over/a.csv', 'new'), never), { code: 'FILE_EXISTS' })
      t.equal(await readFile(inFolder('over/a.csv'), 'utf8'), 'old')
      await files.put(await putRequest('/over/a.csv', 'newer', { overwrite: 'replace' }), never)
      t.equal(await readFile(inFolder('over/a.csv'), 'utf8'), 'newer')
      t.same(await readdir(inFolder('over')), ['a.csv'])
    })

    t.test('of puts of one name at the same moment exactly one wins', async (t) => {
      for (let round = 0; round < 5; round++) {
        const path = `/race/${round}.csv`
        const texts = ['one', 'two', 'three']
        const requests = await Promise.all(texts.map((text) => putRequest(path, text, { key: text })))
        const ends = await Promise.allSettled(requests.map((request) => files.put(request, never)))
        const won = ends.findIndex(({ status }) => status === 'fulfilled')
        const refused = ends.filter((end) => end.status === 'rejected' && end.reason.code === 'FILE_EXISTS')
        t.equal(refused.length, 2)
        t.equal(await readFile(inFolder(path), 'utf8'), texts[won])
      }
      t.equal((await readdir(inFolder('race'))).length, 5)
    })

    t.test('skip-if-same passes over the same bytes and refuses others', async (t) => {
      const overwrite = 'skip-if-same'
      await files.put(await putRequest('/skip/a.csv', 'same', { overwrite }), never)
      const { mtimeMs, ino } = await stat(inFolder('skip/a.csv'))
      t.match(await files.put(await putRequest('/skip/a.csv', 'same', { overwrite }), never), 'already')
      t.match(await stat(inFolder('skip/a.csv')), { mtimeMs, ino })
      for (const other of ['some', 'longer'])
        await t.rejects(files.put(await putRequest('/skip/a.csv', other, { overwrite }), never), {
          code: 'FILE_EXISTS',
        })
      t.equal(await readFile(inFolder('skip/a.csv'), 'utf8'), 'same')
    })

    t.test('a put under a free name takes the first number that is free, and says so before', async (t) => {
      const overwrite = 'rename'
      const named: string[] = []
      const naming = async (path: string) => {
        named.push(path)
        t.notOk((await readdir(inFolder('free'))).includes(path.slice('/free/'.length)), 'not there yet')
      }
      const put = async (text: string) =>
        files.put(await putRequest('/free/a.csv', text, { overwrite, naming, key: text }), never)
      t.match(await put('one'), '/free/a.csv')
      await writeFile(inFolder('free/a-3.csv'), 'theirs')
      t.match(await put('two'), '/free/a-2.csv')
      t.match(await put('two again'), '/free/a-4.csv')
      t.same(named, ['/free/a.csv', '/free/a-2.csv', '/free/a-4.csv'])
      t.same(await readdir(inFolder('free')), ['a-2.csv', 'a-3.csv', 'a-4.csv', 'a.csv'])
      t.equal(await readFile(inFolder('free/a-3.csv'), 'utf8'), 'theirs')
    })

    t.test('of puts under free names at the same moment each gets its own', async (t) => {
      const texts = ['one', 'two', 'three', 'four']
      const requests = texts.map((text) =>
        putRequest('/herd/a.csv', text, { overwrite: 'rename', key: text }),
      )
      await Promise.all((await Promise.all(requests)).map((request) => files.put(request, never)))
      const names = await readdir(inFolder('herd'))
      t.equal(names.length, 4)
      const found = await Promise.all(names.map((name) => readFile(inFolder(`herd/${name}`), 'utf8')))
      t.same(found.toSorted(), texts.toSorted())
    })

    t.test('a put sets the permissions it was given, and reads back what it was asked to', async (t) => {
      const request = await putRequest('/modes/a.csv', 'x', { mode: 0o640, verify: 'sha256' })
      await files.put(request, never)
      t.equal((await stat(inFolder('modes/a.csv'))).mode & 0o777, 0o640)
      await files.put(await putRequest('/modes/b.csv', 'x', { mode: 0o604 }), never)
      t.equal((await stat(inFolder('modes/b.csv'))).mode & 0o777, 0o604)
    })

    t.test('a put that breaks off at any offset leaves nothing, and its repeat one whole file', async (t) => {
      const whole = await putRequest('/cut/a.bin', fiveMegabytes)
      for (const offset of [0, 1, 31 * 1024, 600_000, 4_999_999]) {
        const broken = await artifact(fiveMegabytes.subarray(0, offset))
        const { localPath } = broken
        await t.rejects(files.put({ ...whole, localPath }, never), { code: 'ARTIFACT_DAMAGED' })
        t.same(await readdir(inFolder('cut')), [], `after ${offset} bytes`)
      }
      await writeFile(inFolder('cut/.a.bin.key-1.part'), 'what a killed engine left')
      await files.put(whole, never)
      t.same(await readdir(inFolder('cut')), ['a.bin'])
      t.equal(sha256Of(await readFile(inFolder('cut/a.bin'))), whole.sha256)
    })

    t.test('an artifact that changed on disk is not published', async (t) => {
      const request = await putRequest('/changed/a.csv', 'as made')
      await writeFile(request.localPath, 'as hack')
      await t.rejects(files.put(request, never), { code: 'ARTIFACT_DAMAGED' })
      t.same(await readdir(inFolder('changed')), [])
    })

    t.test('somebody who looks all the time sees no file or the whole file', async (t) => {
      await mkdir(inFolder('watched'))
      const sizes = new Set<number>()
      let done = false
      const watch = async () => {
        while (!done) {
          const seen = await stat(inFolder('watched/a.bin')).catch(() => undefined)
          if (seen) sizes.add(seen.size)
          await new Promise((resolve) => setImmediate(resolve))
        }
      }
      const watching = watch()
      await files.put(await putRequest('/watched/a.bin', fiveMegabytes), never)
      const other = randomBytes(5_000_000)
      await files.put(await putRequest('/watched/a.bin', other, { overwrite: 'replace' }), never)
      done = true
      await watching
      t.same([...sizes], [5_000_000])
    })

    t.test('an aborted operation ends with the reason and leaves nothing', async (t) => {
      const reason = new Error('the step took too long')
      await mkdir(inFolder('abort'))
      const request = await putRequest('/abort/a.bin', fiveMegabytes)
      await t.rejects(files.put(request, AbortSignal.abort(reason)), reason)
      const abort = new AbortController()
      const put = files.put(request, abort.signal)
      while ((await readdir(inFolder('abort'))).length === 0)
        await new Promise((resolve) => setImmediate(resolve))
      abort.abort(reason)
      const ended = await put.catch((error: unknown) => error)
      // The put may have been done before the abort was seen: then it is whole.
      if (ended === reason) t.same(await readdir(inFolder('abort')), [])
      else t.equal((await stat(inFolder('abort/a.bin'))).size, 5_000_000)
    })

    t.test('a move renames, makes the folder, and replaces only when asked', async (t) => {
      await files.put(await putRequest('/move/a.csv', 'a'), never)
      await files.put(await putRequest('/move/b.csv', 'b'), never)
      await files.move('/move/a.csv', '/move/done/2026/a.csv', 'fail', never)
      t.equal(await readFile(inFolder('move/done/2026/a.csv'), 'utf8'), 'a')
      await t.rejects(files.move('/move/b.csv', '/move/done/2026/a.csv', 'fail', never), {
        code: 'FILE_EXISTS',
      })
      t.same(await readdir(inFolder('move')), ['b.csv', 'done'])
      await files.move('/move/b.csv', '/move/done/2026/a.csv', 'replace', never)
      t.equal(await readFile(inFolder('move/done/2026/a.csv'), 'utf8'), 'b')
      t.same(await readdir(inFolder('move')), ['done'])
      await t.rejects(files.move('/move/b.csv', '/move/c.csv', 'fail', never), { code: 'FILE_MISSING' })
    })

    t.test('a move onto itself loses nothing', async (t) => {
      await files.put(await putRequest('/self/a.csv', 'a'), never)
      await files.move('/self/a.csv', '/self/a.csv', 'replace', never)
      t.equal(await readFile(inFolder('self/a.csv'), 'utf8'), 'a')
      await t.rejects(files.move('/self/a.csv', '/self/a.csv', 'fail', never), { code: 'FILE_EXISTS' })
      t.equal(await readFile(inFolder('self/a.csv'), 'utf8'), 'a')
    })

    t.test('no link is followed, neither as a file nor as a folder', async (t) => {
      const outside = t.testdir({ 'secret.txt': 'outside', folder: { 'inner.txt': 'outside' } })
      await mkdir(inFolder('links'))
      await symlink(join(outside, 'secret.txt'), inFolder('links/file'))
      await symlink(join(outside, 'folder'), inFolder('links/folder'))
      await writeFile(inFolder('links/own.txt'), 'own')
      const refused = { code: 'TARGET_REFUSED' }
      const replace = { overwrite: 'replace' as const }
      t.match(await files.stat('/links/file', never), { kind: 'other' })
      await t.rejects(files.fetch('/links/file', join(outbox, randomUUID()), never), refused)
      await t.rejects(files.hash('/links/file', never), refused)
      await t.rejects(files.put(await putRequest('/links/file', 'new', replace), never), refused)
      await t.rejects(files.list('/links/folder', never), refused)
      await t.rejects(files.stat('/links/folder/inner.txt', never), refused)
      await t.rejects(files.fetch('/links/folder/inner.txt', join(outbox, randomUUID()), never), refused)
      await t.rejects(files.put(await putRequest('/links/folder/new.txt', 'new'), never), refused)
      await t.rejects(files.move('/links/file', '/links/moved', 'fail', never), refused)
      await t.rejects(files.move('/links/own.txt', '/links/folder/own.txt', 'fail', never), refused)
      t.equal(await readFile(join(outside, 'secret.txt'), 'utf8'), 'outside')
      t.same(await readdir(join(outside, 'folder')), ['inner.txt'])
    })

    t.test('a link under the temporary name is not written through', async (t) => {
      const outside = t.testdir({ 'victim.txt': 'outside' })
      await mkdir(inFolder('trap'))
      await symlink(join(outside, 'victim.txt'), inFolder('trap/.a.csv.key-1.part'))
      await files.put(await putRequest('/trap/a.csv', 'new'), never)
      t.equal(await readFile(join(outside, 'victim.txt'), 'utf8'), 'outside')
      t.same(await readdir(inFolder('trap')), ['a.csv'])
    })

    t.test('no path leads out of the root', async (t) => {
      const refused = { code: 'TARGET_REFUSED' }
      for (const path of ['/../x', '/a/../../x', '/a/./x', '/a\\..\\x', '/a\u0000x', '/a\nx']) {
        await t.rejects(files.stat(path, never), refused)
        await t.rejects(files.list(path, never), refused)
        await t.rejects(files.fetch(path, join(outbox, randomUUID()), never), refused)
        await t.rejects(files.hash(path, never), refused)
        await t.rejects(files.put(await putRequest(path, 'x'), never), refused)
        await t.rejects(files.move(path, '/x', 'fail', never), refused)
      }
      await files.put(await putRequest('/own.txt', 'x'), never)
      await t.rejects(files.move('/own.txt', '/../x', 'fail', never), refused)
      t.notOk((await readdir(join(folder, '..'))).includes('x'))
    })

    t.test('a file of the longest name can be put', async (t) => {
      const name = `${'ü'.repeat(125)}.csv`
      await files.put(await putRequest(`/long/${name}`, 'x', { key: 'k'.repeat(64) }), never)
      t.same(await readdir(inFolder('long')), [name])
    })

    t.test('many operations at once all come to their end', async (t) => {
      const requests = await Promise.all(
        Array.from({ length: 30 }, (_, number) =>
          putRequest(`/many/f-${number}.bin`, fiveMegabytes.subarray(number, number + 100_000)),
        ),
      )
      await Promise.all(requests.map((request) => files.put(request, never)))
      const hashes = await Promise.all(requests.map(({ path }) => files.hash(path, never)))
      t.same(
        hashes,
        requests.map(({ sha256 }) => sha256),
      )
    })
  })
}

t.test('on OpenSSH a full disk is TARGET_FULL and leaves nothing', { skip: noSshd }, async (t) => {
  const { files, folder } = await openSshd(t, { maxFileKiB: 1024 })
  await t.rejects(files.put(await putRequest('/full/a.bin', fiveMegabytes), never), { code: 'TARGET_FULL' })
  t.same(await readdir(join(folder, 'full')), [])
  await files.put(await putRequest('/full/a.bin', 'small enough'), never)
  t.same(await readdir(join(folder, 'full')), ['a.bin'])
})
