import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import { createLocalFiles } from '../../../engine/adapters/local-files.ts'
import type { DueRecord, Ledger } from '../../../engine/core/contracts/ledger.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { FolderConnection } from '../../../engine/core/manifest.ts'
import type { DeliveryState } from '../../../engine/core/model.ts'
import { temporaryName } from '../../../engine/core/temporary-name.ts'
import { createSweep, followLeftovers } from '../../../engine/runtime/leftovers.ts'
import { openNpm } from '../../contracts/file-trees.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryFiles, type MemoryFiles, sha256Of } from '../../fakes/endpoints.ts'
import { createStage } from '../../fakes/engine-stage.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { connections, createSnapshot } from '../../fakes/snapshot.ts'

const minute = 60_000
const hour = 60 * minute
const start = '2026-11-22T12:00:00.000Z'

function dueOf(key: string, now: string, dryRun = false): DueRecord {
  return {
    job: 'acme/eod-call-detail',
    trigger: { type: 'manual', key },
    slot: now,
    schedule: null,
    event: null,
    file: null,
    callCenters: [null],
    snapshot: 'd'.repeat(64),
    revision: 'r1',
    firstStep: 'send',
    dryRun,
    group: null,
    now,
  }
}

interface Left {
  target: string
  state: DeliveryState
  note?: string
  /** A run that goes on does not end. */
  end?: 'failed' | 'succeeded' | 'none'
}

function openStage(t: Test, files: MemoryFiles = createMemoryFiles()) {
  const ledger: Ledger = openSqliteLedger(join(t.testdir({}), 'ledger.db'))
  t.teardown(() => ledger.close())
  const clock = createManualClock(start)
  const log = createMemoryLog()
  const opened: string[] = []
  const parts = {
    ledger,
    clock,
    log,
    endpoints: {
      files: ({ name }: { name: string }) => {
        opened.push(name)
        return files
      },
    },
    snapshot: async () => createSnapshot(),
  }
  let runs = 0
  /** A run that ended with one delivery; returns the path of the temporary file that it may have left. */
  async function leave({ target, state, note = 'it hung up', end = 'failed' }: Left): Promise<string> {
    runs += 1
    const now = clock.now().toISOString()
    const [runId = ''] = await ledger.recordDue(dueOf(`key-${runs}`, now))
    const run = await ledger.claimRun(runId, now)
    const guard = { runId, token: run?.token ?? 0 }
    const { seq } = await ledger.beginStep(guard, 'send', 'ftp-out-copy', now)
    const id = String(runs).padStart(16, '0')
    await ledger.intendDelivery(guard, { id, runId, step: 'send', target, artifact: null }, now)
    if (state !== 'intended') await ledger.markDelivery(guard, id, state, note, now)
    const ended = { seq, outcome: 'failed' as const, note: '', error: null, files: [], alert: null, now }
    if (end !== 'none') await ledger.endStep(guard, { ...ended, next: { end } })
    const path = target.split(':').slice(2).join(':')
    const slash = path.lastIndexOf('/')
    return `${path.slice(0, slash)}/${temporaryName(path.slice(slash + 1), id)}`
  }
  const sweep = createSweep(parts)
  return {
    ...parts,
    files,
    opened,
    leave,
    /** A sweep sleeps between its reads. */
    async sweep(): Promise<number> {
      let isOver = false
      const swept = sweep(new AbortController().signal).finally(() => {
        isOver = true
      })
      while (!isOver) {
        await new Promise((resolve) => setImmediate(resolve))
        await clock.advance(50)
      }
      return swept
    },
  }
}

