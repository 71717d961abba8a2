import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { DropFolder } from '../../../engine/core/manifest.ts'
import { type DropWatch, watchDropFolder } from '../../../engine/triggers/drop-watch.ts'
import { createTurns } from '../../../engine/triggers/ftp-in.ts'
import { createTestArtifacts } from '../../fakes/artifacts.ts'
import { createManualClock } from '../../fakes/clock.ts'
import {
  createMemoryEndpoints,
  createMemoryFiles,
  type MemoryFiles,
  sha256Of,
} from '../../fakes/endpoints.ts'
import { createSnapshot } from '../../fakes/snapshot.ts'
import { createTriggerHost } from '../../fakes/trigger-host.ts'

const SECOND = 1000
const start = '2026-11-22T12:00:00.000Z'

interface Testing {
  teardown(end: () => void): void
  testdir(): string
}

/** Watches `/drop` until the test ends; a look is over when the watch sleeps again and nothing is being taken. */
async function watch(
  t: Testing,
  changes: Partial<DropFolder> = {},
  remote: MemoryFiles = createMemoryFiles(),
) {
  const manual = createManualClock(start)
  const folder = t.testdir()
  const host = createTriggerHost({
    clock: manual,
    artifacts: createTestArtifacts(folder),
    endpoints: createMemoryEndpoints({ files: { 'acme-sftp': remote } }),
  })
  const stop = new AbortController()
  t.teardown(() => stop.abort())
  const folderOf = { connection: 'acme-sftp', path: '/drop', ...changes }
  let watching: DropWatch | undefined
  const begin = async () => {
    watching = watchDropFolder(folderOf, createSnapshot(), host, createTurns(), stop.signal)
  }
  const clock = {
    ...manual,
    async asleep() {
      await manual.asleep()
      await watching?.idle()
    },
    async live(ms: number) {
      await clock.asleep()
      for (let left = ms; left > 0; left -= SECOND) {
        await manual.live(Math.min(left, SECOND))
        await clock.asleep()
      }
    },
  }
  // Several are taken at once: in no order.
  const names = () => host.dues.map((due) => due.file?.fileName).sort()
  const scratch = () => readdir(join(folder, 'scratch'))
  return { begin, clock, folder, host, names, remote, scratch, stop }
}

t.test(
  'a file that was renamed into place is taken at once, its bytes safe before its run is due',
  async (t) => {
    const { begin, clock, folder, host, remote, scratch } = await watch(t, { complete: 'renamed' })
    remote.drop('/drop/list.csv', 'a,b\n', 1000)
    let stored: string | undefined
    const { due } = host
    host.due = async (wanted) => {
      stored = await readFile(join(folder, wanted.file?.sha256 ?? ''), 'utf8')
      return await due(wanted)
    }
    await begin()
    await clock.asleep()
    t.equal(stored, 'a,b\n')
    const dues = host.dues.map(({ seen: _, ...due }) => due)
    t.same(dues, [
      {
        key: 'acme-sftp:/drop/list.csv:4:1000',
        slot: start,
        schedule: null,
        event: null,
        callCenter: null,
        file: {
          sha256: sha256Of('a,b\n'),
          size: 4,
          fileName: 'list.csv',
          mediaType: 'text/csv',
          rows: null,
          period: null,
          origin: { connection: 'acme-sftp', path: '/drop/list.csv' },
        },
      },
    ])
    t.same(await scratch(), [])
  },
)

t.test('a file that stays is taken once; other bytes or a later time make it another file', async (t) => {
  const { begin, clock, host, remote } = await watch(t, { complete: 'renamed' })
  remote.drop('/drop/list.csv', 'one', 1000)
  await begin()
  await clock.live(60 * SECOND)
  t.equal(host.dues.length, 1)
  t.equal(remote.calls.filter((call) => call.startsWith('fetch')).length, 1)
  remote.drop('/drop/list.csv', 'two', 2000)
  await clock.live(10 * SECOND)
  remote.drop('/drop/list.csv', 'three', 2000)
  await clock.live(10 * SECOND)
  t.equal(host.dues.length, 3)
})

t.test('a file that the ledger knows is not fetched again after a restart', async (t) => {
  const { begin, clock, host, remote } = await watch(t, { complete: 'renamed' })
  remote.drop('/drop/list.csv', 'one', 1000)
  let asked = 0
  host.knowsFile = async (key) => {
    asked++
    return key === 'acme-sftp:/drop/list.csv:3:1000'
  }
  await begin()
  await clock.live(60 * SECOND)
  t.same(host.dues, [])
  t.equal(asked, 1, 'and the ledger is asked once')
  t.notOk(remote.calls.some((call) => call.startsWith('fetch')))
})

