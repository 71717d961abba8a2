import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import type { StepContext, StepResult, StepType } from '../../../engine/core/contracts/step.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { Step } from '../../../engine/core/model.ts'
import { createRunner } from '../../../engine/runtime/runner.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { createSnapshot } from '../../fakes/snapshot.ts'

type Play = (context: StepContext) => Promise<StepResult>

/** Steps named a, b, c ... in a row that do what the test says; `edges` changes where they lead. */
function createStage(t: Test, plays: Record<string, Play>, edges: Record<string, Partial<Step>> = {}) {
  const clock = createManualClock('2026-11-22T12:00:00Z')
  const ledger = openSqliteLedger(join(t.testdir({}), 'ledger.db'))
  t.teardown(() => ledger.close())
  const names = Object.keys(plays)
  const steps = names.map((name, index) => ({
    name,
    type: 'condition' as const,
    when: { value: 'run.client', equals: 'acme' },
    onSuccess: names[index + 1] ?? 'end',
    onFailure: 'fail',
    ...edges[name],
  })) as Step[]
  const base = createSnapshot()
  const snapshot = createSnapshot({ manifest: { ...base.manifest, steps } })
  const log = createMemoryLog()
  const type = {
    type: 'condition',
    title: 'Condition',
    run: (step: Step, context: StepContext) => (plays[step.name] as Play)(context),
  } as unknown as StepType
  const createTheRunner = () =>
    createRunner({
      ledger,
      steps: [type],
      endpoints: {} as never,
      artifacts: {} as never,
      clock,
      log,
      snapshot: async () => snapshot,
      onProgress: () => undefined,
    })
  return {
    clock,
    ledger,
    log,
    async queueRun(dryRun = false): Promise<string> {
      const now = clock.now().toISOString()
      const due = {
        event: null,
        file: null,
        schedule: null,
        slot: now,
        callCenters: [null],
        revision: 'r',
        firstStep: names[0] as string,
      }
      const [id] = await ledger.recordDue({
        ...due,
        job: snapshot.job,
        trigger: { type: 'manual', key: 'k' },
        snapshot: snapshot.digest,
        dryRun,
        group: null,
        now,
      })
      return id as string
    },
    /** Lets time pass once the walk waits for its nth further attempt. */
    async passWait(nth: number, ms: number): Promise<void> {
      await until(() => log.lines.filter((line) => line.startsWith('warn:')).length >= nth)
      await clock.advance(ms)
    },
    /** Walks it to its end as a fresh engine would, coming back to it after each wait. */
    async walk(runId: string, signal = new AbortController().signal): Promise<void> {
      const runner = createTheRunner()
      for (let waits = await runner(runId, signal); waits; waits = await runner(runId, signal)) {
        await clock.sleep(waits.forMs, signal)
      }
    },
  }
}

/** Resolves once it holds, letting everything else run on meanwhile. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

const ok: Play = async () => ({ ok: true, note: 'done' })

/** A step that delivers once to `target`; `sends` counts how often something really left. */
function createDelivery(
  sends: string[],
  options: {
    target?: string
    look?: () => Promise<boolean>
    fail?: () => Promise<void>
    onDoubt?: 'hold' | 'resend'
  } = {},
): Play {
  return async ({ deliver }) => {
    await deliver({
      target: options.target ?? 'sftp:acme-sftp:/out/a.csv',
      file: null,
      ...(options.look && { look: options.look }),
      ...(options.onDoubt && { onDoubt: options.onDoubt }),
      async send({ id, sending }) {
        await sending()
        sends.push(id)
        await options.fail?.()
        return 'taken'
      },
    })
    return { ok: true, note: '' }
  }
}

t.test('steps follow their edges, and each transition is in the ledger', async (t) => {
  const stage = createStage(
    t,
    { a: async () => ({ ok: false, note: 'no' }), b: async () => t.fail('b is passed over') as never, c: ok },
    { a: { onFailure: 'c' } as Partial<Step> },
  )
  const id = await stage.queueRun()
  await stage.walk(id)
  const run = await stage.ledger.run(id)
  t.match(run, { state: 'succeeded', position: null })
  t.match(run?.steps, [
    { name: 'a', outcome: 'not-ok', next: 'c', note: 'no' },
    { name: 'c', outcome: 'succeeded', next: 'end' },
  ])
  t.same(await stage.ledger.pendingAlerts(), [], 'false is no failure')
})

