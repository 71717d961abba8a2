/** A step type of operators' own that sends, through the real runner, outbox and ledger. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import type { DeliveryRequest, StepContext } from '../../../engine/core/contracts/step.ts'
import type { Step, StepOf } from '../../../engine/core/model.ts'
import { createRunner } from '../../../engine/runtime/runner.ts'
import { createCustomStep } from '../../../engine/steps/custom.ts'
import { createTestArtifacts } from '../../fakes/artifacts.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryEndpoints } from '../../fakes/endpoints.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { createSnapshot } from '../../fakes/snapshot.ts'

const never = new AbortController().signal
const target = 'archive:house'
const stepTypes = {
  archive: { apiVersion: 'jobsd/v1', kind: 'StepType', name: 'archive', title: 'A' },
} as const

type Send = (sending: () => Promise<void>, signal: AbortSignal) => Promise<string>

/** A run whose one step sends by `send`, with ten seconds for each attempt. */
async function createStage(t: Test, send: Send, onDoubt?: DeliveryRequest['onDoubt'], maxAttempts = 2) {
  const folder = t.testdir({})
  const clock = createManualClock('2026-11-22T12:00:00Z')
  const ledger = openSqliteLedger(join(folder, 'ledger.db'))
  t.teardown(() => ledger.close())
  let sends = 0
  const run = async (_: unknown, { deliver, signal }: StepContext) => {
    await deliver({
      target,
      file: null,
      ...(onDoubt && { onDoubt }),
      send: ({ sending }) => {
        sends += 1
        return send(sending, signal)
      },
    })
    return { ok: true }
  }
  const step: StepOf<'custom'> = {
    ...{ name: 'archive', type: 'custom', uses: 'archive', timeout: '10s' },
    ...{ retry: { maxAttempts, delay: '30s' }, onSuccess: 'end', onFailure: 'fail' },
  }
  const base = createSnapshot()
  const snapshot = createSnapshot({ stepTypes, manifest: { ...base.manifest, steps: [step as Step] } })
  const now = clock.now().toISOString()
  await ledger.keepSnapshot(snapshot, now)
  const [id] = await ledger.recordDue({
    ...{ event: null, file: null, schedule: null, slot: now, callCenters: ['dallas'], group: null },
    ...{ job: snapshot.job, trigger: { type: 'manual' as const, key: 'k' }, revision: 'r', now },
    ...{ snapshot: snapshot.digest, firstStep: 'archive', dryRun: false },
  })
  const walk = createRunner({
    ...{ ledger, clock, log: createMemoryLog(), artifacts: createTestArtifacts(folder) },
    steps: [createCustomStep(new Map([['archive', { name: 'archive', run }]])) as never],
    endpoints: createMemoryEndpoints({}),
    snapshot: async () => snapshot,
    onProgress: () => undefined,
  })
  /** Lets time pass as long as somebody works. */
  async function walkOnce() {
    let isOver = false
    const walking = walk(id!, never).finally(() => {
      isOver = true
    })
    while (!isOver) await clock.advance(1_000)
    return walking
  }

  return {
    sends: () => sends,
    /** Walks the run to its end, through every wait, and returns its step. */
    async walk() {
      for (let waits = await walkOnce(); waits; waits = await walkOnce()) clock.jump(waits.forMs)
      return (await ledger.run(id!))!.steps[0]!
    },
  }
}

const waitForEnd = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

/** It takes no notice of the end of its attempt. */
const wilful: Send = async (sending) => {
  await sending()
  return new Promise(() => undefined)
}

t.test('its time over after it began to send, a delivery is in doubt and not sent again', async (t) => {
  const obedient: Send = async (sending, signal) => {
    await sending()
    return waitForEnd(signal)
  }
  for (const [name, send] of Object.entries({ obedient, wilful })) {
    await t.test(`code that is ${name}`, async (t) => {
      const { walk, sends } = await createStage(t, send)
      t.match(await walk(), {
        outcome: 'failed',
        attempts: 2,
        error: { code: 'DELIVERY_IN_DOUBT', message: /^archive:house may have been given it/ },
        deliveries: [{ target, state: 'in-doubt' }],
      })
      t.equal(sends(), 1)
    })
  }
})

t.test('it is sent again where the code says that it may be', async (t) => {
  let attempts = 0
  const { walk, sends } = await createStage(
    t,
    async (sending, signal) => {
      await sending()
      attempts += 1
      return attempts === 1 ? waitForEnd(signal) : 'taken'
    },
    'resend',
  )
  t.match(await walk(), {
    outcome: 'succeeded',
    attempts: 2,
    deliveries: [{ state: 'confirmed', note: 'taken' }],
  })
  t.equal(sends(), 2)
})

t.test('before it began to send there is no doubt, and it is sent again', async (t) => {
  const { walk, sends } = await createStage(t, (_, signal) => waitForEnd(signal))
  t.match(await walk(), {
    outcome: 'failed',
    attempts: 2,
    error: { code: 'STEP_TIMEOUT' },
    deliveries: [{ state: 'failed' }],
  })
  t.equal(sends(), 2)
})

t.test(
  'with a single attempt the step fails by its time, and its delivery is in doubt all the same',
  async (t) => {
    const { walk } = await createStage(t, wilful, undefined, 1)
    t.match(await walk(), {
      attempts: 1,
      error: { code: 'STEP_TIMEOUT' },
      deliveries: [{ state: 'in-doubt' }],
    })
  },
)
