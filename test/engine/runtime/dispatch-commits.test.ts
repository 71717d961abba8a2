/** How runs share transactions: what one waits for is recorded with what another one begins. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import { createLocalQueue } from '../../../engine/adapters/local-queue.ts'
import type { Ledger } from '../../../engine/core/contracts/ledger.ts'
import type { StepType } from '../../../engine/core/contracts/step.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { CompiledJob, Step } from '../../../engine/core/model.ts'
import { createDispatch } from '../../../engine/runtime/dispatch.ts'
import { toDueRecord } from '../../../engine/runtime/due.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { createSnapshot } from '../../fakes/snapshot.ts'

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

/** One lane, and runs of one step; `said` is what happens to them, by number. */
function createStage(t: Test, job: Partial<CompiledJob> = {}, failEnd?: () => Error | undefined) {
  const clock = createManualClock('2026-11-22T12:00:00Z')
  const opened = openSqliteLedger(join(t.testdir({}), 'ledger.db'))
  const said: string[] = []
  const ids: string[] = []
  const name = (id: string) => ids.indexOf(id)
  const ledger: Ledger = {
    ...opened,
    async claimRun(id, ...rest) {
      said.push(`asks to begin ${name(id)}`)
      return opened.claimRun(id, ...rest)
    },
    async endStep(guard, end) {
      said.push(`asks to end ${name(guard.runId)}`)
      const error = failEnd?.()
      if (error) throw error
      const isTold = await opened.endStep(guard, end)
      said.push(`has ended ${name(guard.runId)}`)
      return isTold
    },
  }
  const steps = [{ name: 'a', type: 'condition', onSuccess: 'end', onFailure: 'fail' }] as Step[]
  const base = createSnapshot()
  const snapshot = createSnapshot({
    manifest: { ...base.manifest, scope: 'client', callCenters: [], steps, ...job },
  })
  const type = {
    type: 'condition',
    title: 'condition',
    async run(_: Step, { run }: { run: { id: string } }) {
      said.push(`works on ${name(run.id)}`)
      return { ok: true, note: '' }
    },
  }
  const stopping = new AbortController()
  const dispatch = createDispatch({
    ledger,
    queue: createLocalQueue(clock),
    steps: [type as unknown as StepType],
    endpoints: {} as never,
    artifacts: {} as never,
    clock,
    log: createMemoryLog(),
    snapshot: async () => snapshot,
    onAlert: () => undefined,
    stopping: stopping.signal,
  })
  t.teardown(async () => {
    stopping.abort(new Error('the test is over'))
    await opened.close()
  })
  return {
    clock,
    said,
    async begin(count: number): Promise<void> {
      for (let key = 0; key < count; key += 1) {
        clock.jump(1_000)
        const now = clock.now().toISOString()
        const by = { type: 'manual' as const, key: String(key), slot: now, schedule: null }
        const due = toDueRecord(snapshot, 'r1', { ...by, event: null, file: null, callCenter: null }, now)
        ids.push(...(await opened.recordDue(due)))
      }
      await dispatch.enqueueAll()
      dispatch.start({ maxRuns: 1 } as never)
    },
    async states(): Promise<string[]> {
      return Promise.all(ids.map(async (id) => (await opened.run(id))?.state ?? ''))
    },
  }
}

t.test('the next run is begun with the end of the one before, and worked on after that', async (t) => {
  const { said, begin, states } = createStage(t)
  await begin(2)
  await until(async () => (await states()).every((state) => state === 'succeeded'))
  t.same(said, [
    'asks to begin 0',
    'works on 0',
    'asks to end 0',
    'asks to begin 1',
    'has ended 0',
    'works on 1',
    'asks to end 1',
    'has ended 1',
  ])
})

t.test('in its group a run keeps its place until its end is recorded', async (t) => {
  const { said, begin, states } = createStage(t, { concurrency: { group: 'nightly', limit: 1 } })
  await begin(2)
  await until(async () => (await states()).every((state) => state === 'succeeded'))
  t.same(said.slice(2, 5), ['asks to end 0', 'has ended 0', 'asks to begin 1'])
})

t.test('a run whose end could not be recorded goes on later, and holds up nobody', async (t) => {
  let fails = 1
  const full = () =>
    fails-- > 0 ? new JobsdError('STORAGE_FAILED', { reason: 'SQLITE_FULL: made to fail' }) : undefined
  const { clock, said, begin, states } = createStage(t, {}, full)
  await begin(2)
  await until(async () => (await states())[1] === 'succeeded')
  t.equal((await states())[0], 'running')
  await clock.asleep()
  await clock.advance(1_000)
  await until(async () => (await states())[0] === 'succeeded')
  t.same(
    said.filter((text) => text.startsWith('has ended')),
    ['has ended 1', 'has ended 0'],
  )
})
