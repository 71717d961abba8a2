import { existsSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { createArtifactFolder } from '../../../engine/adapters/artifact-folder.ts'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import type { DueRecord, Ledger } from '../../../engine/core/contracts/ledger.ts'
import type { PruneLimits } from '../../../engine/core/contracts/retention.ts'
import type { Settings } from '../../../engine/core/manifest.ts'
import type { JobId, RunFile, StepRecord } from '../../../engine/core/model.ts'
import { followRetention, limitsAt, pruneOnce } from '../../../engine/runtime/retention.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { createSnapshot } from '../../fakes/snapshot.ts'

const job: JobId = 'acme/eod-call-detail'
const dayMs = 86_400_000
const day = (index: number): string => new Date(Date.UTC(2026, 0, 1) + index * dayMs).toISOString()

function open(t: Test) {
  const path = join(t.testdir(), 'ledger.db')
  const ledger = openSqliteLedger(path)
  t.teardown(() => ledger.close())
  const count = (table: string): number => {
    const database = new Database(path, { readonly: true })
    const { rows } = database.prepare(`select count(*) as rows from ${table}`).get() as { rows: number }
    database.close()
    return rows
  }
  return { ledger, count, path }
}

function limits(before: string, changes: Partial<PruneLimits> = {}): PruneLimits {
  return { runsBefore: before, eventsBefore: before, duesBefore: before, rows: 200, ...changes }
}

function createDue(changes: Partial<DueRecord>): DueRecord {
  return {
    job,
    trigger: { type: 'scheduled', key: `daily@${day(0)}` },
    slot: day(0),
    schedule: 'daily',
    event: null,
    file: null,
    callCenters: [null],
    snapshot: 'd'.repeat(64),
    revision: 'r1',
    firstStep: 'build',
    dryRun: false,
    group: null,
    now: day(0),
    ...changes,
  }
}

const scheduledAt = (index: number): DueRecord =>
  createDue({ trigger: { type: 'scheduled', key: `daily@${day(index)}` }, slot: day(index), now: day(index) })

function fileOf(sha256: string): RunFile {
  const about = {
    step: 'build',
    fileName: 'a.csv',
    mediaType: 'text/csv',
    rows: 1,
    period: null,
    origin: null,
  }
  return { sha256, size: 1, ...about }
}

/** Lets a run make one step and end. */
async function endRun(
  ledger: Ledger,
  runId: string,
  now: string,
  changes: { files?: RunFile[]; type?: StepRecord['type']; note?: string } = {},
): Promise<void> {
  const guard = { runId, token: (await ledger.claimRun(runId, now))?.token ?? 0 }
  const { seq } = await ledger.beginStep(guard, 'build', changes.type ?? 'report', now)
  const delivery = { id: `d-${runId}`, runId, step: 'build', target: 'sftp:a:/b', artifact: null }
  await ledger.intendDelivery(guard, delivery, now)
  await ledger.endStep(guard, {
    seq,
    outcome: 'succeeded',
    note: changes.note ?? '',
    error: null,
    files: changes.files ?? [],
    next: { end: 'succeeded' },
    alert: null,
    now,
  })
}

async function runOn(ledger: Ledger, index: number): Promise<string> {
  const [runId = ''] = await ledger.recordDue(scheduledAt(index))
  await endRun(ledger, runId, day(index), { files: [fileOf('a'.repeat(64))] })
  return runId
}

t.test('runs that ended before go with all of theirs; later and unfinished ones stay', async (t) => {
  const { ledger, count } = open(t)
  await runOn(ledger, 1)
  const [unfinished = ''] = await ledger.recordDue(scheduledAt(2))
  const kept = await runOn(ledger, 10)
  t.match(await ledger.prune(limits(day(5), { duesBefore: day(0) })), {
    runs: 1,
    parts: 3,
    slots: 2,
    dues: 0,
    more: false,
  })
  t.same((await ledger.runs({ limit: 9 })).map(({ id }) => id).sort(), [unfinished, kept].sort())
  t.same(['step', 'run_file', 'delivery'].map(count), [1, 1, 1])
  t.match(await ledger.prune(limits(day(5), { duesBefore: day(0) })), {
    runs: 0,
    parts: 0,
    slots: 0,
    more: false,
  })
})

t.test("a job's newest run stays however old it is, as its health is told by it", async (t) => {
  const { ledger } = open(t)
  await runOn(ledger, 1)
  const newest = await runOn(ledger, 2)
  const [dry = ''] = await ledger.recordDue(
    createDue({ trigger: { type: 'manual', key: 'dry' }, dryRun: true, now: day(3) }),
  )
  await endRun(ledger, dry, day(3))
  t.match(await ledger.prune(limits(day(300))), { runs: 2 })
  t.same(
    (await ledger.runs({ limit: 9 })).map(({ id }) => id),
    [newest],
  )
})

t.test('a run that another one repeats stays as long as that one', async (t) => {
  const { ledger } = open(t)
  const original = await runOn(ledger, 1)
  const origin = { kind: 'resend' as const, runId: original, steps: ['build'], targets: null }
  const audit = { who: 'ana', why: 'asked for', at: day(3) }
  const repeats = { origin, filesOf: [], audit }
  const trigger = { type: 'scheduled', key: `resend:${original}:1` } as const
  const [resend = ''] = await ledger.recordDue(createDue({ trigger, repeats, now: day(3) }))
  await runOn(ledger, 4)
  t.match(await ledger.prune(limits(day(300))), { runs: 0 }, 'the repeat has not ended')
  await endRun(ledger, resend, day(5))
  t.match(await ledger.prune(limits(day(300))), { runs: 1 }, 'the repeat goes first')
  t.match(await ledger.prune(limits(day(300))), { runs: 1 }, 'then what it repeated')
})

t.test('one call deletes no more rows than it may, and says that there are more', async (t) => {
  const { ledger, count } = open(t)
  for (let index = 0; index < 12; index++) await runOn(ledger, index)
  const rowsOf = () =>
    ['run', 'step', 'run_file', 'delivery', 'slot', 'due'].reduce((sum, name) => sum + count(name), 0)
  let before = rowsOf()
  let calls = 0
  for (let more = true; more; calls++) {
    more = (await ledger.prune(limits(day(300), { rows: 10 }))).more
    t.ok(before - rowsOf() <= 10, `${before - rowsOf()} rows`)
    before = rowsOf()
  }
  t.ok(calls >= 6)
  t.equal(before, 4, 'the newest run with its three parts')
})

t.test('a slot whose row and key are gone is not due again', async (t) => {
  const { ledger, count } = open(t)
  const snapshot = createSnapshot({ schedules: [{ name: 'daily' }] as never })
  await ledger.applyRevision({
    revision: 'r1',
    changes: [{ job: snapshot.job, snapshot, sync: 'Synced', message: '' }],
    removed: [],
    ended: [],
    operators: { settings: null, route: null, policies: [] },
    sync: {
      revision: 'r1',
      outcome: 'applied',
      reason: 'Applied',
      message: '',
      counts: { added: 1, changed: 0, renamed: 0, removed: 0, kept: 0, invalid: 0, unchanged: 0 },
      commit: null,
      startedAt: day(0),
      endedAt: day(0),
      durationMs: 0,
      times: 1,
    },
  })
  const ofJob = { job: snapshot.job }
  for (const index of [1, 2, 3]) await ledger.recordDue({ ...scheduledAt(index), ...ofJob })
  t.same(await ledger.schedulesSince(snapshot.job, day(500)), { daily: day(3) })
  t.match(await ledger.prune(limits(day(400))), { slots: 3, dues: 3 })
  t.same([count('slot'), count('due')], [0, 0])
  t.same(
    await ledger.schedulesSince(snapshot.job, day(500)),
    { daily: day(3) },
    'it still owes nothing up to then',
  )
  t.same(
    await ledger.schedulesSince(snapshot.job, day(1)),
    { daily: day(3) },
    'also where the clock was set back',
  )
})

t.test('the key of a posted file goes only where a step moved the file out of its folder', async (t) => {
  const { ledger } = open(t)
  const cases = [
    { key: 'left', type: 'report', note: '' },
    { key: 'stayed', type: 'move-file', note: '/in/a.csv stays where it is' },
    { key: 'other', type: 'delete-file', note: '/in/a.csv.old deleted; /found/in/a.csv deleted' },
    { key: 'moved', type: 'move-file', note: '/in/a.csv moved to /done/a.csv' },
  ] as const
  const file = { ...fileOf('b'.repeat(64)), origin: { connection: 'drop', path: '/in/a.csv' } }
  for (const { key, type, note } of cases) {
    const trigger = { type: 'ftp-in' as const, key }
    const [runId = ''] = await ledger.recordDue(createDue({ trigger, schedule: null, file, now: day(1) }))
    await endRun(ledger, runId, day(1), { type, note })
  }
  await runOn(ledger, 2)
  t.match(await ledger.prune(limits(day(300), { duesBefore: day(1) })), { runs: 4, dues: 0 })
  t.equal(await ledger.knowsFile(job, 'moved'), true, 'not before its time')
  t.match(await ledger.prune(limits(day(300))), { dues: 2 }, 'with the one of the slot')
  const known = await Promise.all(cases.map(({ key }) => ledger.knowsFile(job, key)))
  t.same(known, [true, true, true, false])
})

t.test('an event is known as long as the settings say, and its key no shorter', async (t) => {
  const { ledger, count } = open(t)
  const event = {
    client: 'acme',
    source: '/d',
    id: 'e1',
    type: 'x',
    data: {},
    bodySha256: '',
    receivedAt: day(1),
  }
  const due = createDue({ trigger: { type: 'campaign', key: 'e1' }, schedule: null, now: day(1) })
  await ledger.recordEvent(event, [due])
  t.match(await ledger.prune(limits(day(1))), { events: 0, dues: 0 })
  t.match(await ledger.prune(limits(day(50), { duesBefore: day(1) })), { events: 1, dues: 0 })
  const started = { outcome: 'started', note: '', notice: null } as const
  const again = await ledger.recordEvent(event, [due], started)
  t.match(again, { known: false, runIds: [] }, 'it starts nothing again')
  t.match(again, { outcome: 'nothing', note: /forgotten/ }, 'and is not told to have started something')
  t.equal(count('run'), 1)
})

t.test('what was told is forgotten, what was not told yet stays', async (t) => {
  const { ledger } = open(t)
  const notice = { title: 't', message: 'm', facts: [], list: [], next: '' }
  await ledger.raiseNotice('told', notice, day(1))
  await ledger.markAlerts(['told'], 'sent', day(1))
  await ledger.raiseNotice('open', notice, day(1))
  t.match(await ledger.prune(limits(day(50))), { alerts: 1 })
  t.match(await ledger.pendingAlerts(), [{ id: 'open' }])
})

t.test('keys are kept as long as any catch-up reaches, whatever the settings say', async (t) => {
  const nowMs = Date.parse(day(1000))
  const settings = (retention: Settings['retention']) => ({ retention }) as Settings
  t.same(limitsAt(nowMs, null), {
    runsBefore: day(600),
    eventsBefore: day(600),
    duesBefore: day(600),
    rows: 200,
  })
  t.match(limitsAt(nowMs, settings({ runs: '30d', events: '40d' })), {
    runsBefore: day(970),
    eventsBefore: day(960),
    duesBefore: day(600),
  })
  t.match(limitsAt(nowMs, settings({ runs: '500d', events: '900d' })), { duesBefore: day(100) })
})

/** A ledger and an artifact store with one file each of an old run, a young one, an unfinished one, and of none. */
async function createStored(t: Test) {
  const { ledger } = open(t)
  const log = createMemoryLog()
  const artifacts = await createArtifactFolder(join(t.testdir(), 'artifacts'))
  // The files' times are the system's.
  const today = new Date(Math.ceil(Date.now() / dayMs) * dayMs)
  const clock = createManualClock(today.toISOString())
  const ago = (days: number): string => new Date(today.getTime() - days * dayMs).toISOString()
  async function store(text: string, ageDays: number): Promise<RunFile & { path: string }> {
    const scratch = await artifacts.scratch()
    writeFileSync(scratch, text)
    const artifact = await artifacts.adopt(scratch)
    const path = await artifacts.open(artifact.sha256, artifact.size)
    const then = new Date(today.getTime() - ageDays * dayMs)
    utimesSync(path, then, then)
    return { ...fileOf(artifact.sha256), ...artifact, path }
  }
  return { ledger, artifacts, clock, log, ago, store, settings: () => null }
}

t.test(
  'stored files go with their time, but none of an unfinished run and none younger than a day',
  async (t) => {
    const stored = await createStored(t)
    const { ledger, ago, store } = stored
    const files = {
      old: await store('of an old run', 100),
      shared: await store('of an old run and a young one', 100),
      waiting: await store('of a run that has not ended', 100),
      nobody: await store("nobody's", 2),
      fresh: await store("nobody's yet", 0.5),
    }
    const runOf = async (
      key: string,
      days: number,
      { path: _, ...file }: RunFile & { path: string },
      isEnded = true,
    ) => {
      const [runId = ''] = await ledger.recordDue(
        createDue({ trigger: { type: 'manual', key }, schedule: null, now: ago(days) }),
      )
      const then = ago(days)
      if (isEnded) return endRun(ledger, runId, then, { files: [file] })
      const guard = { runId, token: (await ledger.claimRun(runId, then))?.token ?? 0 }
      const { seq } = await ledger.beginStep(guard, 'build', 'report', then)
      const end = { seq, outcome: 'succeeded', note: '', error: null, alert: null, now: then } as const
      await ledger.endStep(guard, { ...end, files: [file], next: { step: 'mail' } })
    }
    await runOf('a', 91, files.old)
    await runOf('b', 91, files.shared)
    await runOf('c', 89, files.shared)
    await runOf('d', 300, files.waiting, false)
    let isDone = false
    const pruning = pruneOnce(stored, new AbortController().signal).finally(() => {
      isDone = true
    })
    while (!isDone) await stored.clock.advance(100)
    await pruning
    const there = Object.entries(files).flatMap(([name, { path }]) => (existsSync(path) ? [name] : []))
    t.same(there, ['shared', 'waiting', 'fresh'])
    t.match(stored.log.fields, [{ runs: 0, artifactBytes: files.old.size + files.nobody.size }])
  },
)

t.test('a file that is stored once more is as young as one that is new', async (t) => {
  const { artifacts, store } = await createStored(t)
  const { sha256, size, path } = await store('the same again', 100)
  const scratch = await artifacts.scratch()
  writeFileSync(scratch, 'the same again')
  await artifacts.adopt(scratch)
  t.equal(await artifacts.remove(sha256, new Date(Date.now() - dayMs)), 0)
  t.ok(existsSync(path))
  utimesSync(path, 0, 0)
  t.equal(await artifacts.remove(sha256, new Date(Date.now() - dayMs)), size)
  await t.rejects(artifacts.open(sha256, size), {
    code: 'ARTIFACT_DAMAGED',
    message: /is missing or damaged/,
  })
})

/** Follows the retention from now on; `hours` lives through some, and tells how often it pruned meanwhile. */
async function follow(t: Test, lastKnownMs: (nowMs: number) => number | null) {
  const { clock, log, ledger, artifacts } = await createStored(t)
  const asked: string[] = []
  const counted: Ledger = {
    ...ledger,
    async prune(given) {
      asked.push(given.runsBefore)
      return ledger.prune(given)
    },
  }
  const stop = new AbortController()
  const parts = { clock, log, artifacts, ledger: counted, settings: () => null }
  const following = followRetention(parts, lastKnownMs(clock.now().getTime()), stop.signal)
  const hours = async (count: number): Promise<number> => {
    const before = asked.length
    for (let hour = 0; hour < count; hour++) {
      await clock.live(3_600_000)
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
      await clock.asleep()
    }
    return asked.length - before
  }
  const end = async (): Promise<void> => {
    stop.abort()
    await following
  }
  return { clock, log, asked, hours, end }
}

t.test('it prunes once an hour, and not for a day after the clock was set', async (t) => {
  const { clock, asked, hours, end } = await follow(t, () => null)
  t.equal(await hours(3), 3)
  clock.jump(365 * dayMs)
  t.equal(await hours(20), 0, 'a year ahead: that may be a mistake')
  clock.jump(-365 * dayMs)
  t.ok((await hours(20)) <= 1, 'and set right again')
  t.ok((await hours(30)) > 20)
  t.equal(asked.filter((before) => before > clock.now().toISOString()).length, 0)
  await end()
})

t.test(
  'an engine that starts long after the last moment of its ledger prunes nothing for a day',
  async (t) => {
    const late = await follow(t, (nowMs) => nowMs - 365 * dayMs)
    t.equal(await late.hours(23), 0)
    t.match(late.log.lines, [/far beyond the last moment of the ledger: nothing is pruned/])
    t.ok((await late.hours(3)) > 0)
    await late.end()
    const rested = await follow(t, (nowMs) => nowMs - 3 * dayMs)
    t.equal(await rested.hours(2), 2, 'after a long weekend it is nothing unusual')
    await rested.end()
  },
)
