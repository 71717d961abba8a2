import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createPublisher, type SiteTarget } from '../../../engine/catalog/publisher.ts'
import { createSiteFolder } from '../../../engine/catalog/site-folder.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import { createCatalogLedger } from '../../fakes/catalog-ledger.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { acme, borealisWorld, now } from '../../fixtures/catalog.ts'
import { runs, snapshots } from '../../fixtures/catalog-acme.ts'

/** A publisher of two clients; `target` is asked for at each round. */
function createStage(t: Test, target: () => SiteTarget | undefined) {
  const all = [...snapshots, ...borealisWorld.snapshots]
  const { ledger } = createCatalogLedger([...runs, ...borealisWorld.runs], all)
  const clock = createManualClock(now)
  const log = createMemoryLog()
  const told: string[] = []
  const publisher = createPublisher({
    ledger,
    clock,
    log,
    clients: () =>
      new Map([
        ['acme', { client: acme, snapshots, invalid: [] }],
        ['borealis', { client: borealisWorld.client, snapshots: borealisWorld.snapshots, invalid: [] }],
      ]),
    target,
    tell: (client, reason) => told.push(`${client}: ${reason}`),
  })
  const ended = new AbortController()
  const following = publisher.follow(ended.signal)
  t.teardown(async () => {
    ended.abort()
    await following
  })
  return { publisher, clock, log, told }
}

/** Keeps what it was given; fails while `failure` is set. */
function createTarget() {
  const writes: { client: string; isWhole: boolean; paths: string[] }[] = []
  const state = { failure: undefined as Error | undefined }
  const target: SiteTarget = {
    async write(client, pages, isWhole) {
      if (state.failure && client === 'acme') throw state.failure
      const paths: string[] = []
      for await (const [path] of pages) paths.push(path)
      if (paths.length > 0) writes.push({ client, isWhole, paths })
      return paths.length
    },
  }
  return { target, writes, state }
}

t.test('every client is published whole, then only what changed, after two seconds', async (t) => {
  const { target, writes } = createTarget()
  const { publisher, clock } = createStage(t, () => target)
  await clock.asleep()
  t.strictSame(writes, [], 'news are collected first')
  await clock.live(2000)
  t.strictSame(
    writes.map(({ client, isWhole }) => [client, isWhole]),
    [
      ['acme', true],
      ['borealis', true],
    ],
  )
  writes.length = 0
  for (let count = 0; count < 5; count += 1) publisher.note('acme/ftp-in')
  await clock.asleep()
  await clock.live(2000)
  t.strictSame(writes, [{ client: 'acme', isWhole: false, paths: ['jobs/ftp-in.html', 'index.html'] }])
})

t.test(
  'a client that cannot be published is told once, tried again, and then whole; others go on',
  async (t) => {
    const { target, writes, state } = createTarget()
    state.failure = new JobsdError('SITE_FAILED', { folder: '/srv/site', reason: 'ENOSPC' })
    const { clock, log, told } = createStage(t, () => target)
    await clock.asleep()
    await clock.live(2000)
    t.strictSame(
      writes.map(({ client }) => client),
      ['borealis'],
    )
    await clock.live(60_000)
    t.strictSame(told, ['acme: cannot write the catalog to /srv/site: ENOSPC'])
    t.equal(log.lines.filter((line) => line.startsWith('error')).length, 1)
    state.failure = undefined
    await clock.live(120_000)
    t.match(writes.at(-1), { client: 'acme', isWhole: true })
    t.match(log.lines, ['error: its pages cannot be published', 'info: its pages are published again'])
  },
)

t.test('everything is written where the day changes, and at another place', async (t) => {
  const [first, second] = [createTarget(), createTarget()]
  let target: SiteTarget | undefined = first.target
  const { publisher, clock } = createStage(t, () => target)
  await clock.asleep()
  await clock.live(2000)
  first.writes.length = 0
  await clock.live(24 * 3_600_000)
  t.strictSame(first.writes.map(({ client }) => client).sort(), ['acme', 'borealis'])
  t.ok(first.writes.every(({ isWhole }) => isWhole))
  target = undefined
  publisher.note(null)
  await clock.asleep()
  await clock.live(2000)
  target = second.target
  publisher.note(null)
  await clock.asleep()
  await clock.live(2000)
  t.equal(second.writes.length, 2)
  t.equal(first.writes.length, 2, 'nothing more where it is published no more')
})

async function* pagesOf(pages: Record<string, string>, failure?: Error): AsyncGenerator<[string, string]> {
  yield* Object.entries(pages)
  if (failure) throw failure
}

t.test('the first site of a folder appears whole or not at all', async (t) => {
  const root = t.testdir({})
  const folder = createSiteFolder(root)
  const pages = { 'jobs/a.html': 'a', 'index.html': 'list' }
  await t.rejects(folder.write('acme', pagesOf(pages, new Error('broken')), true), { message: 'broken' })
  t.strictSame(readdirSync(root), [])
  t.equal(await folder.write('acme', pagesOf(pages), true), 2)
  t.strictSame(readdirSync(root), ['acme'])
  t.equal(readFileSync(join(root, 'acme/jobs/a.html'), 'utf8'), 'a')
})

t.test('later only what differs is written, and what is gone goes with a whole site only', async (t) => {
  const root = t.testdir({})
  const folder = createSiteFolder(root)
  const mark = '<meta name="generator" content="jobsd catalog">'
  const pages = { 'jobs/a.html': `${mark}a`, 'jobs/b.html': `${mark}b`, 'index.html': 'list' }
  await folder.write('acme', pagesOf(pages), true)
  const before = statSync(join(root, 'acme/jobs/a.html')).ino
  writeFileSync(join(root, 'acme/own.txt'), 'mine')
  t.equal(await folder.write('acme', pagesOf({ 'jobs/a.html': `${mark}a`, 'index.html': 'new' }), false), 1)
  t.equal(statSync(join(root, 'acme/jobs/a.html')).ino, before)
  t.ok(existsSync(join(root, 'acme/jobs/b.html')))
  await folder.write('acme', pagesOf({ 'jobs/a.html': `${mark}a`, 'index.html': 'new' }), true)
  t.notOk(existsSync(join(root, 'acme/jobs/b.html')))
  t.ok(existsSync(join(root, 'acme/own.txt')))
})

t.test('a place that cannot be written says so', async (t) => {
  const root = t.testdir({ taken: 'a file' })
  const folder = createSiteFolder(join(root, 'taken'))
  await t.rejects(folder.write('acme', pagesOf({ 'index.html': 'x' }), true), { code: 'SITE_FAILED' })
})
