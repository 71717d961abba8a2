import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import { compileSchedule } from '../../../engine/config/schedule.ts'
import type { AlertRecord } from '../../../engine/core/contracts/alerts.ts'
import type { Hold } from '../../../engine/core/contracts/sync.ts'
import type { JobId, Snapshot, Trigger } from '../../../engine/core/model.ts'
import { createExpectations } from '../../../engine/runtime/expectations.ts'
import type { ActiveJob } from '../../../engine/runtime/trigger-set.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createStage as createEngineStage } from '../../fakes/engine-stage.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { createSnapshot } from '../../fakes/snapshot.ts'
import { editSmall } from '../config/golden.ts'

const minute = 60_000
const hour = 60 * minute
const folder: Trigger = { type: 'ftp-in', folders: [{ connection: 'acme-sftp', path: '/in' }] } as Trigger

function createJob(name: string, trigger: Trigger, cron = '0 8 * * *', to: string[] = []): Snapshot {
  const base = createSnapshot()
  return createSnapshot({
    job: `acme/${name}`,
    digest: `${name} ${cron}`,
    manifest: { ...base.manifest, name, title: 'Upload', trigger, ...(to.length > 0 && { alerts: { to } }) },
    expectBy: compileSchedule({ name: 'expectBy', cron }, base.client, { calendars: new Map() }),
  })
}

/** It is 07:00 in Chicago on Monday 23 November. */
function createStage(t: Test, start = '2026-11-23T13:00:00Z') {
  const clock = createManualClock(start)
  const log = createMemoryLog()
  const path = join(t.testdir({}), 'ledger.db')
  const state = { held: new Map<string, Hold>(), told: 0 }
  const opened: { ledger: ReturnType<typeof openSqliteLedger>; stop(): Promise<void> }[] = []

  function open() {
    const ledger = openSqliteLedger(path)
    const expectations = createExpectations({
      ...{ ledger, clock, log, suspension: (job: JobId) => state.held.get(job) },
      onNotice: () => {
        state.told += 1
      },
    })
    opened.push({ ledger, stop: expectations.stop })
    /** As a reconcile does it: recorded first, then followed. */
    async function apply(...snapshots: Snapshot[]): Promise<void> {
      const now = clock.now().toISOString()
      await ledger.applyRevision({
        revision: 'r',
        changes: snapshots.map((snapshot) => ({
          ...{ job: snapshot.job, snapshot, sync: 'Synced' as const, message: '' },
        })),
        removed: [],
        operators: { settings: null, route: null, policies: [] },
        sync: {
          ...{ revision: 'r', outcome: 'applied', reason: 'Applied', message: '', commit: null },
          counts: { added: 0, changed: 0, renamed: 0, removed: 0, kept: 0, invalid: 0, unchanged: 0 },
          ...{ startedAt: now, endedAt: now, durationMs: 0, times: 1 },
        },
        ended: [],
      } as never)
      await follow(...snapshots)
    }
    async function follow(...snapshots: Snapshot[]): Promise<void> {
      const jobs = snapshots.map((snapshot): [JobId, ActiveJob] => [
        snapshot.job,
        { snapshot, revision: 'r' },
      ])
      await expectations.follow(new Map(jobs))
    }
    async function told(): Promise<string[]> {
      return (await ledger.pendingAlerts()).map(titleOf)
    }
    return { ledger, expectations, apply, follow, told }
  }
  t.teardown(async () => {
    for (const { ledger, stop } of opened) {
      await stop()
      await ledger.close().catch(() => undefined)
    }
  })

  /** A run of the job by its own trigger, due now; `end` makes it end so. */
  async function begin(ledger: ReturnType<typeof openSqliteLedger>, job: JobId, type: Trigger['type']) {
    const now = () => clock.now().toISOString()
    const [id = ''] = await ledger.recordDue({
      ...{ job, trigger: { type, key: now() }, slot: now(), schedule: null, event: null, file: null },
      ...{ callCenters: [null], snapshot: 'd', revision: 'r', firstStep: 'a', dryRun: false, group: null },
      now: now(),
    })
    return async (end: 'succeeded' | 'failed') => {
      const guard = { runId: id, token: (await ledger.claimRun(id, now()))?.token ?? 0 }
      const { seq } = await ledger.beginStep(guard, 'a', 'condition', now())
      const outcome = end === 'failed' ? 'failed' : 'succeeded'
      await ledger.endStep(guard, {
        ...{ seq, outcome, note: '', error: null, files: [], next: { end }, alert: null, now: now() },
      })
    }
  }
  return { clock, log, state, open, begin }
}

