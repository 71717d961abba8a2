import { watch } from 'node:fs'
import { link, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { createLocalFiles } from '../../../engine/adapters/local-files.ts'

const never = new AbortController().signal
const rounds = 100

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