t.test('temporary files of runs that gave up are removed, whatever became of the delivery', async (t) => {
  const stage = openStage(t)
  const paths = [
    await stage.leave({ target: 'sftp:acme-sftp:/in/a.csv', state: 'failed' }),
    await stage.leave({ target: 'sftp:acme-sftp:/in/b.csv', state: 'sending' }),
    await stage.leave({ target: 'folder:share:/in/c.csv', state: 'intended' }),
    await stage.leave({
      target: 'sftp:acme-sftp:/in/d:1.csv',
      state: 'confirmed',
      note: 'found at the target, as an earlier attempt had sent it',
      end: 'succeeded',
    }),
  ]
  for (const path of paths) stage.files.drop(path, 'half')
  stage.files.drop('/in/a.csv', 'whole')
  stage.files.drop('/in/.other.csv.0000000000000009.part', 'of somebody else')
  stage.clock.jump(hour + 1)
  t.equal(await stage.sweep(), 4)
  t.strictSame([...stage.files.files.keys()], ['/in/a.csv', '/in/.other.csv.0000000000000009.part'])
  t.notOk(
    stage.files.calls.some((call) => call.startsWith('list')),
    'nothing is listed',
  )
  t.equal(await stage.sweep(), 0)
  t.equal(stage.files.calls.filter((call) => call.startsWith('stat')).length, 4, 'each is looked for once')
})

t.test('nothing is looked for of a run that goes on, or ended just now, or delivered', async (t) => {
  const stage = openStage(t)
  await stage.leave({ target: 'sftp:acme-sftp:/in/a.csv', state: 'sending', end: 'none' })
  await stage.leave({ target: 'sftp:acme-sftp:/in/b.csv', state: 'confirmed', end: 'succeeded' })
  await stage.leave({ target: 'mail:mail:jane@acme.example', state: 'failed' })
  await stage.leave({ target: 's3:acme-s3:in/a.csv', state: 'failed' })
  stage.clock.jump(hour - minute)
  await stage.leave({ target: 'sftp:acme-sftp:/in/c.csv', state: 'failed' })
  stage.clock.jump(2 * minute)
  t.equal(await stage.sweep(), 0)
  t.strictSame(stage.opened, [])
  stage.clock.jump(hour)
  t.equal(await stage.sweep(), 0)
  t.equal(stage.opened.length, 1, 'the one that rested long enough by then')
})

t.test('what ended since a clock was set back is looked for too', async (t) => {
  const stage = openStage(t)
  stage.clock.jump(48 * hour)
  t.equal(await stage.sweep(), 0)
  stage.clock.jump(-47 * hour)
  stage.files.drop(await stage.leave({ target: 'sftp:acme-sftp:/in/a.csv', state: 'failed' }), 'half')
  stage.clock.jump(hour + 1)
  t.equal(await stage.sweep(), 1)
})

t.test('what bears the name but is no plain file stays', async (t) => {
  const stage = openStage(t)
  const path = await stage.leave({ target: 'sftp:acme-sftp:/in/a.csv', state: 'failed' })
  stage.files.drop(path, '', 0, 'other')
  stage.clock.jump(2 * hour)
  t.equal(await stage.sweep(), 0)
  t.ok(stage.files.files.has(path))
})

t.test('a target that does not answer is asked once a sweep, and again by the next', async (t) => {
  const stage = openStage(t)
  const paths = [
    await stage.leave({ target: 'sftp:acme-sftp:/in/a.csv', state: 'failed' }),
    await stage.leave({ target: 'sftp:acme-sftp:/in/b.csv', state: 'failed' }),
  ]
  for (const path of paths) stage.files.drop(path, 'half')
  stage.clock.jump(2 * hour)
  stage.files.before = () => {
    throw new JobsdError('ENDPOINT_UNREACHABLE', { connection: 'acme-sftp', reason: 'down' })
  }
  t.equal(await stage.sweep(), 0)
  t.equal(stage.files.calls.length, 1)
  t.strictSame(stage.log.lines, ['warn: temporary file not removed'])
  stage.files.before = () => undefined
  stage.clock.jump(hour)
  t.equal(await stage.sweep(), 2)
  t.equal(stage.files.files.size, 0)
})

