import { createHash } from 'node:crypto'
import { link, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createLocalFiles } from '../../../engine/adapters/local-files.ts'
import type { EndedFile } from '../../../engine/core/contracts/drops.ts'
import { dropRules } from '../../../engine/core/drop-rules.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import { settleFile } from '../../../engine/triggers/drop-settle.ts'
import { dropStart, stageDrop } from '../../fakes/drop-stage.ts'
import { createSnapshot } from '../../fakes/snapshot.ts'

const moved = { complete: 'renamed', archive: '/archive/{slot:yyyy}/{slot:MM}', error: '/error' } as const
const claimedAt = (key: string) =>
  `/drop/.jobsd/claimed/${createHash('sha256').update(key).digest('hex').slice(0, 24)}`

t.test('a file is claimed before it is read, and archived by the date once its run ended well', async (t) => {
  const drop = stageDrop(t, moved)
  drop.remote.drop('/drop/a.csv', 'one', 1000)
  await drop.begin()
  const claimed = claimedAt('acme-sftp:/drop/a.csv:3:1000')
  t.same(drop.paths(), [claimed])
  t.same(drop.remote.calls.slice(0, 5), [
    'list /drop',
    `stat ${claimed}`,
    'move /drop/a.csv',
    `fetch ${claimed}`,
    `stat ${claimed}`,
  ])
  t.same(drop.host.dues[0]?.file?.origin, { connection: 'acme-sftp', path: '/drop/a.csv', lies: claimed })
  await drop.live(20)
  t.same(drop.paths(), [claimed], 'it waits for its run')
  await drop.endRuns()
  await drop.live(10)
  t.same(drop.paths(), ['/archive/2026/11/a.csv'])
  t.same(await drop.seen('/drop/a.csv'), [['taken', '', 'moved to /archive/2026/11/a.csv']])
})

t.test(
  'after a failed run the file lies in the error folder, the reason beside it without anything else',
  async (t) => {
    const drop = stageDrop(t, moved)
    drop.remote.drop('/drop/a.csv', 'one', 1000)
    await drop.begin()
    await drop.endRuns('failed', { code: 'ENDPOINT_UNREACHABLE', message: 'acme-sftp: no route', hint: 'h' })
    await drop.live(10)
    t.same(drop.paths(), ['/error/a.csv', '/error/a.csv.reason.json'])
    const reason = JSON.parse(drop.text('/error/a.csv.reason.json') ?? '')
    t.match(reason, {
      file: '/drop/a.csv',
      size: 3,
      runs: [{ state: 'failed', error: { code: 'ENDPOINT_UNREACHABLE', message: 'acme-sftp: no route' } }],
    })
    t.same(Object.keys(reason).sort(), ['file', 'job', 'runs', 'sha256', 'size', 'takenAt'])
  },
)

t.test('nothing in the archive is ever replaced, and a name that comes again is a run again', async (t) => {
  const drop = stageDrop(t, moved)
  await drop.begin()
  for (const text of ['one', 'two', 'one']) {
    // The same size and time each time: only that the one before was claimed tells them apart.
    drop.remote.drop('/drop/a.csv', text, 1000)
    await drop.live(10)
    await drop.endRuns()
    await drop.live(10)
  }
  t.equal(drop.host.dues.length, 3)
  const texts = drop.paths().map((path) => drop.text(path))
  t.same(texts.sort(), ['one', 'one', 'two'])
  t.ok(drop.paths().every((path) => path.startsWith('/archive/2026/11/a.')))
})

t.test('a file that was left in its place and replaced by a newer one is not archived as that', async (t) => {
  const drop = stageDrop(t, { ...moved, claim: false })
  drop.remote.drop('/drop/a.csv', 'one', 1000)
  await drop.begin()
  drop.remote.drop('/drop/a.csv', 'newer', 2000)
  await drop.endRuns()
  await drop.live(10)
  t.same(drop.names(), ['a.csv', 'a.csv'])
  t.same(drop.paths(), ['/drop/a.csv'])
  await drop.endRuns()
  await drop.live(10)
  t.equal(drop.text('/archive/2026/11/a.csv'), 'newer')
})

t.test('a claim that broke off is gone on with by the next engine, wherever it broke off', async (t) => {
  for (const at of ['move /drop/a.csv', 'fetch ', 'stat ', 'due']) {
    const first = stageDrop(t, moved)
    first.remote.drop('/drop/a.csv', 'one', 1000)
    first.remote.before = (call) => {
      if (call.startsWith(at)) first.stop.abort()
      first.stop.signal.throwIfAborted()
    }
    const { due } = first.host
    first.host.due = async (wanted) => {
      if (at === 'due') {
        first.stop.abort()
        return false
      }
      return await due(wanted)
    }
    await first.begin().catch(() => undefined)
    t.same(first.names(), [], at)
    first.remote.before = () => undefined
    first.host.due = due
    const next = stageDrop(t, moved, first)
    await next.begin()
    await next.live(20)
    t.same(next.names(), ['a.csv'], `after ${at}`)
    await next.endRuns()
    await next.live(10)
    t.same(next.paths(), ['/archive/2026/11/a.csv'])
  }
})

