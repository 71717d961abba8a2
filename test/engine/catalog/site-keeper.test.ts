import t from 'tap'
import { readClientInput } from '../../../engine/catalog/read-input.ts'
import { renderClientSite } from '../../../engine/catalog/site.ts'
import { createSiteKeeper, type Page } from '../../../engine/catalog/site-keeper.ts'
import { clientView } from '../../../engine/catalog/views.ts'
import type { Snapshot } from '../../../engine/core/model.ts'
import { createCatalogLedger } from '../../fakes/catalog-ledger.ts'
import {
  acme,
  borealisWorld,
  now,
  reportSteps,
  runOf,
  scheduleOf,
  snapshotOf,
} from '../../fixtures/catalog.ts'
import { endOfDay, hourly, runs, snapshots } from '../../fixtures/catalog-acme.ts'

const nowMs = Date.parse(now)

async function collect(pages: AsyncIterable<Page>): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for await (const [path, content] of pages) found.set(path, content)
  return found
}

function createStage(jobs: Snapshot[] = snapshots) {
  const { ledger, state } = createCatalogLedger([...runs, ...borealisWorld.runs], jobs)
  const time = { nowMs }
  const keeper = createSiteKeeper(ledger, () => time.nowMs)
  const input = { client: acme, snapshots: jobs, invalid: [] }
  keeper.use(input)
  return { keeper, ledger, state, time, input }
}

const failedNow = () =>
  runOf({
    snapshot: endOfDay,
    slot: '2026-11-23T20:20:00.000Z',
    state: 'failed',
    steps: [{ name: 'build', outcome: 'failed', next: 'fail' }],
  })

t.test('its whole site is the one that is made from everything at once', async (t) => {
  const { keeper, ledger, input } = createStage()
  t.ok(keeper.needsWhole())
  const atOnce = new Map(renderClientSite(clientView(await readClientInput(input, ledger, now))))
  t.strictSame(await collect(keeper.whole()), atOnce)
  t.notOk(keeper.needsWhole())
  t.strictSame(await collect(keeper.changes()), new Map(), 'then nothing is left to write')
})

t.test('a run changes the page of its job and the list, and only its job is read', async (t) => {
  const { keeper, state } = createStage()
  await collect(keeper.whole())
  state.runs.unshift(failedNow())
  state.reads = []
  keeper.touch('eod-call-detail')
  const pages = await collect(keeper.changes())
  t.strictSame([...pages.keys()], ['jobs/eod-call-detail.html', 'index.html'])
  t.match(pages.get('index.html'), /Failed[\s\S]*End-of-day call detail/)
  t.strictSame(state.reads, ['acme/eod-call-detail'])
})

t.test('what changed is what a whole site then would have', async (t) => {
  const { keeper, ledger, state, input } = createStage()
  const site = await collect(keeper.whole())
  state.runs.unshift(failedNow())
  keeper.touch('eod-call-detail')
  for (const [path, content] of await collect(keeper.changes())) site.set(path, content)
  t.strictSame(site, new Map(renderClientSite(clientView(await readClientInput(input, ledger, now)))))
})

t.test('of a long list only the pages with the job are made, and the index of the filter', async (t) => {
  const many = Array.from({ length: 1200 }, (_, index) =>
    snapshotOf({
      client: acme,
      name: `job-${1000 + index}`,
      title: `Job ${1000 + index}`,
      schedules: [scheduleOf('daily', acme.timezone, [0], [6])],
      steps: reportSteps(acme, 'jane.doe@acme.example').slice(0, 1),
    }),
  )
  const { keeper } = createStage(many)
  await collect(keeper.whole())
  keeper.touch('job-2100')
  t.strictSame(
    [...(await collect(keeper.changes())).keys()],
    ['jobs/job-2100.html', 'assets/jobs.js', 'jobs-3.html', 'index.html'],
  )
})

t.test('another definition changes the calendar and the reports too', async (t) => {
  const { keeper, input } = createStage()
  await collect(keeper.whole())
  const renamed = {
    ...hourly,
    digest: 'f'.repeat(64),
    manifest: { ...hourly.manifest, title: 'Agents by hour' },
  }
  keeper.use({ ...input, snapshots: snapshots.map((each) => (each === hourly ? renamed : each)) })
  t.notOk(keeper.needsWhole())
  const pages = await collect(keeper.changes())
  t.ok(pages.has('calendar/2026-11.html') && pages.has('calendar/calendar.ics'))
  t.match(pages.get('jobs/intraday-agents.html'), 'Agents by hour')
  t.equal([...pages.keys()].at(-1), 'index.html', 'the list comes last')
})

t.test('everything is written again where a job is gone, and on another day', async (t) => {
  const { keeper, input, time } = createStage()
  await collect(keeper.whole())
  keeper.use({ ...input, snapshots: snapshots.filter((each) => each !== hourly) })
  t.ok(keeper.needsWhole())
  t.notOk((await collect(keeper.whole())).has('jobs/intraday-agents.html'))
  t.equal(await keeper.page('jobs/intraday-agents.html'), undefined)
  t.notOk(keeper.needsWhole())
  time.nowMs += 24 * 3_600_000
  t.ok(keeper.needsWhole())
})

t.test('what could not be read is still to be read', async (t) => {
  const { keeper, state } = createStage()
  await collect(keeper.whole())
  keeper.touch('eod-call-detail')
  state.failure = new Error('disk')
  await t.rejects(collect(keeper.changes()), { message: 'disk' })
  state.failure = undefined
  t.ok((await collect(keeper.changes())).has('jobs/eod-call-detail.html'))
})

t.test('one page is the one of the whole site; other paths have none', async (t) => {
  const { keeper } = createStage()
  const site = await collect(createStage().keeper.whole())
  for (const [path, content] of site) t.equal(await keeper.page(path), content, path)
  for (const path of ['jobs/nothing.html', 'jobs-2.html', '../index.html', 'calendar/2020-01.html', 'x'])
    t.equal(keeper.stamp(path) === undefined ? undefined : await keeper.page(path), undefined, path)
})

t.test('a stamp changes with what its page shows', async (t) => {
  const { keeper } = createStage()
  const stamps = () =>
    ['jobs/eod-call-detail.html', 'jobs/ftp-in.html', 'index.html', 'help/index.html'].map(keeper.stamp)
  const before = stamps()
  keeper.touch('eod-call-detail')
  const isSame = stamps().map((stamp, index) => stamp === before[index])
  t.strictSame(isSame, [false, true, false, true])
})