t.test('a file counts as complete after three equal polls and 30 seconds', async (t) => {
  const slow = await watch(t)
  slow.remote.drop('/drop/list.csv', 'one', 1000)
  await slow.begin()
  await slow.clock.live(30 * SECOND - 1)
  t.same(slow.names(), [])
  await slow.clock.live(1)
  t.same(slow.names(), ['list.csv'])

  const rare = await watch(t, { every: '20s' })
  rare.remote.drop('/drop/list.csv', 'one', 1000)
  await rare.begin()
  await rare.clock.live(20 * SECOND)
  t.same(rare.names(), [])
  await rare.clock.live(20 * SECOND)
  t.same(rare.names(), ['list.csv'])

  const quick = await watch(t, { every: '1m' })
  quick.remote.drop('/drop/list.csv', 'one', 1000)
  await quick.begin()
  await quick.clock.live(60 * SECOND)
  t.same(quick.names(), [], 'two polls are not three')
  await quick.clock.live(60 * SECOND)
  t.same(quick.names(), ['list.csv'])
})

t.test('a slow writer starts the wait again with each write', async (t) => {
  const { begin, clock, names, host, remote } = await watch(t)
  await begin()
  let text = ''
  for (let second = 0; second < 120; second += 20) {
    text += 'part,'
    remote.drop('/drop/list.csv', text, second * SECOND)
    await clock.live(20 * SECOND)
  }
  t.same(names(), [])
  remote.drop('/drop/list.csv', text, 999 * SECOND)
  await clock.live(30 * SECOND)
  t.same(names(), [], 'a later time alone counts too')
  await clock.live(10 * SECOND)
  t.same(names(), ['list.csv'])
  t.equal(host.dues[0]?.file?.size, text.length)

  const coarse = await watch(t)
  await coarse.begin()
  for (let second = 0; second < 60; second += 20) {
    coarse.remote.drop('/drop/list.csv', 'x'.repeat(second), 1000)
    await coarse.clock.live(20 * SECOND)
  }
  t.same(coarse.names(), [], 'so does more of it within one tick of the server’s clock')
})

t.test('a clock that is set back does not hold a file up', async (t) => {
  const { begin, clock, names, remote } = await watch(t)
  remote.drop('/drop/list.csv', 'one', 1000)
  await begin()
  await clock.asleep()
  clock.jump(-3600 * SECOND)
  await clock.live(40 * SECOND)
  t.same(names(), ['list.csv'])
})

t.test('a file that is written to while it is fetched is not taken, until it is whole', async (t) => {
  const { begin, clock, host, names, remote, scratch } = await watch(t, { complete: 'renamed' })
  remote.drop('/drop/grows.csv', 'half', 1000)
  remote.drop('/drop/touched.csv', 'same', 1000)
  remote.drop('/drop/torn.csv', 'whole', 1000)
  remote.before = (call) => {
    if (call === 'fetch /drop/torn.csv') remote.drop('/drop/torn.csv', 'who', 1000)
    if (call === 'stat /drop/torn.csv') remote.drop('/drop/torn.csv', 'whole', 1000)
    if (call === 'fetch /drop/grows.csv') remote.drop('/drop/grows.csv', 'half and whole', 1000)
    if (call === 'stat /drop/touched.csv') remote.drop('/drop/touched.csv', 'SAME', 2000)
  }
  await begin()
  await clock.asleep()
  t.same(names(), [])
  t.same(await scratch(), [])
  remote.before = () => undefined
  await clock.live(10 * SECOND)
  t.same(names(), ['grows.csv', 'torn.csv', 'touched.csv'])
  const taken = new Map(host.dues.map(({ file }) => [file?.fileName, file?.sha256]))
  t.equal(taken.get('torn.csv'), sha256Of('whole'))
  t.equal(taken.get('touched.csv'), sha256Of('SAME'))
})