function titleOf({ about, recipients }: AlertRecord): string {
  const to = recipients.to === null ? '' : ` to ${recipients.to.join()}`
  return `${'notice' in about ? about.notice.title : ''}${to}`
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

t.test('a file that did not come is told at the moment, with a copy, and once it came', async (t) => {
  const { clock, open, begin } = createStage(t)
  const { ledger, apply, told } = open()
  await apply(createJob('upload', folder, '0 8 * * *', ['care@platform.example']))
  await clock.live(hour - 1)
  t.same(await told(), [])
  await clock.live(1)
  t.same(await told(), [
    'acme/upload: no file came by 08:00',
    'acme/upload: no file came by 08:00 to care@platform.example',
  ])
  const [missing] = await ledger.pendingAlerts()
  t.match(missing?.about, {
    notice: { message: 'No file came to /in on acme-sftp by 08:00 America/Chicago.' },
  })
  await clock.live(42 * minute)
  const end = await begin(ledger, 'acme/upload', 'ftp-in')
  await clock.live(5 * minute)
  t.equal((await told()).length, 2, 'its run has not ended yet')
  await end('succeeded')
  await clock.live(minute)
  t.same((await told()).slice(2), [
    'acme/upload: a file came 42 min late',
    'acme/upload: a file came 42 min late to care@platform.example',
  ])
  await clock.live(30 * minute)
  t.equal((await told()).length, 4, 'told once')
})

t.test('a file in time is told to nobody, and each day is a day of its own', async (t) => {
  const { clock, open, begin } = createStage(t)
  const { ledger, apply, told } = open()
  await apply(createJob('upload', folder))
  await (await begin(ledger, 'acme/upload', 'ftp-in'))('succeeded')
  await clock.live(24 * hour)
  t.same(await told(), [])
  await clock.live(hour)
  t.same(await told(), ['acme/upload: no file came by 08:00'], 'but for the next day none came')
})

t.test(
  'a slot that the trigger has not come to yet is no work done, as after the machine slept',
  async (t) => {
    const { clock, open, begin } = createStage(t)
    const { ledger, apply, told } = open()
    const job = createJob('eod', { type: 'scheduled', schedules: [] } as never)
    const { client, manifest } = job
    const hourly = compileSchedule({ name: 'daily', cron: '30 7 * * *' }, client, { calendars: new Map() })
    await apply({ ...job, schedules: [hourly], manifest: { ...manifest, scope: 'client' } })
    await clock.live(hour)
    t.same(await told(), ['acme/eod: nothing ran by 08:00'])
    t.match(await ledger.openExpectations(), [{ job: 'acme/eod' }], 'it is waited for')
    await (await begin(ledger, 'acme/eod', 'scheduled'))('succeeded')
  },
)

t.test('a run that failed is late, and over when it was run again', async (t) => {
  const { clock, open, begin } = createStage(t)
  const { ledger, apply, told } = open()
  await apply(createJob('eod', { type: 'manual' }))
  const end = await begin(ledger, 'acme/eod', 'manual')
  await clock.live(hour)
  t.same(await told(), ['acme/eod is late'])
  await end('succeeded')
  await clock.live(minute)
  t.match((await told())[1], /^acme\/eod: it was done/)
})

t.test('what was due while nothing ran is judged at the start, once, and told as one', async (t) => {
  const { clock, open } = createStage(t)
  const first = open()
  await first.apply(createJob('upload', folder))
  await clock.live(2 * hour)
  t.same(await first.told(), ['acme/upload: no file came by 08:00'])
  await first.expectations.stop()
  await first.ledger.close()

  clock.jump(3 * 24 * hour)
  const next = open()
  await next.follow(createJob('upload', folder))
  await until(async () => (await next.told()).length > 1)
  await clock.live(hour)
  t.same(await next.told(), ['acme/upload: no file came by 08:00', 'acme/upload: no file came by 08:00'])
  const about = (await next.ledger.pendingAlerts())[1]?.about
  t.match(about, {
    notice: { facts: [{}, { value: /^26 Nov/ }, {}, { name: 'Earlier', value: /^2 moments/ }] },
  })
  t.same(
    (await next.ledger.openExpectations()).map(({ at }) => at),
    ['2026-11-26T14:00:00.000Z'],
  )
})

t.test('a kill between the judgement and its mail loses nothing and doubles nothing', async (t) => {
  const { clock, open } = createStage(t)
  const first = open()
  await first.apply(createJob('upload', folder))
  await clock.live(hour)
  await first.expectations.stop()
  await first.ledger.close()
  const next = open()
  await next.follow(createJob('upload', folder))
  await clock.live(hour)
  t.same(await next.told(), ['acme/upload: no file came by 08:00'])
})

t.test('nothing is expected from before a job was applied, or its expectBy was changed', async (t) => {
  const { clock, open } = createStage(t, '2026-11-23T15:00:00Z')
  const { apply, told } = open()
  await apply(createJob('upload', folder))
  await clock.live(hour)
  t.same(await told(), [], 'it was applied at 09:00')
  await apply(createJob('upload', folder, '30 9 * * *'))
  await clock.live(hour)
  t.same(await told(), [], '09:30 was no moment then')
  await clock.live(24 * hour)
  t.same(await told(), ['acme/upload: no file came by 09:30'])
})

t.test('a suspended or disabled job is not expected; the moment is recorded as skipped', async (t) => {
  const { clock, state, open } = createStage(t)
  const { ledger, apply, told } = open()
  const disabled = createJob('off', folder)
  await apply(createJob('upload', folder), {
    ...disabled,
    manifest: { ...disabled.manifest, enabled: false },
  })
  state.held.set('acme/upload', {
    job: 'acme/upload',
    kind: 'suspended',
    pin: null,
    who: 'ana',
    why: 'move',
    at: '',
  })
  await clock.live(hour)
  t.same(await told(), [])
  t.same(await ledger.openExpectations(), [])
  const [since] = await ledger.expectationsSince(['acme/upload'], clock.now().toISOString())
  t.equal(since, '2026-11-23T14:00:00.000Z')
})

t.test('a job that goes while it is waited for ends that, without a word', async (t) => {
  const { clock, open } = createStage(t)
  const { ledger, apply, follow, told } = open()
  await apply(createJob('upload', folder))
  await clock.live(hour)
  await follow()
  await until(async () => (await ledger.openExpectations()).length === 0)
  t.equal((await told()).length, 1)
})

t.test('ten thousand jobs wait by one timer, and are all judged at their moment', async (t) => {
  const { clock, state, open } = createStage(t)
  const { ledger, follow } = open()
  const base = createJob('upload', folder)
  const jobs = Array.from(
    { length: 10_000 },
    (_, index): Snapshot => ({
      ...base,
      job: `acme/upload-${index}`,
      digest: String(index),
    }),
  )
  let sleepers = 0
  const { sleep } = clock
  clock.sleep = async (ms, signal) => {
    sleepers += 1
    await sleep(ms, signal)
  }
  await follow(...jobs)
  await clock.asleep()
  t.equal(sleepers, 1)
  await clock.live(hour)
  t.equal(state.told, 10_000)
  t.equal((await ledger.openExpectations()).length, 10_000)
})

t.test('an engine mails what its jobs did not do in time, and stops with its timer', async (t) => {
  const stage = createEngineStage(t, async () => ({ ok: true, note: '' }))
  const expected = 'scope: call-center\nexpectBy: { cron: "0 8 * * *" }\n'
  stage.state.tree = editSmall({
    'jobs.d/acme/eod.yaml': (text) => text.replace('scope: call-center\n', expected),
  })
  await stage.engine.start({ triggers: true })
  const missed = { job: 'acme/eod', schedule: 'weekdays', callCenter: 'dallas', runId: null } as const
  const at = '2026-11-22T13:00:00.000Z'
  await stage.ledger.recordSlots([{ ...missed, at, outcome: 'missed', note: 'the engine was down' }])
  // It is 06:00 in Chicago.
  await until(async () => {
    await stage.clock.advance(minute)
    return stage.sent.length === 1
  })
  t.ok(stage.clock.now().toISOString() >= '2026-11-22T14:00', 'not before the moment')
  t.match(stage.sent[0]?.to, ['ops@platform.example'])
  await stage.engine.stop()
  await stage.clock.advance(24 * hour)
  t.equal(stage.sent.length, 1)
})