t.test('a move to the archive that broke off before it was recorded is found done', async (t) => {
  const drop = stageDrop(t, moved)
  drop.remote.drop('/drop/a.csv', 'one', 1000)
  await drop.begin()
  await drop.endRuns()
  const { settle } = drop.host.drops
  drop.host.drops.settle = async () => {
    throw new JobsdError('STORAGE_FAILED', { reason: 'ENOSPC' })
  }
  await drop.live(10)
  t.same(drop.paths(), ['/archive/2026/11/a.csv'])
  drop.host.drops.settle = settle
  await drop.live(10)
  t.same(drop.paths(), ['/archive/2026/11/a.csv'])
  t.same(await drop.seen('/drop/a.csv'), [['taken', '', 'moved to /archive/2026/11/a.csv']])
})

t.test(
  'where the server allows no rename the file is taken where it lies, and that is told once',
  async (t) => {
    const drop = stageDrop(t, moved)
    for (const name of ['a', 'b']) drop.remote.drop(`/drop/${name}.csv`, name, 1000)
    drop.remote.before = (call) => {
      if (call.startsWith('move'))
        throw new JobsdError('TARGET_REFUSED', { connection: 'acme-sftp', path: '/drop', reason: 'denied' })
    }
    await drop.begin()
    await drop.live(30)
    t.same(drop.names(), ['a.csv', 'b.csv'])
    t.same(drop.host.log.lines, ['warn: a file cannot be claimed by a rename: it is taken where it lies'])
  },
)

t.test('a claimed file that its writer still writes goes back under its name', async (t) => {
  const drop = stageDrop(t, moved)
  drop.remote.drop('/drop/a.csv', 'half', 1000)
  const claimed = claimedAt('acme-sftp:/drop/a.csv:4:1000')
  let writes = 0
  drop.remote.before = (call) => {
    if (call !== `stat ${claimed}` || !drop.remote.files.has(claimed)) return
    writes += 1
    drop.remote.drop(claimed, 'half and whole', 2000 + writes)
  }
  await drop.begin()
  t.same([drop.names(), drop.paths()], [[], ['/drop/a.csv']])
  drop.remote.before = () => undefined
  await drop.live(10)
  t.same(drop.names(), ['a.csv'])
  t.equal(drop.host.dues[0]?.file?.size, 14)
})

t.test('one slow file keeps neither the others nor new ones waiting', async (t) => {
  const drop = stageDrop(t, { complete: 'renamed' })
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  drop.remote.before = (call) => (call === 'fetch /drop/slow.csv' ? gate : undefined)
  for (const name of ['a', 'slow']) drop.remote.drop(`/drop/${name}.csv`, name, 1000)
  const begun = drop.begin()
  await drop.host.clock.asleep()
  drop.remote.drop('/drop/new.csv', 'new', 1000)
  await drop.host.clock.live(10_000)
  for (let round = 0; round < 20_000 && drop.host.dues.length < 2; round++)
    await new Promise((resolve) => setImmediate(resolve))
  t.same(drop.names(), ['a.csv', 'new.csv'])
  release()
  await begun
  t.same(drop.names(), ['a.csv', 'new.csv', 'slow.csv'])
})

t.test(
  'a move to the archive that was cut off between its two names is ended, on a local disk',
  async (t) => {
    const { host, stop } = stageDrop(t)
    const root = t.testdir({ drop: { '.jobsd': { claimed: { one: 'one' } } }, archive: {} })
    await link(join(root, 'drop/.jobsd/claimed/one'), join(root, 'archive/a.csv'))
    const document = {
      apiVersion: 'jobsd/v1',
      kind: 'Connection',
      name: 'acme-sftp',
      type: 'folder',
    } as const
    const remote = createLocalFiles({ ...document, path: root })
    const entry = await remote.stat('/drop/.jobsd/claimed/one', stop.signal)
    const file: EndedFile = {
      key: 'k',
      connection: 'acme-sftp',
      folder: '/drop',
      path: '/drop/a.csv',
      size: 3,
      mtimeMs: entry?.mtimeMs ?? 0,
      sha256: null,
      lies: '/drop/.jobsd/claimed/one',
      companion: null,
      outcome: 'taken',
      note: '',
      awaits: true,
      at: dropStart,
      target: '/archive/a.csv',
      settled: null,
      runs: [],
    }
    const rules = dropRules({ connection: 'acme-sftp', path: '/drop', archive: '/archive', error: '/error' })
    await settleFile({ rules, snapshot: createSnapshot(), host, signal: stop.signal }, remote, file)
    t.same(await readdir(join(root, 'archive')), ['a.csv'])
    t.same(await readdir(join(root, 'drop/.jobsd/claimed')), [])
  },
)
