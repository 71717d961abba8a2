import '../../fakes/clean-children.ts'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import { createSmtpMailer } from '../../../engine/adapters/smtp-mailer.ts'
import type { StepType } from '../../../engine/core/contracts/step.ts'
import type { StepOf } from '../../../engine/core/model.ts'
import { createRunner } from '../../../engine/runtime/runner.ts'
import { createEmailStep } from '../../../engine/steps/email.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { startScriptedSmtp } from '../../fakes/scripted-smtp.ts'
import type { SmtpAct, SmtpScript, SmtpStage } from '../../fakes/smtp-script.ts'
import { createSnapshot, createStep } from '../../fakes/snapshot.ts'

const recipient = 'ann@acme.example'

/** Runs one real e-mail step against the server, as often as it is tried, each wait passed over at once. */
async function runMail(t: Test, act: SmtpScript['act'], changes: Partial<StepOf<'email'>> = {}) {
  const server = await startScriptedSmtp({ ...(act && { act }) })
  const mailer = createSmtpMailer(
    {
      ...{ apiVersion: 'jobsd/v1', kind: 'Connection', name: 'mail', type: 'smtp', security: 'none' },
      ...{ host: '127.0.0.1', port: server.port, from: 'reports@jobsd.example' },
    },
    { secrets: { resolve: () => t.fail('no secret is needed') as never }, timeouts: { answerMs: 400 } },
  )
  const clock = createManualClock('2026-11-22T12:00:00Z')
  const ledger = openSqliteLedger(join(t.testdir({}), 'ledger.db'))
  t.teardown(async () => {
    await mailer.close()
    await server.close()
    await ledger.close()
  })
  const step: StepOf<'email'> = createStep({
    ...{ name: 'mail', type: 'email', connection: 'mail', to: [recipient], template: 'report-ready' },
    ...{ onSuccess: 'end', onFailure: 'fail', retry: { maxAttempts: 3, delay: '10s' } },
    ...changes,
  })
  const snapshot = createSnapshot({ manifest: { ...createSnapshot().manifest, steps: [step] } })
  const runner = createRunner({
    ledger,
    steps: [
      createEmailStep(
        async () => ({ subject: 'S', html: '<p>H</p>', text: 'T' }),
        async () => ({ fault: 'none' }),
      ) as unknown as StepType,
    ],
    endpoints: { mailer: () => mailer } as never,
    artifacts: {} as never,
    clock,
    log: createMemoryLog(),
    snapshot: async () => snapshot,
    onProgress: () => undefined,
  })
  const now = clock.now().toISOString()
  const [id = ''] = await ledger.recordDue({
    ...{ event: null, file: null, schedule: null, slot: now, callCenters: [null], revision: 'r' },
    ...{ firstStep: 'mail', job: snapshot.job, trigger: { type: 'manual', key: 'k' }, group: null, now },
    ...{ snapshot: snapshot.digest, dryRun: false },
  })
  const walk = () => runner(id, new AbortController().signal)
  for (let waits = await walk(); waits; waits = await walk()) await clock.advance(waits.forMs)
  const run = await ledger.run(id)
  const [record] = run?.steps ?? []
  return {
    state: run?.state,
    attempts: record?.attempts,
    error: record?.error?.code ?? null,
    delivery: record?.deliveries[0]?.state,
    note: record?.note,
    taken: server.taken.length,
    ids: new Set(server.taken.map(({ text }) => /^Message-ID: .*$/im.exec(text)?.[0])).size,
  }
}

/** Answers so at a stage in the first sessions only. */
const first =
  (sessions: number, at: SmtpStage, act: SmtpAct): SmtpScript['act'] =>
  (stage, { session }) =>
    stage === at && session <= sessions ? act : undefined

t.test('what passes is tried again, and the mail goes out once', async (t) => {
  const cases: [title: string, act: SmtpScript['act'], attempts: number][] = [
    ['a grey list', first(1, 'RCPT', { say: '450 4.7.1 greylisted\r\n' }), 2],
    ['421 to the whole mail, twice', first(2, 'end', { say: '421 down\r\n', closes: true }), 3],
    ['a server that closes at DATA', first(1, 'DATA', 'close'), 2],
    ['a server that speaks no SMTP', first(2, 'greeting', { say: 'SSH-2.0-x\r\n' }), 3],
  ]
  for (const [title, act, attempts] of cases) {
    await t.test(title, async (t) => {
      t.match(await runMail(t, act), {
        ...{ state: 'succeeded', attempts, error: null, delivery: 'confirmed', taken: 1 },
      })
    })
  }
})

t.test('what passes for longer than the attempts last fails with its own code', async (t) => {
  t.match(await runMail(t, first(9, 'MAIL', { say: '452 4.3.1 no room\r\n' })), {
    ...{ state: 'failed', attempts: 3, error: 'TARGET_BUSY', delivery: 'failed', taken: 0 },
  })
})

t.test('what lasts is not tried again', async (t) => {
  t.match(await runMail(t, first(9, 'end', { say: '554 5.7.1 spam\r\n' })), {
    ...{ state: 'failed', attempts: 1, error: 'MAIL_REFUSED', delivery: 'failed', taken: 0 },
  })
})

t.test('a mail that only some were given is not tried again for the others', async (t) => {
  const act: SmtpScript['act'] = (stage, { recipients }) =>
    stage === 'RCPT' && recipients === 2 ? { say: '450 4.7.1 greylisted\r\n' } : undefined
  const run = await runMail(t, act, { to: [recipient, 'ben@acme.example'] })
  t.match(run, { state: 'failed', attempts: 1, delivery: 'confirmed', taken: 1 })
  t.match(run.note, /refused for ben@acme\.example \(450 4\.7\.1 greylisted\)/)
})

t.test('a mail in doubt is held, or sent again under its own id where the step says so', async (t) => {
  for (const [title, act] of [
    ['the server closes after the whole mail', 'close'],
    ['the server answers after the deadline', { afterwards: '250 2.0.0 taken\r\n' }],
  ] as const) {
    await t.test(title, async (t) => {
      t.match(await runMail(t, first(1, 'end', act)), {
        ...{ state: 'failed', attempts: 1, error: 'MAIL_IN_DOUBT', delivery: 'in-doubt', taken: 1 },
      })
      t.match(await runMail(t, first(1, 'end', act), { onDoubt: 'resend' }), {
        ...{ state: 'succeeded', attempts: 2, error: null, delivery: 'confirmed', taken: 2, ids: 1 },
      })
    })
  }
  t.match(await runMail(t, first(9, 'end', 'close'), { onDoubt: 'resend' }), {
    ...{ state: 'failed', attempts: 3, error: 'ENDPOINT_UNREACHABLE' },
    ...{ delivery: 'in-doubt', taken: 3, ids: 1 },
  })
})
