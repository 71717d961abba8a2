/** What is due is recorded and begun by one transaction where a lane is free, and as it always was where none is. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import { createLocalQueue } from '../../../engine/adapters/local-queue.ts'
import { compileSchedule } from '../../../engine/config/schedule.ts'
import type { Ledger } from '../../../engine/core/contracts/ledger.ts'
import type { StepContext, StepType } from '../../../engine/core/contracts/step.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { Client } from '../../../engine/core/manifest.ts'
import type { CompiledJob, CompiledSchedule, Step } from '../../../engine/core/model.ts'
import { createDispatch } from '../../../engine/runtime/dispatch.ts'
import { toDueRecord } from '../../../engine/runtime/due.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { createSnapshot } from '../../fakes/snapshot.ts'

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

interface StageOptions {
  settings?: object
  job?: Partial<CompiledJob>
  schedules?: CompiledSchedule[]
  /** Uses the connection acme-sftp. */
  step?: Partial<Step>
  ledger?: (ledger: Ledger) => Partial<Ledger>
  /** What the step does after it was noted. */
  work?: (context: StepContext) => Promise<void>
}

/** `said` is what the ledger and the step were asked for, by the run's number. */
function createStage(t: Test, options: StageOptions = {}) {
  const clock = createManualClock('2026-11-22T12:00:00Z')
  const log = createMemoryLog()
  const opened = openSqliteLedger(join(t.testdir({}), 'ledger.db'))
  const said: string[] = []
  const name = async (id: string) => (await opened.run(id))?.trigger.key
  const base = createSnapshot()
  const steps = [
    { name: 'a', type: 'condition', onSuccess: 'end', onFailure: 'fail', ...options.step },
  ] as Step[]
  const manifest = { ...base.manifest, scope: 'client' as const, callCenters: [], steps, ...options.job }
  const snapshot = createSnapshot({ manifest, ...(options.schedules && { schedules: options.schedules }) })
  const queue = createLocalQueue(clock)
  const stopping = new AbortController()
  async function run(_: Step, context: StepContext) {
    said.push(`works on ${await name(context.run.id)}`)
    await options.work?.(context)
    return { ok: true, note: '' }
  }
  const types = ['condition', 'ftp-out-copy'].map((type) => ({ type, title: type, run }))
  const dispatch = createDispatch({
    ledger: {
      ...opened,
      async claimRun(id, ...rest) {
        said.push(`claims ${await name(id)}`)
        return opened.claimRun(id, ...rest)
      },
      ...options.ledger?.(opened),
    },
    queue,
    steps: types as unknown as StepType[],
    endpoints: {} as never,
    artifacts: {} as never,
    clock,
    log,
    snapshot: async () => snapshot,
    onAlert: () => undefined,
    stopping: stopping.signal,
  })
  t.teardown(async () => {
    stopping.abort(new Error('the test is over'))
    await opened.close()
  })
  dispatch.start({ maxRuns: 1, ...options.settings } as never)
  const dueOf = (key: string, changes: object = {}, callCenter: string | null = null) => {
    const now = clock.now().toISOString()
    const by = { type: 'manual' as const, key, slot: now, schedule: null, ...changes }
    return toDueRecord(snapshot, 'r1', { ...by, event: null, file: null, callCenter }, now)
  }
  return {
    clock,
    log,
    ledger: opened,
    queue,
    dispatch,
    said,
    dueOf,
    isOver: async () => (await opened.unfinishedRuns()).length === 0 && queue.size().working === 0,
  }
}

t.test('where a lane is free, recording and beginning are one transaction', async (t) => {
  const { dispatch, ledger, said, dueOf, isOver } = createStage(t)
  const recorded = dispatch.record(dueOf('one'))
  const [id = ''] = await recorded
  t.match(await ledger.run(id), {
    token: 1,
    createdAt: '2026-11-22T12:00:00.000Z',
    startedAt: '2026-11-22T12:00:00.000Z',
    steps: [{ name: 'a', seq: 1, attempts: 1, startedAt: '2026-11-22T12:00:00.000Z' }],
  })
  await until(isOver)
  t.same(said, ['works on one'])
  t.match(await ledger.run(id), { state: 'succeeded', token: 1, steps: [{ attempts: 1 }] })
  t.same(await dispatch.record(dueOf('one')), [], 'it is known')
  t.same(dispatch.size(), { waiting: 0, working: 0 }, 'which holds no lane')
})

