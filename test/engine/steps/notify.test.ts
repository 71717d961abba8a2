import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import type { MailMessage } from '../../../engine/core/contracts/endpoints.ts'
import type { StepContext, StepType } from '../../../engine/core/contracts/step.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { Snapshot, Step, StepOf } from '../../../engine/core/model.ts'
import { describeAlerts } from '../../../engine/runtime/alert-mails.ts'
import { createAlerts } from '../../../engine/runtime/alerts.ts'
import { createRunner } from '../../../engine/runtime/runner.ts'
import { notifyStep } from '../../../engine/steps/notify.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { connections, createSnapshot } from '../../fakes/snapshot.ts'

const never = new AbortController().signal

const step: StepOf<'notify'> = {
  name: 'tell',
  type: 'notify',
  to: 'operators',
  message: 'The list of {callCenter} is late ({job}).\nCall them.',
  onSuccess: 'end',
  onFailure: 'fail',
}

/** A ledger with one run of a job that tells; `before` runs in each attempt, ahead of the real step. */
async function createStage(
  t: Test,
  given: {
    step?: Partial<typeof step>
    dryRun?: boolean
    before?: (context: StepContext) => Promise<void>
  } = {},
) {
  const clock = createManualClock('2026-11-22T12:00:00Z')
  const ledger = openSqliteLedger(join(t.testdir({}), 'ledger.db'))
  t.teardown(() => ledger.close())
  const base = createSnapshot()
  const snapshot: Snapshot = createSnapshot({
    manifest: {
      ...base.manifest,
      steps: [{ ...step, ...given.step } as Step],
      alerts: { to: ['lead@acme.example', 'ops@acme.example'] },
    },
    client: { ...base.client, alerts: { to: ['ops@acme.example'] } },
  })
  const type = {
    type: 'notify',
    async run(one: typeof step, context: StepContext) {
      await given.before?.(context)
      return await notifyStep.run(one, context)
    },
  } as unknown as StepType
  const runner = () =>
    createRunner({
      ledger,
      steps: [type],
      endpoints: {} as never,
      artifacts: {} as never,
      clock,
      log: createMemoryLog(),
      snapshot: async () => snapshot,
      onProgress: () => undefined,
    })
  const now = clock.now().toISOString()
  const [id] = await ledger.recordDue({
    ...{
      event: null,
      file: null,
      schedule: null,
      slot: now,
      callCenters: ['dallas'],
      revision: 'r',
      group: null,
    },
    ...{ job: snapshot.job, trigger: { type: 'manual' as const, key: 'k' }, snapshot: snapshot.digest, now },
    ...{ firstStep: 'tell', dryRun: given.dryRun ?? false },
  })
  return { clock, ledger, id: id!, walk: () => runner()(id!, never) }
}

t.test(
  'a notice is pending with the end of its step, for the operators and whom the step names',
  async (t) => {
    const cases: [StepOf<'notify'>['to'], string[]][] = [
      ['operators', ['operators']],
      ['client', ['client/acme', 'operators']],
      ['job', ['client/acme', 'job/acme/eod-call-detail', 'operators']],
    ]
    for (const [to, routes] of cases) {
      const { ledger, walk, id } = await createStage(t, { step: { to } })
      await walk()
      const pending = await ledger.pendingAlerts()
      t.same(pending.map(({ recipients }) => recipients.route).sort(), routes, to)
      for (const { runId, about } of pending) {
        t.equal(runId, id)
        t.match(about, { notice: { message: 'The list of dallas is late (eod-call-detail).\nCall them.' } })
      }
      const told = pending.flatMap(({ recipients }) => recipients.to ?? [])
      t.equal(new Set(told).size, told.length, 'nobody twice')
      const run = await ledger.run(id)
      t.equal(run?.state, 'succeeded')
      t.match(run?.steps, [{ outcome: 'succeeded', note: /^told to the operators/ }])
    }
  },
)

t.test('however often the step is tried, people are told once', async (t) => {
  let attempts = 0
  const { ledger, walk, clock } = await createStage(t, {
    before: async () => {
      attempts += 1
      if (attempts === 1) throw new JobsdError('STEP_TIMEOUT', { step: 'tell', timeoutMs: 1 })
      // Another worker takes the run over, as after a crash: what this one ends is refused.
      if (attempts === 2)
        await ledger.claimRun((await ledger.unfinishedRuns())[0]!.id, clock.now().toISOString())
    },
  })
  await walk()
  t.same(await ledger.pendingAlerts(), [], 'nothing is told of an attempt that came to nothing')
  await t.rejects(walk(), { code: 'RUN_LOST' })
  t.same(await ledger.pendingAlerts(), [])
  await walk()
  await walk()
  t.equal((await ledger.pendingAlerts()).length, 1)
  t.equal(attempts, 3)
})

t.test('a dry run tells nobody', async (t) => {
  const { ledger, walk, id } = await createStage(t, { dryRun: true, step: { to: 'job' } })
  await walk()
  t.same(await ledger.pendingAlerts(), [])
  t.match((await ledger.run(id))?.steps, [{ note: /^would be told to/ }])
})

t.test('a value brings no line of its own into a notice', async (t) => {
  const { ledger, walk } = await createStage(t, {
    step: { message: '{param.x} is there' },
    before: async ({ run }) => {
      run.parameters = { x: 'a\r\nBcc: b\u2028c' }
    },
  })
  await walk()
  const [alert] = await ledger.pendingAlerts()
  t.match(alert?.about, { notice: { message: 'a Bcc: b c is there' } })
})

t.test('the mail says who it is about, and a warning shows as one', async (t) => {
  const { ledger, walk, clock } = await createStage(t, { step: { level: 'warning', to: 'client' } })
  await walk()
  const sent: MailMessage[] = []
  const mailer = {
    async send(message: MailMessage) {
      sent.push(message)
      return { accepted: message.to, rejected: [], response: '250 ok' }
    },
  }
  const settings = { alerts: { connection: 'mail', to: ['ops@platform.example'] } }
  const alerts = createAlerts({
    ledger,
    endpoints: { mailer: () => mailer } as never,
    clock,
    log: createMemoryLog(),
    renderMail: async () => ({ subject: '', html: '', text: '' }),
    route: () => ({ settings, connection: connections.mail, templates: {} }) as never,
  })
  const pending = await ledger.pendingAlerts()
  t.match(describeAlerts([pending[0]!], 10).facts, { kind: 'Warning' })
  alerts.notify()
  await alerts.finish(1000)
  t.same(sent.map(({ to }) => to).sort(), [['ops@acme.example'], ['ops@platform.example']])
  for (const { subject, text } of sent) {
    t.equal(subject, '[jobsd] End-of-day call detail, dallas')
    t.match(text, /The list of dallas is late[\s\S]*Job: acme\/eod-call-detail/)
  }
  t.same(await ledger.pendingAlerts(), [])
})
