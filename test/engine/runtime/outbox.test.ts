/** What the outbox makes of failures after a target may have been given something. */
import t from 'tap'
import { JobsdError } from '../../../engine/core/errors.ts'
import { createStepContext } from '../../fakes/step-context.ts'

const target = 'http:crm:POST /done'
const diskFull = () => new JobsdError('STORAGE_FAILED', { reason: 'ENOSPC' })

/** Attempts to deliver by a `send` that fails so, before or after it marked that it is sending. */
function createAttempts(
  failure: unknown,
  when: 'before' | 'after',
  onDoubt: 'hold' | 'resend' = 'hold',
  about = target,
) {
  const context = createStepContext('tell', t.testdirName)
  let sends = 0
  const attempt = () =>
    context.deliver({
      target: about,
      file: null,
      onDoubt,
      async send({ sending }) {
        if (when === 'after') await sending()
        sends += 1
        throw failure
      },
    })
  return { attempt, sends: () => sends, state: () => context.deliveries.get(about)?.state }
}

t.test('what broke in the engine once the target may have it is a doubt, and not sent again', async (t) => {
  for (const failure of [diskFull(), new TypeError('a bug'), new Error('the engine stops')]) {
    const { attempt, sends, state } = createAttempts(failure, 'after')
    await t.rejects(attempt(), failure, 'the cause is told as it is')
    t.equal(state(), 'in-doubt')
    await t.rejects(attempt(), { code: 'REQUEST_IN_DOUBT' })
    t.equal(sends(), 1, failure.message)
  }
})

t.test('so is the end of an attempt by its time, and the doubt names what it is about', async (t) => {
  const ends = [
    new JobsdError('STEP_TIMEOUT', { step: 'tell', timeoutMs: 1 }),
    new JobsdError('RUN_TIMEOUT', { run: 'r', timeout: '1d' }),
  ]
  const codes = {
    'mail:m:a': 'MAIL_IN_DOUBT',
    'http:crm:POST /x': 'REQUEST_IN_DOUBT',
    'house:b': 'DELIVERY_IN_DOUBT',
  }
  for (const [about, code] of Object.entries(codes)) {
    for (const failure of ends) {
      const { attempt, sends, state } = createAttempts(failure, 'after', 'hold', about)
      await t.rejects(attempt(), failure)
      t.equal(state(), 'in-doubt')
      await t.rejects(attempt(), { code })
      t.equal(sends(), 1)
    }
  }
})

t.test('it is sent again where the job says so', async (t) => {
  const { attempt, sends, state } = createAttempts(diskFull(), 'after', 'resend')
  await t.rejects(attempt(), { code: 'STORAGE_FAILED' })
  t.equal(state(), 'in-doubt')
  await t.rejects(attempt(), { code: 'STORAGE_FAILED' })
  t.equal(sends(), 2)
})

t.test('before anything was sent, and where the target answered, there is no doubt', async (t) => {
  const busy = new JobsdError('TARGET_BUSY', { connection: 'crm', reason: '503' })
  const cases = [createAttempts(diskFull(), 'before'), createAttempts(busy, 'after')]
  for (const { attempt, sends, state } of cases) {
    await t.rejects(attempt(), { name: 'JobsdError' })
    t.equal(state(), 'failed')
    await t.rejects(attempt(), { name: 'JobsdError' })
    t.equal(sends(), 2)
  }
})