t.test('what finds no lane waits for its turn behind what waits already', async (t) => {
  const gates: (() => void)[] = []
  const work = () => new Promise<void>((resolve) => gates.push(resolve))
  const { dispatch, clock, ledger, said, dueOf, isOver } = createStage(t, { work })
  const ids: string[] = []
  for (const key of ['one', 'two', 'three']) {
    ids.push(...(await dispatch.record(dueOf(key))))
    clock.jump(1_000)
  }
  await until(() => gates.length === 1)
  t.same(dispatch.size(), { waiting: 2, working: 1 })
  t.match(await ledger.run(ids[1] as string), { state: 'queued', token: 0, startedAt: null, steps: [] })
  for (let index = 0; index < 3; index += 1) {
    await until(() => gates.length === index + 1)
    gates[index]?.()
  }
  await until(isOver)
  t.same(said, ['works on one', 'claims two', 'works on two', 'claims three', 'works on three'])
})

t.test('the lane of a run that ends in the same transaction is free for one that is recorded', async (t) => {
  let open: () => void = () => undefined
  let isFirst = true
  const work = async () => {
    if (!isFirst) return
    isFirst = false
    await new Promise<void>((resolve) => {
      open = resolve
    })
  }
  const { dispatch, said, dueOf, isOver } = createStage(t, { work })
  await dispatch.record(dueOf('one'))
  await until(() => said.length === 1)
  open()
  // Both wait for the same commit: the end of the one and the record of the other.
  await dispatch.record(dueOf('two'))
  await until(isOver)
  t.same(said, ['works on one', 'works on two'])
})

t.test('what is recorded already and only on its way into the queue comes first', async (t) => {
  const { dispatch, ledger, said, dueOf, isOver } = createStage(t)
  dispatch.enqueue(await ledger.recordDue(dueOf('older')))
  await dispatch.record(dueOf('newer'))
  await until(isOver)
  t.same(said, ['claims older', 'works on older', 'claims newer', 'works on newer'])
})

t.test(
  'runs that an engine which starts reads from the ledger come before what becomes due meanwhile',
  async (t) => {
    const { dispatch, ledger, said, dueOf, isOver } = createStage(t)
    await ledger.recordDue(dueOf('older'))
    const restored = dispatch.enqueueAll()
    await Promise.all([restored, dispatch.record(dueOf('newer'))])
    await until(isOver)
    t.same(said, ['claims older', 'works on older', 'claims newer', 'works on newer'])
  },
)

t.test('of many that are on their way into the queue none is overtaken', async (t) => {
  const { dispatch, ledger, clock, said, dueOf, isOver } = createStage(t, { settings: { maxRuns: 3 } })
  const older: string[] = []
  for (const key of ['1', '2', '3', '4', '5', '6']) {
    older.push(...(await ledger.recordDue(dueOf(key))))
    clock.jump(1_000)
  }
  dispatch.enqueue(older)
  await dispatch.record(dueOf('newer'))
  await until(isOver)
  t.same(
    said.filter((text) => text.startsWith('claims')),
    ['1', '2', '3', '4', '5', '6', 'newer'].map((key) => `claims ${key}`),
  )
})

t.test('what is due is handed to the ledger at once: nothing asked of it later comes before', async (t) => {
  const { dispatch, ledger, dueOf, isOver } = createStage(t)
  const recorded = dispatch.record(dueOf('one'))
  // As a reconcile that renames the job does.
  const found = await ledger.runs({ limit: 1 })
  t.same(
    found.map(({ id }) => id),
    await recorded,
  )
  await until(isOver)
})

t.test('of the runs of one due thing as many begin as there are lanes', async (t) => {
  const gates: (() => void)[] = []
  const stage = createStage(t, {
    settings: { maxRuns: 2 },
    job: { scope: 'call-center', callCenters: ['dallas', 'manila', 'cebu'] } as never,
    work: () => new Promise<void>((resolve) => gates.push(resolve)),
  })
  const ids = await stage.dispatch.record(stage.dueOf('one'))
  const states = await Promise.all(ids.map(async (id) => (await stage.ledger.run(id))?.state))
  t.same(states, ['running', 'running', 'queued'])
  for (let index = 0; index < 3; index += 1) {
    await until(() => gates.length > index)
    gates[index]?.()
  }
  await until(stage.isOver)
  t.same(stage.said.filter((text) => text.startsWith('claims')).length, 1)
})

