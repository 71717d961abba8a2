import { hash } from 'node:crypto'
import { watch } from 'node:fs'
import { link, open, readdir, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import { createLocalFiles } from '../../../engine/adapters/local-files.ts'

const never = new AbortController().signal
const rounds = 100
const share = { apiVersion: 'jobsd/v1', kind: 'Connection', name: 'share', type: 'folder' } as const

/** Puts the next file under the same name as soon as the one before has its new one. */
const writer = `
  const { existsSync, renameSync, writeFileSync } = require('node:fs')
  const { workerData: { folder, rounds } } = require('node:worker_threads')
  for (let round = 0; round < rounds; round++) {
    while (round > 0 && !existsSync(folder + '/out/' + (round - 1))) {}
    writeFileSync(folder + '/in/.a', String(round))
    renameSync(folder + '/in/.a', folder + '/in/a')
  }`

t.test('a file that takes the name while the one before is moved away is not lost', async (t) => {
  const folder = t.testdir({ in: {}, out: {} })
  const document = { apiVersion: 'jobsd/v1', kind: 'Connection', name: 'share', type: 'folder' } as const
  const files = createLocalFiles({ ...document, path: folder })
  const other = new Worker(writer, { eval: true, workerData: { folder, rounds } })
  t.teardown(() => other.terminate())
  const isThere = async (name: string) =>
    (await stat(join(folder, name)).catch(() => undefined)) !== undefined
  let lost: number | undefined
  for (let round = 0; round < rounds && lost === undefined; round++) {
    const untilMs = performance.now() + 3000
    while (!(await isThere('in/a')) && performance.now() < untilMs) {}
    if (await isThere('in/a')) await files.move('/in/a', `/out/${round}`, 'fail', never)
    else lost = round
  }
  t.equal(lost, undefined)
  t.same(
    (await files.list('/in', never)).map(({ name }) => name),
    [],
    'no name is left aside',
  )
})

t.test(
  'what a move that was cut off leaves of the old name goes with the next look at the file',
  async (t) => {
    const folder = t.testdir({ in: { a: 'one' }, out: {} })
    const document = { apiVersion: 'jobsd/v1', kind: 'Connection', name: 'share', type: 'folder' } as const
    const files = createLocalFiles({ ...document, path: folder })
    const seen = new Set<string>()
    for (const place of ['in', 'out']) {
      const watcher = watch(join(folder, place), (_event, name) => name?.startsWith('.') && seen.add(place))
      t.teardown(() => watcher.close())
    }
    await files.move('/in/a', '/out/a', 'fail', never)
    while (seen.size === 0) await setImmediate()
    t.same([...seen], ['out'], 'it is put aside where the file now is')
    // As after a kill between the two: another hidden name of the same file, and one of another file.
    await link(join(folder, 'out/a'), join(folder, 'out/.a.0f3c.part'))
    await writeFile(join(folder, 'out/.b.77aa.part'), 'another')
    t.ok(await files.hash('/out/a', never))
    t.same((await readdir(join(folder, 'out'))).sort(), ['.b.77aa.part', 'a'])
  },
)

t.test('an attempt that comes back late leaves the file of the next one alone', async (t) => {
  const folder = t.testdir({ out: {} })
  const localPath = join(folder, 'artifact')
  await writeFile(localPath, 'one')
  const files = createLocalFiles({ ...share, path: join(folder, 'out') })
  const request = {
    path: '/a.csv',
    localPath,
    size: 3,
    sha256: hash('sha256', 'one'),
    key: 'k',
    overwrite: 'fail',
  } as const
  const syncs = await holdSyncs(t, localPath)
  const stop = new AbortController()
  const first = files.put(request, stop.signal)
  const [endFirst] = await syncs(1)
  stop.abort(new Error('given up'))
  const second = files.put(request, never)
  const [, endSecond] = await syncs(2)
  endFirst?.()
  await t.rejects(first, { message: 'given up' })
  endSecond?.()
  t.match(await second, '3 bytes written to /a.csv')
  t.same(await readdir(join(folder, 'out')), ['a.csv'])
})

t.test('a put whose temporary file was exchanged gives no name to the other one', async (t) => {
  const folder = t.testdir({ out: {} })
  const localPath = join(folder, 'artifact')
  await writeFile(localPath, 'one')
  const files = createLocalFiles({ ...share, path: join(folder, 'out') })
  const syncs = await holdSyncs(t, localPath)
  const put = files.put(
    { path: '/a.csv', localPath, size: 3, sha256: hash('sha256', 'one'), key: 'k', overwrite: 'replace' },
    never,
  )
  const [end] = await syncs(1)
  const temporary = join(folder, 'out/.a.csv.k.part')
  await rename(temporary, join(folder, 'moved'))
  await writeFile(temporary, 'half')
  end?.()
  await t.rejects(put, { code: 'VERIFY_FAILED', retry: true })
  t.same(await readdir(join(folder, 'out')), ['.a.csv.k.part'], 'whoever wrote it has it still')
})

/** Holds every fsync of a file back, until it is let go by the one returned for it when so many were begun. */
async function holdSyncs(t: Test, anyFile: string) {
  const file = await open(anyFile)
  const prototype = Object.getPrototypeOf(file) as { sync(): Promise<void> }
  await file.close()
  const held: (() => void)[] = []
  const { sync } = prototype
  prototype.sync = async function (this: typeof file) {
    if ((await this.stat()).isFile()) await new Promise<void>((resolve) => held.push(resolve))
    return sync.call(this)
  }
  t.teardown(() => {
    prototype.sync = sync
  })
  return async (count: number) => {
    while (held.length < count) await setImmediate()
    return held
  }
}