t.test(
  'a step that waits is asked again by a fresh engine, with its first start and no attempt counted',
  async (t) => {
    const starts: string[] = []
    const waiting: Play = async ({ startedAt }) => {
      starts.push(startedAt)
      if (starts.length === 2)
        throw new JobsdError('TARGET_BUSY', { connection: 'acme-sftp', reason: 'later' })
      const isThere = starts.length > 5
      return { ok: isThere, note: 'looked', ...(isThere ? {} : { again: { afterMs: 60_000 } }) }
    }
    const stage = createStage(t, { a: waiting }, { a: { retry: { maxAttempts: 2, delay: '10s' } } })
    const id = await stage.queueRun()
    const walking = stage.walk(id)
    for (let look = 1; look <= 5; look++) {
      await until(() => starts.length === look)
      t.match(await stage.ledger.run(id), { state: 'running', position: 'a' })
      await stage.clock.asleep()
      await stage.clock.advance(60_000)
    }
    await walking
    t.equal(new Set(starts).size, 1, 'every look knows when the step first began')
    t.match(await stage.ledger.run(id), {
      state: 'succeeded',
      steps: [{ name: 'a', attempts: 1, note: 'looked' }],
    })
  },
)

t.test('a skip ends the run as skipped, without alert', async (t) => {
  const stage = createStage(t, {
    a: async () => ({ ok: true, skip: true, note: 'no rows' }),
    b: async () => t.fail('not reached') as never,
  })
  const id = await stage.queueRun()
  await stage.walk(id)
  t.match(await stage.ledger.run(id), { state: 'skipped', steps: [{ outcome: 'skipped', note: 'no rows' }] })
  t.same(await stage.ledger.pendingAlerts(), [])
})

t.test('a passing error is tried again after its wait, and attempts are counted', async (t) => {
  let calls = 0
  const busy: Play = async () => {
    calls += 1
    if (calls < 3) throw new JobsdError('TARGET_BUSY', { connection: 'acme-sftp', reason: 'later' })
    return { ok: true, note: '' }
  }
  const stage = createStage(
    t,
    { a: busy },
    { a: { retry: { maxAttempts: 3, delay: '10s', backoffFactor: 2 } } },
  )
  const id = await stage.queueRun()
  const walking = stage.walk(id)
  await stage.passWait(1, 7_000)
  t.equal(calls, 1, 'the first wait is 8 to 10 s')
  await stage.passWait(1, 3_000)
  await stage.passWait(2, 15_000)
  t.equal(calls, 2, 'the second wait is twice as long')
  await stage.passWait(2, 5_000)
  await walking
  t.match(await stage.ledger.run(id), { state: 'succeeded', steps: [{ attempts: 3 }] })
})

t.test(
  'an error that does not pass is not tried again: the run fails and the operators are told',
  async (t) => {
    let calls = 0
    const refused: Play = async () => {
      calls += 1
      throw new JobsdError('AUTH_REFUSED', { connection: 'acme-sftp' })
    }
    const stage = createStage(t, { a: refused })
    const id = await stage.queueRun()
    await stage.walk(id)
    t.equal(calls, 1)
    t.match(await stage.ledger.run(id), {
      state: 'failed',
      steps: [{ outcome: 'failed', error: { code: 'AUTH_REFUSED' } }],
    })
    t.match(await stage.ledger.pendingAlerts(), [
      {
        runId: id,
        about: {
          step: {
            job: { id: 'acme/eod-call-detail' },
            step: { name: 'a', attempts: 1 },
            error: { code: 'AUTH_REFUSED', message: 'acme-sftp refused the credentials', hint: /secret/ },
            next: 'The run has failed.',
          },
        },
      },
    ])
  },
)

t.test('a failure that onFailure recovers still tells the operators', async (t) => {
  const broken: Play = async () => {
    throw new JobsdError('FILE_EXISTS', { path: '/x' })
  }
  const stage = createStage(t, { a: broken, b: ok }, { a: { onFailure: 'b' } as Partial<Step> })
  const id = await stage.queueRun()
  await stage.walk(id)
  t.match(await stage.ledger.run(id), { state: 'succeeded' })
  t.match(await stage.ledger.pendingAlerts(), [{ about: { step: { next: 'The run goes on at step b.' } } }])
})

t.test(
  'what is not an error of the table is a bug: never tried again, its text kept out of the ledger',
  async (t) => {
    const stage = createStage(t, { a: () => Promise.reject(new TypeError('password=hunter2')) })
    const id = await stage.queueRun()
    await stage.walk(id)
    t.match(await stage.ledger.run(id), { state: 'failed', steps: [{ attempts: 1, error: { code: 'BUG' } }] })
    t.notMatch(JSON.stringify(await stage.ledger.run(id)), /hunter2/)
    t.match(
      stage.log.fields.find((fields) => 'stack' in fields),
      { stack: /hunter2/ },
    )
  },
)