t.test('a transaction that is done again begins the same runs, each once', async (t) => {
  const { dispatch, ledger, said, dueOf } = createStage(t, { settings: { maxRuns: 2 } })
  const [before = ''] = await ledger.recordDue(dueOf('before'))
  const results = await Promise.allSettled([
    dispatch.record(dueOf('one')),
    // In the same batch; it fails, so all of it is undone and done once more.
    Promise.resolve().then(() => ledger.beginStep({ runId: before, token: 9 }, 'a', 'condition', 'never')),
    dispatch.record(dueOf('two')),
  ])
  t.same(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  await until(async () => (await ledger.unfinishedRuns()).length === 1)
  t.same(said.toSorted(), ['works on one', 'works on two'])
  for (const { value } of results.filter((result) => 'value' in result) as { value: string[] }[])
    t.match(await ledger.run(value[0] as string), { state: 'succeeded', token: 1, steps: [{ attempts: 1 }] })
})

t.test('a run that could not be recorded gives its lane back', async (t) => {
  let fails = 1
  const full = new JobsdError('STORAGE_FAILED', { reason: 'SQLITE_FULL: made to fail' })
  const { dispatch, said, dueOf, isOver } = createStage(t, {
    ledger: (ledger) => ({
      async recordAndBegin(due, choose) {
        if (fails-- <= 0) return ledger.recordAndBegin(due, choose)
        await new Promise((resolve) => setImmediate(resolve))
        t.match(choose('lost'), { name: 'a' }, 'it had a lane')
        throw full
      },
    }),
  })
  await t.rejects(dispatch.record(dueOf('one')), { code: 'STORAGE_FAILED' })
  t.same(dispatch.size(), { waiting: 0, working: 0 })
  await dispatch.record(dueOf('two'))
  await until(isOver)
  t.same(said, ['works on two'])
})

t.test('a run of a group is begun by its turn in the group, never with its record', async (t) => {
  const { dispatch, said, dueOf, isOver } = createStage(t, {
    settings: { maxRuns: 4 },
    job: { concurrency: { group: 'nightly', limit: 1 } },
  })
  await Promise.all([dispatch.record(dueOf('one')), dispatch.record(dueOf('two'))])
  await until(isOver)
  t.same(said, ['claims one', 'works on one', 'claims two', 'works on two'])
})

t.test('a run whose connection has no room, or is left alone, is not begun with its record', async (t) => {
  let isDown = false
  const gates: (() => void)[] = []
  const stage = createStage(t, {
    settings: { maxRuns: 9, limits: { runsPerConnection: 1 } },
    step: { type: 'ftp-out-copy', connection: 'acme-sftp', retry: { maxAttempts: 1 } } as never,
    async work() {
      if (isDown) throw new JobsdError('ENDPOINT_UNREACHABLE', { connection: 'acme-sftp', reason: 'down' })
      await new Promise<void>((resolve) => gates.push(resolve))
    },
  })
  const { dispatch, ledger, dueOf, isOver } = stage
  await dispatch.record(dueOf('one'))
  const [second = ''] = await dispatch.record(dueOf('two'))
  t.match(await ledger.run(second), { state: 'queued', steps: [] }, 'no room')
  for (let index = 0; index < 2; index += 1) {
    await until(() => gates.length > index)
    gates[index]?.()
  }
  await until(isOver)
  isDown = true
  for (let count = 0; count < 5; count += 1) {
    await dispatch.record(dueOf(`down ${count}`))
    await until(isOver)
  }
  const [alone = ''] = await dispatch.record(dueOf('alone'))
  t.match(await ledger.run(alone), { state: 'queued', steps: [] }, 'left alone')
  await until(async () => (await ledger.run(alone))?.state === 'running')
  t.match(await ledger.run(alone), { steps: [{ attempts: 0 }] }, 'no attempt is counted')
})

t.test('a run that starts later than it is due is not begun with its record', async (t) => {
  const client = { ...createSnapshot().client, timezone: 'UTC' } as unknown as Client
  const daily = { name: 'daily', every: 'day at 12:00', spread: '10m' }
  const schedule = compileSchedule(daily, client, { calendars: new Map() }, 'acme/one')
  const { dispatch, clock, ledger, said, dueOf, isOver } = createStage(t, { schedules: [schedule] })
  const delayMs = schedule.delayMs ?? 0
  t.ok(delayMs > 1_000, 'its part of the spread')
  const by = { type: 'scheduled', schedule: 'daily', slot: '2026-11-22T12:00:00.000Z' }
  const [id = ''] = await dispatch.record(dueOf('12:00', by))
  t.match(await ledger.run(id), { state: 'queued', startedAt: null })
  await clock.asleep()
  await clock.advance(delayMs)
  await until(isOver)
  t.same(said, ['claims 12:00', 'works on 12:00'])
})

t.test('a run that is cancelled right after its record is told so, and its lane is free', async (t) => {
  const reasons: unknown[] = []
  const stage = createStage(t, {
    work: ({ signal }) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          reasons.push((signal.reason as JobsdError).code)
          reject(signal.reason)
        }),
      ),
  })
  const [id = ''] = await stage.dispatch.record(stage.dueOf('one'))
  await until(() => stage.said.length === 1)
  await stage.dispatch.cancel(id, { who: 'ana', why: 'a test' })
  t.same(reasons, ['RUN_LOST'])
  t.same(stage.dispatch.size(), { waiting: 0, working: 0 })
  t.match(await stage.ledger.run(id), { state: 'cancelled' })
})
