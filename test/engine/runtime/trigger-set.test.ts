import { join } from 'node:path'
import t from 'tap'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import { parseCron } from '../../../engine/config/cron.ts'
import type { Ledger, SlotRecord } from '../../../engine/core/contracts/ledger.ts'
import type { TriggerType } from '../../../engine/core/contracts/trigger.ts'
import type { CompiledSchedule, Snapshot } from '../../../engine/core/model.ts'
import { type ActiveJob, createTriggerSet } from '../../../engine/runtime/trigger-set.ts'
import { triggerTypes } from '../../../engine/triggers/index.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { createSnapshot, createStep } from '../../fakes/snapshot.ts'

const job = 'acme/eod-call-detail'
const held = { job, kind: 'suspended', who: 'ana', why: 'bank holiday', at: '', pin: null } as const

function hourly(): CompiledSchedule {
  const parsed = parseCron('0 * * * *')
  if ('problem' in parsed) throw new Error(parsed.problem)
  return {
    name: 'hourly',
    cron: '0 * * * *',
    timezone: 'UTC',
    onHoliday: 'skip',
    catchUp: 'latest',
    catchUpWindowMs: 86_400_000,
    calendar: null,
    fields: parsed.fields,
  }
}

function activate(snapshot: Snapshot): Map<typeof job, ActiveJob> {
  return new Map([[job, { snapshot, revision: 'r1' }]])
}

t.test('slots of a suspended job are skipped with who and why; resumed, the next one runs', async (t) => {
  const clock = createManualClock('2026-11-22T12:30:00Z')
  const log = createMemoryLog()
  const opened = openSqliteLedger(join(t.testdir({}), 'ledger.db'))
  t.teardown(() => opened.close())
  const passed: SlotRecord[] = []
  const ledger: Ledger = {
    ...opened,
    recordSlots(slots) {
      passed.push(...slots)
      return opened.recordSlots(slots)
    },
  }
  let suspended = true
  const started: string[] = []
  const set = createTriggerSet({
    ledger,
    triggers: triggerTypes,
    endpoints: {} as never,
    artifacts: {} as never,
    clock,
    log,
    suspension: () => (suspended ? held : undefined),
    async recordDue(due) {
      const runIds = await ledger.recordDue(due)
      started.push(...runIds)
      return runIds
    },
  })
  t.teardown(() => set.stop())
  const { manifest } = createSnapshot()
  const step = createStep({ name: 'a', type: 'condition', if: 'true' } as never)
  const trigger = { type: 'scheduled', schedules: [{ name: 'hourly', cron: '0 * * * *' }] } as never
  const snapshot = createSnapshot({
    schedules: [hourly()],
    manifest: { ...manifest, trigger, steps: [step] },
  })
  await set.swap(activate(snapshot))
  await clock.live(60 * 60_000)
  t.same(started, [])
  t.match(passed, [
    { at: '2026-11-22T13:00:00.000Z', outcome: 'skipped', note: 'suspended by ana: bank holiday' },
  ])
  suspended = false
  await clock.live(60 * 60_000)
  t.equal(started.length, 2)
  t.same(log.lines, [])
  t.match(await ledger.run(started[0] ?? ''), { slot: '2026-11-22T14:00:00.000Z' })
})

t.test('a suspended drop folder is not looked at, and is again once resumed', async (t) => {
  const ledger = openSqliteLedger(join(t.testdir({}), 'ledger.db'))
  t.teardown(() => ledger.close())
  let suspended = false
  const watched: string[] = []
  const trigger: TriggerType = {
    type: 'ftp-in',
    title: 'FTPin',
    async watch(_, snapshot, _host, signal) {
      watched.push(snapshot.job)
      signal.addEventListener('abort', () => watched.pop())
    },
  }
  const set = createTriggerSet({
    ledger,
    triggers: [trigger],
    endpoints: {} as never,
    artifacts: {} as never,
    clock: createManualClock('2026-11-22T12:30:00Z'),
    log: createMemoryLog(),
    suspension: () => (suspended ? held : undefined),
    recordDue: ledger.recordDue,
  })
  const { manifest } = createSnapshot()
  const folders = [{ connection: 'acme-sftp', path: '/in' }]
  const snapshot = createSnapshot({
    manifest: { ...manifest, trigger: { type: 'ftp-in', folders } as never },
  })
  await set.swap(activate(snapshot))
  t.same(watched, [job])
  suspended = true
  await set.swap(activate(snapshot))
  t.same(watched, [])
  suspended = false
  await set.swap(activate(snapshot))
  t.same(watched, [job])
  set.stop()
})