t.test('a step that outlives its timeout is told to stop, and tried again as STEP_TIMEOUT', async (t) => {
  const aborted: unknown[] = []
  let begun = false
  const stuck: Play = ({ signal }) =>
    new Promise((_, reject) => {
      begun = true
      signal.addEventListener('abort', () => {
        aborted.push((signal.reason as JobsdError).code)
        reject(new Error('whatever a library says'))
      })
    })
  const stage = createStage(t, { a: stuck }, { a: { timeout: '1m', retry: { maxAttempts: 1 } } })
  const id = await stage.queueRun()
  const walking = stage.walk(id)
  await until(() => begun)
  await stage.clock.advance(60_000)
  await walking
  t.same(aborted, ['STEP_TIMEOUT'])
  t.match(await stage.ledger.run(id), { state: 'failed', steps: [{ error: { code: 'STEP_TIMEOUT' } }] })
})

t.test(
  'after a stop in the middle, the walk goes on at the step that had not ended and sends nothing twice',
  async (t) => {
    const sends: string[] = []
    const done: string[] = []
    const stop = new AbortController()
    const stage = createStage(t, {
      a: async () => {
        done.push('a')
        return { ok: true, note: '' }
      },
      b: async (context) => {
        await createDelivery(sends)(context)
        // The delivery is confirmed, the step's end is not recorded: the engine is gone.
        if (!stop.signal.aborted) {
          stop.abort(new Error('gone'))
          throw new Error('gone')
        }
        return { ok: true, note: '' }
      },
    })
    const id = await stage.queueRun()
    await t.rejects(stage.walk(id, stop.signal), /gone/)
    t.match(await stage.ledger.run(id), { state: 'running', position: 'b' })
    await stage.walk(id)
    t.match(await stage.ledger.run(id), { state: 'succeeded' })
    t.same(done, ['a'], 'a was not repeated')
    t.equal(sends.length, 1, 'the confirmed delivery was not sent again')
  },
)

t.test('a delivery that may have been sent is looked for before it is sent again', async (t) => {
  for (const isThere of [true, false]) {
    const sends: string[] = []
    let first = true
    const cut = async (): Promise<void> => {
      if (!first) return
      first = false
      throw new JobsdError('ENDPOINT_UNREACHABLE', { connection: 'acme-sftp', reason: 'cut' })
    }
    const stage = createStage(
      t,
      { a: createDelivery(sends, { look: async () => isThere, fail: cut }) },
      { a: { retry: { maxAttempts: 2, delay: '1s' } } },
    )
    const id = await stage.queueRun()
    const walking = stage.walk(id)
    await stage.passWait(1, 1_000)
    await walking
    t.equal(
      sends.length,
      isThere ? 1 : 2,
      isThere ? 'it is there: not sent again' : 'it is not there: sent again',
    )
    t.match(await stage.ledger.run(id), {
      state: 'succeeded',
      steps: [{ deliveries: [{ state: 'confirmed' }] }],
    })
  }
})

t.test('a mail in doubt is held for a person, or sent again where the step says so', async (t) => {
  for (const onDoubt of ['hold', 'resend'] as const) {
    const sends: string[] = []
    const stop = new AbortController()
    const die = async (): Promise<void> => {
      if (stop.signal.aborted) return
      stop.abort(new Error('gone'))
      await new Promise(() => undefined) // A killed engine records nothing more.
    }
    const stage = createStage(t, {
      a: createDelivery(sends, { target: 'mail:mail:daily@acme.example', fail: die, onDoubt }),
    })
    const id = await stage.queueRun()
    const walking = t.rejects(stage.walk(id, stop.signal), /gone/)
    await until(() => stop.signal.aborted)
    await stage.clock.advance(11_000)
    await walking
    await stage.walk(id)
    const run = await stage.ledger.run(id)
    if (onDoubt === 'hold') {
      t.equal(sends.length, 1)
      t.match(run, {
        state: 'failed',
        steps: [{ error: { code: 'MAIL_IN_DOUBT' }, deliveries: [{ state: 'in-doubt' }] }],
      })
    } else {
      t.equal(sends.length, 2)
      t.match(run, { state: 'succeeded', steps: [{ deliveries: [{ state: 'confirmed' }] }] })
    }
  }
})

t.test('a dry run sends nothing and leaves no delivery', async (t) => {
  const sends: string[] = []
  const stage = createStage(t, { a: createDelivery(sends) })
  const id = await stage.queueRun(true)
  await stage.walk(id)
  t.same(sends, [])
  t.match(await stage.ledger.run(id), { state: 'succeeded', dryRun: true, steps: [{ deliveries: [] }] })
})

t.test('a run that another worker took is left alone', async (t) => {
  const stage = createStage(t, {
    a: async ({ run }) => {
      await stage.ledger.claimRun(run.id, stage.clock.now().toISOString())
      return { ok: true, note: '' }
    },
  })
  const id = await stage.queueRun()
  await t.rejects(stage.walk(id), { code: 'RUN_LOST' })
  t.match(await stage.ledger.run(id), { state: 'running', steps: [{ outcome: 'running' }] })
})
