import { join } from 'node:path'
import { pino } from 'pino'
import { openSqliteLedger } from '../../engine/adapters/ledger/sqlite.ts'
import { createLocalQueue } from '../../engine/adapters/local-queue.ts'
import { systemClock } from '../../engine/adapters/system-clock.ts'
import type { StepType } from '../../engine/core/contracts/step.ts'
import type { Snapshot, Step } from '../../engine/core/model.ts'
import { createDispatch } from '../../engine/runtime/dispatch.ts'
import { toDueRecord } from '../../engine/runtime/due.ts'
import { createSnapshot } from '../../test/fakes/snapshot.ts'
import { type Contender, createWatch, inLanes, lanes } from './runs-contender.ts'

function createNoOpSnapshot(): Snapshot {
  const base = createSnapshot()
  const noOp = { name: 'no-op', type: 'condition', when: { value: 'run.client', equals: 'acme' } } as const
  const steps = [{ ...noOp, onSuccess: 'end', onFailure: 'fail' }] as Step[]
  return { ...base, manifest: { ...base.manifest, scope: 'client', callCenters: [], steps } }
}

/**
 * The real ledger, queue and runner, with a step that does nothing. `level` is that of its log, which goes to /dev/null
 * as it goes to stderr: one write a line.
 */
export function createJobsd(folder: string, level: string): Contender {
  const ledger = openSqliteLedger(join(folder, 'ledger.db'))
  const stopping = new AbortController()
  const snapshot = createNoOpSnapshot()
  const queue = createLocalQueue(systemClock)
  const watch = createWatch()
  const noOp = {
    type: 'condition',
    title: 'No-op',
    async run() {
      watch.onBegin()
      return { ok: true, note: '' }
    },
  }
  const dispatch = createDispatch({
    ledger: {
      ...ledger,
      async endStep(guard, end) {
        const isTold = await ledger.endStep(guard, end)
        watch.onEnd()
        return isTold
      },
    },
    queue,
    steps: [noOp as unknown as StepType],
    endpoints: {} as never,
    artifacts: {} as never,
    clock: systemClock,
    log: pino({ level }, pino.destination({ dest: '/dev/null', sync: true })),
    snapshot: async () => snapshot,
    onAlert: () => undefined,
    stopping: stopping.signal,
  })
  dispatch.start({ maxRuns: lanes } as never)
  let made = 0
  const hand = async (): Promise<void> => {
    const now = new Date().toISOString()
    const by = { type: 'manual' as const, key: String(++made), slot: now, schedule: null }
    const due = toDueRecord(snapshot, 'r1', { ...by, event: null, file: null, callCenter: null }, now)
    await dispatch.record(due)
  }
  return {
    name: 'jobsd',
    run: (count) => watch.all(count, () => inLanes(count, hand)),
    begin: () => watch.one(hand),
    async close() {
      await queue.drain(1_000)
      stopping.abort()
      await ledger.close()
    },
  }
}
