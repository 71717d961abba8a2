import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import { createLocalQueue } from '../../../engine/adapters/local-queue.ts'
import type { Ledger } from '../../../engine/core/contracts/ledger.ts'
import type { StepContext, StepResult, StepType } from '../../../engine/core/contracts/step.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { CompiledJob, Step } from '../../../engine/core/model.ts'
import { createDispatch } from '../../../engine/runtime/dispatch.ts'
import { toDueRecord } from '../../../engine/runtime/due.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { createSnapshot } from '../../fakes/snapshot.ts'

type Play = (context: StepContext) => Promise<StepResult>

const ok: Play = async () => ({ ok: true, note: '' })
const unreachable = new JobsdError('ENDPOINT_UNREACHABLE', { connection: 'acme-sftp', reason: 'down' })

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

/** A dispatch at work. Steps named a, b, c ... in a row do what the test says; those in `sftp` use acme-sftp. */
function createStage(
  t: Test,
  plays: Record<string, Play>,
  options: {
    sftp?: string[]
    steps?: Record<string, Partial<Step>>
    job?: Partial<CompiledJob>
    settings?: object
    ledger?: (ledger: Ledger) => Partial<Ledger>
  } = {},
) {
  const clock = createManualClock('2026-11-22T12:00:00Z')
  const log = createMemoryLog()
  const opened = openSqliteLedger(join(t.testdir({}), 'ledger.db'))
  const ledger = { ...opened, ...options.ledger?.(opened) }
  const names = Object.keys(plays)
  const steps = names.map((name, index) => ({
    name,
    type: options.sftp?.includes(name) ? 'ftp-out-copy' : 'condition',
    ...(options.sftp?.includes(name) && { connection: 'acme-sftp' }),
    onSuccess: names[index + 1] ?? 'end',
    onFailure: 'fail',
    ...options.steps?.[name],
  })) as Step[]
  const base = createSnapshot()
  const snapshot = createSnapshot({
    manifest: { ...base.manifest, scope: 'client', callCenters: [], steps, ...options.job },
  })
  const queue = createLocalQueue(clock)
  const stopping = new AbortController()
  const run = (step: Step, context: StepContext) => (plays[step.name] as Play)(context)
  const types = ['condition', 'ftp-out-copy'].map((type) => ({ type, title: type, run }))
  const dispatch = createDispatch({
    ledger,
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
  dispatch.start((options.settings ?? null) as never)
  let count = 0
  const by = { who: 'ana', why: 'a test' }
  async function record(): Promise<string> {
    const now = clock.now().toISOString()
    const due = { type: 'manual' as const, key: String(++count), slot: now, schedule: null }
    const rest = { event: null, file: null, callCenter: null }
    const [id = ''] = await opened.recordDue(toDueRecord(snapshot, 'r1', { ...due, ...rest }, now))
    return id
  }
  return {
    clock,
    log,
    ledger: opened,
    queue,
    dispatch,
    by,
    record,
    /** Records a run and queues it. */
    async begin(): Promise<string> {
      const id = await record()
      dispatch.enqueue([id])
      return id
    },
    async stateOf(id: string): Promise<string | undefined> {
      return (await opened.run(id))?.state
    },
  }
}

/** A step that goes on until its signal aborts; `reasons` are what it was told. */
function createEndless(reasons: unknown[] = []): Play {
  return ({ signal }) =>
    new Promise((_, reject) =>
      signal.addEventListener('abort', () => {
        reasons.push((signal.reason as JobsdError).code)
        reject(signal.reason)
      }),
    )
}

t.test('a cancelled run is told to stop, and its room is free at once', async (t) => {
  const reasons: unknown[] = []
  let endless = true
  const endlessly = createEndless(reasons)
  const stage = createStage(
    t,
    { a: (context) => (endless ? endlessly(context) : ok(context)) },
    { settings: { maxRuns: 1 } },
  )
  const { dispatch, ledger, by, stateOf } = stage
  const first = await stage.begin()
  await until(() => stage.queue.size().working === 1)
  await until(async () => (await stateOf(first)) === 'running')
  endless = false
  const second = await stage.begin()
  await dispatch.cancel(first, by)
  t.same(reasons, ['RUN_LOST'])
  await until(async () => (await stateOf(second)) === 'succeeded')
  t.match(await ledger.run(first), {
    state: 'cancelled',
    note: 'cancelled by ana: a test',
    steps: [{ outcome: 'failed', note: 'cancelled by ana: a test' }],
  })
  t.same(await ledger.pendingAlerts(), [], 'somebody wanted it: no alert')
  await t.rejects(dispatch.cancel(first, by), {
    code: 'BAD_REQUEST',
    message: /has ended already: cancelled/,
  })
  await t.rejects(dispatch.cancel('none', by), { code: 'RUN_UNKNOWN' })
  await t.rejects(dispatch.cancel(second, { who: 'ana', why: '' }), { code: 'BAD_REQUEST' })
})

t.test('what waits for its turn or its next attempt can be cancelled too', async (t) => {
  let calls = 0
  const stage = createStage(t, {
    a: async () => {
      calls += 1
      throw unreachable
    },
  })
  const id = await stage.begin()
  await until(() => stage.log.lines.some((line) => line.startsWith('warn:')))
  await stage.dispatch.cancel(id, stage.by)
  await stage.clock.advance(60_000)
  t.equal(calls, 1)
  t.equal(await stage.stateOf(id), 'cancelled')
})

t.test('a run that replaces another one of its group aborts whoever works on that', async (t) => {
  const reasons: unknown[] = []
  let endless = true
  const endlessly = createEndless(reasons)
  const stage = createStage(
    t,
    { a: (context) => (endless ? endlessly(context) : ok(context)) },
    { job: { concurrency: { onConflict: 'replace' } } },
  )
  const first = await stage.begin()
  await until(async () => (await stage.stateOf(first)) === 'running')
  await until(() => stage.queue.size().working === 1)
  endless = false
  const second = await stage.begin()
  await until(async () => (await stage.stateOf(second)) === 'succeeded')
  t.same(reasons, ['RUN_LOST'])
  t.match(await stage.ledger.run(first), { state: 'cancelled', note: `replaced by run ${second}` })
})

t.test(
  'a run that outlives its timeout fails where it is, waits included, whatever its onFailure says',
  async (t) => {
    let calls = 0
    const stage = createStage(
      t,
      {
        a: async () => {
          calls += 1
          throw unreachable
        },
        b: async () => t.fail('there is no time for another step') as never,
      },
      {
        job: { timeout: '1h' },
        steps: { a: { onFailure: 'b', retry: { maxAttempts: 9, delay: '25m', backoffFactor: 1 } } as never },
      },
    )
    const id = await stage.begin()
    await until(() => stage.log.lines.some((line) => line.startsWith('warn:')))
    for (let minute = 0; minute < 59; minute += 1) await stage.clock.advance(60_000)
    t.equal(await stage.stateOf(id), 'running')
    await stage.clock.advance(60_000)
    await until(async () => (await stage.stateOf(id)) === 'failed')
    t.equal(calls, 3)
    t.equal((await stage.ledger.run(id))?.steps.length, 1)
    t.match(await stage.ledger.run(id), {
      steps: [
        { attempts: 3, outcome: 'failed', error: { code: 'RUN_TIMEOUT', message: /did not end within 1h/ } },
      ],
    })
    t.match(await stage.ledger.pendingAlerts(), [{ about: { step: { error: { code: 'RUN_TIMEOUT' } } } }])
  },
)

t.test("a step at work when its run's time is over is told so", async (t) => {
  const reasons: unknown[] = []
  const stage = createStage(t, { a: createEndless(reasons) }, { job: { timeout: '5m' } })
  const id = await stage.begin()
  await until(async () => (await stage.stateOf(id)) === 'running')
  await stage.clock.asleep(2)
  await stage.clock.advance(300_000)
  await until(async () => (await stage.stateOf(id)) === 'failed')
  t.same(reasons, ['RUN_TIMEOUT'])
})

t.test('a worker that goes nowhere is given up, told of once, and may write nothing more', async (t) => {
  let hangs = 2
  const late: (() => Promise<boolean>)[] = []
  const stage = createStage(
    t,
    { a: ok },
    {
      steps: { a: { timeout: '10m' } },
      settings: { maxRuns: 1 },
      ledger: (ledger) => ({
        endStep(guard, end) {
          if (hangs-- <= 0) return ledger.endStep(guard, end)
          late.push(() => ledger.endStep(guard, end))
          return new Promise(() => undefined)
        },
      }),
    },
  )
  const id = await stage.begin()
  for (const round of [1, 2]) {
    await until(() => late.length === round)
    await stage.clock.advance(600_000)
    t.equal(late.length, round, 'its step may take ten minutes')
    await stage.clock.advance(90_000)
  }
  await until(async () => (await stage.stateOf(id)) === 'succeeded')
  t.match(await stage.ledger.run(id), { token: 3, steps: [{ attempts: 3 }] })
  for (const write of late) await t.rejects(write(), { code: 'RUN_LOST' })
  t.equal(stage.log.lines.filter((line) => line.includes('no progress')).length, 2)
  t.match(await stage.ledger.pendingAlerts(), [{ about: { notice: { title: `run ${id} was stuck` } } }])
  t.equal((await stage.ledger.pendingAlerts()).length, 1)
  t.same(stage.queue.size(), { waiting: 0, working: 0 })
})

t.test('a step that ignores its signal may write nothing once its attempt is over', async (t) => {
  const sent: string[] = []
  const refused: unknown[] = []
  let wake: () => void = () => undefined
  let calls = 0
  const stubborn: Play = async ({ deliver }) => {
    calls += 1
    if (calls > 1) return { ok: true, note: '' }
    await new Promise<void>((resolve) => {
      wake = resolve
    })
    const send = async () => String(sent.push('sent'))
    await deliver({ target: 'sftp:acme-sftp:/a', file: null, send }).catch((error) =>
      refused.push(error.code),
    )
    return { ok: true, note: '' }
  }
  const stage = createStage(t, { a: stubborn, b: createEndless() }, { steps: { a: { timeout: '1m' } } })
  const id = await stage.begin()
  await until(() => calls === 1)
  await stage.clock.asleep(2)
  await stage.clock.advance(65_000)
  await until(() => stage.log.lines.some((line) => line.startsWith('warn:')))
  t.match(await stage.ledger.run(id), { token: 1 }, 'nobody else has taken the run yet')
  wake()
  await until(() => refused.length === 1)
  t.same(refused, ['RUN_LOST'])
  t.same(sent, [])
  t.match(await stage.ledger.run(id), { steps: [{ deliveries: [] }] })
})

t.test('a connection that keeps failing is left alone, and all go on when one got through', async (t) => {
  let isDown = true
  let calls = 0
  const stage = createStage(
    t,
    {
      a: async () => {
        calls += 1
        if (isDown) throw unreachable
        return { ok: true, note: '' }
      },
    },
    { sftp: ['a'], settings: { maxRuns: 1 }, steps: { a: { retry: { maxAttempts: 2, delay: '1m' } } } },
  )
  const ids = []
  for (let count = 0; count < 8; count += 1) ids.push(await stage.begin())
  await until(() => stage.log.lines.filter((line) => line.startsWith('warn:')).length === 8)
  t.equal(calls, 5)
  t.match(await stage.ledger.run(ids[7] as string), {
    state: 'running',
    steps: [
      {
        attempts: 0,
        error: { code: 'ENDPOINT_UNREACHABLE', message: /^waits for acme-sftp, which failed 5 times/ },
      },
    ],
  })
  await stage.clock.advance(29_000)
  t.equal(calls, 5)
  await stage.clock.advance(1_000)
  await until(() => calls === 6)
  t.equal(calls, 6, 'one tries')
  isDown = false
  await until(async () => {
    await stage.clock.advance(1_000)
    return (await stage.ledger.unfinishedRuns()).length === 0
  })
  for (const id of ids) t.equal(await stage.stateOf(id), 'succeeded')
})

t.test('a run gives its place to others while the next step waits for room at its connection', async (t) => {
  const begun: string[] = []
  const gates = new Map<string, () => void>()
  const hold: Play = ({ run }) =>
    new Promise((resolve) => {
      begun.push(run.id)
      gates.set(run.id, () => resolve({ ok: true, note: '' }))
    })
  const stage = createStage(
    t,
    { a: ok, b: hold },
    { sftp: ['b'], settings: { maxRuns: 2, limits: { runsPerConnection: 1 } } },
  )
  const ids = [await stage.begin(), await stage.begin(), await stage.begin()]
  await until(() => begun.length === 1 && stage.queue.size().waiting === 2)
  t.same(stage.queue.size(), { waiting: 2, working: 1 })
  for (let index = 0; index < 3; index += 1) {
    await until(() => begun.length === index + 1)
    gates.get(begun[index] as string)?.()
  }
  await until(async () => (await stage.ledger.unfinishedRuns()).length === 0)
  t.same(begun.toSorted(), ids.toSorted())
  for (const id of ids) t.match(await stage.ledger.run(id), { steps: [{ attempts: 1 }, { attempts: 1 }] })
})

t.test('other settings hold at once', async (t) => {
  const stage = createStage(t, { a: createEndless() }, { settings: { maxRuns: 1 } })
  for (let count = 0; count < 3; count += 1) await stage.begin()
  await until(() => stage.queue.size().waiting === 2)
  t.same(stage.dispatch.size(), { waiting: 2, working: 1 })
  stage.dispatch.limit({ maxRuns: 2 } as never)
  t.same(stage.dispatch.size(), { waiting: 1, working: 2 })
})

t.test('a run that is queued just as others have been read is read too', async (t) => {
  const { ledger, dispatch, record, stateOf } = createStage(t, { a: ok }, { settings: { maxRuns: 9 } })
  for (let microtasks = 0; microtasks < 20; microtasks += 1) {
    const [first, second] = [await record(), await record()]
    dispatch.enqueue([first])
    // Answered together with what is read of the first one.
    await ledger.waitingRuns()
    for (let count = 0; count < microtasks; count += 1) await undefined
    dispatch.enqueue([second])
    for (let turns = 0; turns < 10; turns += 1) await ledger.waitingRuns()
    const states = [await stateOf(first), await stateOf(second)]
    t.same(states, ['succeeded', 'succeeded'], `after ${microtasks} microtasks`)
    t.same(dispatch.size(), { waiting: 0, working: 0 })
  }
})
