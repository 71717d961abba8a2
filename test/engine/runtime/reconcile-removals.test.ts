/** What becomes of a job whose file is gone, whose name changes, or whose place another one takes. */
import { join } from 'node:path'
import t from 'tap'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import type { EventRecord, Ledger } from '../../../engine/core/contracts/ledger.ts'
import type { Due, TriggerHost, TriggerType } from '../../../engine/core/contracts/trigger.ts'
import type { Snapshot } from '../../../engine/core/model.ts'
import { createTriggerSet } from '../../../engine/runtime/trigger-set.ts'
import { createManualClock } from '../../fakes/clock.ts'
import {
  commitOf,
  createGitStage,
  eodFile,
  moreJobs,
  renameEod,
  sourceAway,
  until,
} from '../../fakes/engine-stage.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { createSnapshot, createStep } from '../../fakes/snapshot.ts'
import { editSmall } from '../config/golden.ts'

/** The file of a job of acme that campaigns start: a client has one at most. */
function campaignJob(name: string): string {
  return `apiVersion: jobsd/v1
kind: Job
name: ${name}
title: Campaign
client: acme
scope: client
trigger:
  type: campaign
steps:
  - name: build
    type: report
    report: call/call-detail
    period: campaign
    format: csv
    fileName: "{client}.csv"
    onEmpty: skip
  - name: upload
    type: ftp-out-copy
    from: build
    connection: sftp
    path: /outbound
`
}

const ended: EventRecord = {
  client: 'acme',
  source: 'dialer',
  id: '1',
  type: 'campaign.completed',
  data: {},
  bodySha256: '1',
  receivedAt: '2026-11-22T12:00:00.000Z',
}

t.test('where nothing that compiles would be left, everything runs on', async (t) => {
  const { engine, push, job, watched, state } = createGitStage(t)
  state.tree = { ...editSmall(moreJobs(8)), revision: commitOf('a') }
  await engine.start({ triggers: true })
  const all = watched.toSorted()
  t.equal(all.length, 9)
  await push(commitOf('b'), { [eodFile]: null, 'jobs.d/acme/broken.yaml': 'no: [' })
  t.match(engine.sync().last, { outcome: 'partly', counts: { removed: 0, kept: 9 } })
  t.same(watched.toSorted(), all)
  t.match(await job('acme/eod'), { reason: 'RemovalHeld', message: /nothing else of the revision would run/ })
  await engine.stop()
})

t.test('a job that takes over a name that ran before ends the old one for good', async (t) => {
  const { engine, push, watched, state, restart } = createGitStage(t)
  const { [eodFile]: _, ...day } = renameEod('day')
  state.tree = { ...editSmall(day), revision: commitOf('a') }
  await engine.start({ triggers: true })
  await push(commitOf('b'), {})
  await push(commitOf('c'), renameEod('day', 'eod'))
  t.same(watched, ['acme/day'])
  t.same(
    (await engine.status()).jobs.map(({ job }) => job),
    ['acme/day'],
  )
  await engine.stop()
  state.unreadable = sourceAway()
  const second = await restart()
  t.same(watched, ['acme/day'], 'also after a restart in an outage')
  await second.engine.stop()
})

t.test('a rename that cannot be kept leaves the old name watched', async (t) => {
  let refused = 0
  let isFull = false
  const ledger = (opened: Ledger): Ledger => ({
    ...opened,
    async applyRevision(applied) {
      if (!isFull) return opened.applyRevision(applied)
      refused += 1
      throw new Error('the disk is full')
    },
  })
  const { engine, push, watched, state, log } = createGitStage(t, { ledger })
  await engine.start({ triggers: true })
  isFull = true
  state.tree = { ...editSmall(renameEod('day', 'eod')), revision: commitOf('b') }
  engine.reload()
  await until(() => log.fields.some(({ reason }) => reason === 'the disk is full'))
  t.ok(refused > 0)
  t.same(watched, ['acme/eod'])
  isFull = false
  await push(commitOf('b'), renameEod('day', 'eod'))
  t.same(watched, ['acme/day'])
  await engine.stop()
})

t.test('a campaign job that breaks keeps its place: an event starts one run', async (t) => {
  const { engine, push, job, state } = createGitStage(t)
  state.tree = { ...editSmall({ 'jobs.d/acme/a.yaml': campaignJob('a') }), revision: commitOf('a') }
  await engine.start({ triggers: true })
  const { [eodFile]: _, ...scheduled } = renameEod('a')
  const broken = String(scheduled['jobs.d/acme/a.yaml']).replace('connection: sftp', 'connection: nowhere')
  await push(commitOf('b'), { 'jobs.d/acme/a.yaml': broken, 'jobs.d/acme/b.yaml': campaignJob('b') })
  t.match(await job('acme/a'), { sync: 'Invalid', lastAppliedRevision: commitOf('a') })
  t.match(await job('acme/b'), {
    sync: 'Invalid',
    message: /^acme\/a still runs as the one campaign job of acme/,
  })
  const { runIds } = await engine.acceptEvent(ended)
  t.equal(runIds.length, 1)
  t.match(await engine.runDetail(runIds[0] ?? ''), { job: 'acme/a' })
  await engine.stop()
})