t.test('one that is refused does not keep the others', async (t) => {
  const stage = openStage(t)
  await stage.leave({ target: 'sftp:acme-sftp:/link/a.csv', state: 'failed' })
  stage.files.drop(await stage.leave({ target: 'sftp:acme-sftp:/in/b.csv', state: 'failed' }), 'half')
  stage.files.before = (call) => {
    if (!call.includes('/link/')) return
    throw new JobsdError('TARGET_REFUSED', { connection: 'acme-sftp', path: '/link', reason: 'a link' })
  }
  stage.clock.jump(2 * hour)
  t.equal(await stage.sweep(), 1)
  stage.clock.jump(hour)
  const before = stage.files.calls.length
  t.equal(await stage.sweep(), 0)
  t.equal(stage.files.calls.length, before, 'it is not asked for again')
})

t.test('an engine sweeps five minutes after its start, then hourly, what a killed put left', async (t) => {
  const stage = openStage(t)
  const folder = t.testdirName
  mkdirSync(join(folder, 'drop'))
  const connection = { ...connections.share!, path: folder } as FolderConnection
  const path = await stage.leave({ target: 'folder:share:/drop/big.csv', state: 'sending' })
  const other = '.big.csv.ffffffffffffffff.part'
  for (const name of [path, `/drop/${other}`]) writeFileSync(join(folder, name), 'half')
  stage.clock.jump(2 * hour)
  const stop = new AbortController()
  const { clock, ledger, log, snapshot } = stage
  const endpoints = { files: () => createLocalFiles(connection) }
  const following = followLeftovers({ clock, ledger, log, snapshot, endpoints }, stop.signal)
  await stage.clock.asleep()
  await stage.clock.live(5 * minute - 1)
  t.ok(existsSync(join(folder, path)))
  // Each window of an hour of the week before is a read of its own.
  await stage.clock.live(minute)
  t.strictSame(readdirSync(join(folder, 'drop')), [other])
  stop.abort(new Error('the engine stops'))
  await following
})

t.test('a running engine looks after what its runs left, and one for a single run does not', async (t) => {
  let reads = 0
  const ledger = (given: Ledger): Ledger => ({
    ...given,
    async leftDeliveries() {
      reads += 1
      return []
    },
  })
  const stage = createStage(t, async () => ({ ok: true, note: '' }), { ledger })
  await stage.engine.start({ triggers: false })
  await stage.clock.advance(6 * minute)
  t.equal(reads, 0)
  await stage.engine.stop()
  const next = stage.create()
  t.teardown(() => next.ledger.close())
  await next.engine.start({ triggers: true })
  await stage.clock.advance(6 * minute)
  t.ok(reads > 0)
  await next.engine.stop()
})

t.test('what a put has written when it is cut off bears the name that is looked for', async (t) => {
  const stage = openStage(t)
  const root = t.testdirName
  mkdirSync(join(root, 'tree'))
  const local = createLocalFiles({ ...connections.share!, path: join(root, 'tree') } as FolderConnection)
  const places = [{ files: local, folder: join(root, 'tree') }, await openNpm(t)]
  const localPath = join(root, 'bytes')
  writeFileSync(localPath, 'half')
  const bytes = { localPath, size: 4, sha256: sha256Of(Buffer.from('half')) }
  for (const [index, { files, folder }] of places.entries()) {
    const wanted = await stage.leave({ target: 'sftp:acme-sftp:/in/a.csv', state: 'sending' })
    let seen: string[] = []
    const naming = async () => {
      seen = readdirSync(join(folder, 'in'))
    }
    const key = String(index + 1).padStart(16, '0')
    const request = { path: '/in/a.csv', ...bytes, key, overwrite: 'rename', naming } as const
    await files.put(request, new AbortController().signal)
    t.same(
      seen.map((name) => `/in/${name}`),
      [wanted],
    )
  }
})