t.test('a file that vanishes before or during the fetch starts nothing and is no trouble', async (t) => {
  const { begin, clock, host, remote, scratch } = await watch(t, { complete: 'renamed' })
  remote.drop('/drop/a.csv', 'a')
  remote.drop('/drop/b.csv', 'b')
  remote.before = (call) => {
    if (call === 'fetch /drop/a.csv') remote.files.delete('/drop/a.csv')
    if (call === 'stat /drop/b.csv') remote.files.delete('/drop/b.csv')
  }
  await begin()
  await clock.live(20 * SECOND)
  t.same([host.dues, host.log.lines, await scratch()], [[], [], []])
})

t.test('names of unfinished files, folders, links and unsafe names are left alone', async (t) => {
  const { begin, clock, names, remote } = await watch(t, {
    complete: 'renamed',
    match: ['*.csv', '*.txt', '*.t?p', '*.PART'],
    ignore: ['old-*', '*.log.txt'],
  })
  const left = ['.hidden.csv', 'a.tmp', 'a.TMP', 'a.PART', '.sftpgo-upload.x.csv', 'a.json']
  for (const name of [...left, 'old-a.csv', 'a.log.txt', 'bell\u0007.csv', 'a\\b.csv']) {
    remote.drop(`/drop/${name}`, 'x')
  }
  remote.drop('/drop/folder.csv', 'x', 0, 'folder')
  remote.drop('/drop/link.csv', 'x', 0, 'other')
  for (const name of ['good.csv', 'a.txt', 'a.top', 'part.csv']) remote.drop(`/drop/${name}`, 'x')
  await begin()
  await clock.asleep()
  t.same(names(), ['a.top', 'a.txt', 'good.csv', 'part.csv'])
  t.equal(remote.calls.filter((call) => call.startsWith('fetch')).length, 4, 'nothing else is even read')
})

t.test(
  'a folder that cannot be listed is told once, polled on, and told once more when it works',
  async (t) => {
    const { begin, clock, host, names, remote } = await watch(t, { complete: 'renamed' })
    remote.drop('/drop/list.csv', 'one')
    remote.before = (call) => {
      if (call.startsWith('list'))
        throw new JobsdError('ENDPOINT_UNREACHABLE', { connection: 'acme-sftp', reason: 'x' })
    }
    await begin()
    await clock.live(60 * SECOND)
    t.same(host.log.lines, ['warn: cannot list the drop folder'])
    t.match(host.log.fields[0], { connection: 'acme-sftp', folder: '/drop', code: 'ENDPOINT_UNREACHABLE' })
    t.equal(remote.calls.length, 7)
    remote.before = () => undefined
    await clock.live(20 * SECOND)
    t.same(host.log.lines, ['warn: cannot list the drop folder', 'info: the drop folder works again'])
    t.same(names(), ['list.csv'])
  },
)

t.test('one bad file does not hold up the others, and is tried again', async (t) => {
  const { begin, clock, host, names, remote, scratch } = await watch(t, { complete: 'renamed' })
  for (const name of ['a', 'bad', 'c']) remote.drop(`/drop/${name}.csv`, name)
  remote.before = (call) => {
    if (call === 'fetch /drop/bad.csv') {
      throw new JobsdError('TARGET_REFUSED', {
        connection: 'acme-sftp',
        path: '/drop/bad.csv',
        reason: 'permission',
      })
    }
  }
  await begin()
  await clock.live(30 * SECOND)
  t.same(names(), ['a.csv', 'c.csv'])
  t.same(host.log.lines, ['warn: cannot take the file'], 'told once')
  remote.before = () => undefined
  await clock.live(10 * SECOND)
  t.same(names(), ['a.csv', 'bad.csv', 'c.csv'])
  t.same(await scratch(), [])
})

t.test('a file whose run could not be recorded is tried again at the next poll', async (t) => {
  const { begin, clock, host, names, remote } = await watch(t, { complete: 'renamed' })
  remote.drop('/drop/list.csv', 'one')
  host.beforeRecord = () => {
    throw new JobsdError('TARGET_FULL', { connection: 'disk', path: 'ledger', reason: 'ENOSPC' })
  }
  await begin()
  await clock.live(10 * SECOND)
  t.same(names(), [])
  host.beforeRecord = () => undefined
  await clock.live(10 * SECOND)
  t.same(names(), ['list.csv'])
})

t.test('an aborted watch takes nothing any more', async (t) => {
  const { begin, clock, host, remote, stop } = await watch(t, { complete: 'renamed' })
  await begin()
  await clock.asleep()
  stop.abort()
  remote.drop('/drop/list.csv', 'one')
  await clock.advance(60 * SECOND)
  t.same([host.dues, host.log.lines], [[], []])
})