t.test('a campaign job whose removal is held keeps its place: an event starts one run', async (t) => {
  const { engine, push, job, state } = createGitStage(t)
  const before = { ...moreJobs(10), 'jobs.d/acme/a.yaml': campaignJob('a') }
  state.tree = { ...editSmall(before), revision: commitOf('a') }
  await engine.start({ triggers: true })
  await push(commitOf('b'), { 'jobs.d/acme/b.yaml': campaignJob('b') })
  t.match(await job('acme/a'), { reason: 'RemovalHeld' })
  t.match(await job('acme/b'), { sync: 'Invalid', message: /^acme\/a still runs/ })
  const { runIds } = await engine.acceptEvent(ended)
  t.equal(runIds.length, 1)
  t.match(await engine.runDetail(runIds[0] ?? ''), { job: 'acme/a' })
  await engine.stop()
})

t.test('a file that is being taken in while its job is renamed starts one run', async (t) => {
  const clock = createManualClock('2026-11-22T12:30:00Z')
  const ledger = openSqliteLedger(join(t.testdir({}), 'ledger.db'))
  t.teardown(() => ledger.close())
  const hosts = new Map<string, TriggerHost>()
  const started: string[] = []
  const trigger: TriggerType<'ftp-in'> = {
    type: 'ftp-in',
    title: 'FTPin',
    async watch(_, { job }, host) {
      hosts.set(job, host)
    },
  }
  const set = createTriggerSet({
    ledger,
    triggers: [trigger as never],
    endpoints: {} as never,
    artifacts: {} as never,
    clock,
    log: createMemoryLog(),
    suspension: () => undefined,
    async recordDue(due) {
      const runIds = await ledger.recordDue(due)
      started.push(...runIds)
      return runIds
    },
  })
  t.teardown(() => set.stop())
  const [older, newer] = [createDropJob('old'), createDropJob('new')]
  for (const snapshot of [older, newer]) await ledger.keepSnapshot(snapshot, clock.now().toISOString())
  await set.swap(new Map([[older.job, { snapshot: older, revision: 'r1' }]]))
  const due: Due = {
    key: 'file',
    slot: clock.now().toISOString(),
    schedule: null,
    event: null,
    file: null,
    callCenter: null,
  }
  set.release([older.job])
  await set.swap(new Map([[newer.job, { snapshot: newer, revision: 'r2' }]]))
  t.equal(await hosts.get(older.job)?.due(due), false, 'the old watch, released while it took the file in')
  t.equal(await hosts.get(newer.job)?.knowsFile('file'), false)
  t.equal(await hosts.get(newer.job)?.due(due), true)
  t.equal(started.length, 1)
})

/** A job of acme that dropped files start. */
function createDropJob(name: string): Snapshot {
  const { manifest } = createSnapshot()
  const step = createStep({ name: 'a', type: 'condition', if: 'true' } as never)
  const trigger = { type: 'ftp-in', folders: [] } as never
  return createSnapshot({
    job: `acme/${name}`,
    digest: name.padEnd(64, '0'),
    manifest: { ...manifest, name, scope: 'client', trigger, steps: [step] },
  })
}

t.test('a job whose new name does not compile runs on under the old one, whatever is broken', async (t) => {
  const { engine, push, job, watched } = createGitStage(t)
  await engine.start({ triggers: true })
  const path = 'jobs.d/acme/day.yaml'
  const renamed = renameEod('day', 'eod')
  const text = renamed[path] as string
  for (const [letter, broken] of [
    ['b', text.replace('onEmpty: skip', 'onEmpty: maybe')],
    ['c', `${text}broken: [\n`],
  ] as const) {
    await push(commitOf(letter), { ...renamed, [path]: broken })
    t.match(await job('acme/eod'), { sync: 'OutOfSync', message: /its new name acme\/day does not compile/ })
    t.match(await job('acme/day'), { sync: 'Invalid', reason: 'NeverValid' })
    t.same(watched, ['acme/eod'])
  }
  await push(commitOf('d'), renamed)
  t.same(watched, ['acme/day'])
  t.same(
    (await engine.status()).jobs.map((each) => [each.job, each.sync]),
    [['acme/day', 'Synced']],
  )
  await engine.stop()
})
