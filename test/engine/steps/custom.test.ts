import { setTimeout } from 'node:timers/promises'
import { inspect } from 'node:util'
import t from 'tap'
import type { CustomStepCode, CustomStepGiven } from '../../../engine/core/contracts/step.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { StepOf } from '../../../engine/core/model.ts'
import { Secret } from '../../../engine/core/secret.ts'
import { createCustomStep, rehearsedCustomStep } from '../../../engine/steps/custom.ts'
import { createTestArtifacts } from '../../fakes/artifacts.ts'
import { createStep } from '../../fakes/snapshot.ts'
import { createStepContext, offerFile } from '../../fakes/step-context.ts'

const scan: StepOf<'custom'> = createStep({
  name: 'scan',
  type: 'custom',
  uses: 'virus-scan',
  from: 'build',
  connection: 'acme-sftp',
  with: { limit: '3' },
})

const stepTypes = {
  'virus-scan': {
    apiVersion: 'jobsd/v1',
    kind: 'StepType',
    name: 'virus-scan',
    title: 'Virus scan',
    takesFiles: true,
    connectionTypes: ['sftp'],
    inputs: [
      { name: 'profile', type: 'text', default: 'quick' },
      { name: 'limit', type: 'integer' },
    ],
  },
} as const

async function setUp(folder: string, run: CustomStepCode['run'], dryRun = false) {
  const artifacts = createTestArtifacts(folder)
  const calls = await offerFile(artifacts, 'calls.csv', 'one,two\n')
  const given = { run: { dryRun }, snapshot: { stepTypes } as never, files: [calls], artifacts }
  const context = createStepContext('scan', folder, given)
  const type = createCustomStep(new Map([['virus-scan', { name: 'virus-scan', run }]]))
  return { calls, context, run: () => type.run(scan, context) }
}

t.test('the code is given typed inputs with their defaults, its files and its connection', async (t) => {
  const seen: CustomStepGiven[] = []
  const { calls, run } = await setUp(t.testdir(), async (given) => {
    seen.push(given)
    return { ok: true, note: 'clean\n\tall of it', files: [{ ...calls, fileName: 'clean.csv' }] }
  })
  const { sha256, size } = calls
  const offered = { fileName: 'clean.csv', mediaType: 'text/csv', sha256, size }
  t.same(await run(), {
    ok: true,
    note: 'clean all of it',
    files: [{ ...offered, rows: null, period: null, origin: null }],
  })
  t.match(seen, [
    {
      step: 'scan',
      inputs: { profile: 'quick', limit: 3 },
      files: [{ fileName: 'calls.csv' }],
      connection: { name: 'acme-sftp' },
    },
  ])
})

t.test('what it returns is looked at before it is kept', async (t) => {
  const file = { fileName: 'a.csv', sha256: 'a'.repeat(64), size: 1 }
  const wrong: unknown[] = [
    undefined,
    null,
    'done',
    {},
    { ok: 1 },
    { ok: true, note: 5 },
    { ok: true, files: {} },
    { ok: true, files: [null] },
    ...['', '..', '../a', 'a/b', 'a\\b', 'a\nb', 'a\u202eb', 'x'.repeat(201)].map((fileName) => {
      return { ok: true, files: [{ ...file, fileName }] }
    }),
    { ok: true, files: [{ ...file, sha256: 'A'.repeat(64) }] },
    { ok: true, files: [{ ...file, size: 1.5 }] },
    { ok: true, files: [{ ...file, mediaType: 'text/csv\r\nBcc: x' }] },
  ]
  for (const result of wrong) {
    const { run } = await setUp(t.testdir({}), async () => result as never)
    await t.rejects(run(), { code: 'STEP_CODE_FAILED' }, JSON.stringify(result) ?? 'undefined')
  }
})

t.test('its errors become ours, in one line; those that are ours stay', async (t) => {
  const { run } = await setUp(t.testdir(), async () => {
    throw new TypeError('no\nsuch host')
  })
  const failed = { code: 'STEP_CODE_FAILED', message: /virus-scan failed: no such host$/, retry: true }
  await t.rejects(run(), failed)
  const own = new JobsdError('TARGET_FULL', { connection: 'a', path: 'b' })
  const other = await setUp(t.testdir({}), () => Promise.reject(own))
  await t.rejects(other.run(), own)
})

t.test('no secret that was opened is in what it says, cut or whole', async (t) => {
  const value = 'hunter2-SUPER-secret-password'
  new Secret(value).reveal()
  const { run } = await setUp(t.testdir(), async () => ({ ok: true, note: `as ${value}` }))
  t.equal((await run()).note, 'as [secret]')
  const thrown = await setUp(t.testdir({}), () => Promise.reject(new Error(`${'x'.repeat(285)} ${value}`)))
  const error = await thrown.run().catch((failure: unknown) => failure)
  t.notMatch(inspect(error, { depth: 9 }), /hunter2/)
})

t.test('an engine without its code, and a snapshot without its document, say so', async (t) => {
  const { context } = await setUp(t.testdir(), async () => ({ ok: true }))
  const none = createCustomStep(new Map())
  await t.rejects(none.run(scan, context), { code: 'STEP_CODE_MISSING', retry: false })
  const { context: old, run } = await setUp(t.testdir({}), async () => ({ ok: true }))
  delete old.snapshot.stepTypes
  await t.rejects(run(), { code: 'STEP_CODE_MISSING' })
})

t.test('nothing of it runs in a dry run or a rehearsal, where it hands its files on', async (t) => {
  let runs = 0
  const { calls, context, run } = await setUp(
    t.testdir(),
    async () => {
      runs++
      await setTimeout()
      return { ok: true }
    },
    true,
  )
  for (const result of [await run(), await rehearsedCustomStep.run(scan, context)]) {
    t.match(result, { ok: true, note: 'the code of the step type virus-scan is not run here' })
    t.match(result.files, [{ fileName: 'calls.csv', sha256: calls.sha256 }])
  }
  t.equal(runs, 0)
})
