import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { HttpAnswer, HttpClient, HttpRequest } from '../../../engine/core/contracts/http.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { StepOf } from '../../../engine/core/model.ts'
import { httpRequestStep } from '../../../engine/steps/http-request.ts'
import { createTestArtifacts } from '../../fakes/artifacts.ts'
import { createMemoryEndpoints } from '../../fakes/endpoints.ts'
import { createStepContext, offerFile } from '../../fakes/step-context.ts'
import { httpConnection } from '../../fakes/web-service.ts'

type HttpStep = StepOf<'http-request'>
type Sent = HttpRequest & { content: string }

const step: HttpStep = {
  name: 'tell',
  type: 'http-request',
  connection: 'crm',
  method: 'POST',
  path: '/centers/{callCenter}/done',
  onSuccess: 'end',
  onFailure: 'fail',
}

/** A service that keeps what it got; `answer` says what becomes of each request once it is on its way. */
function createService(
  answer: (request: Sent, count: number) => HttpAnswer = () => ({ status: 200, mediaType: 'text/csv' }),
) {
  const sent: Sent[] = []
  const client: HttpClient = {
    async send(request, transmitting) {
      await transmitting()
      const { body } = request
      const content =
        body.kind === 'file' ? readFileSync(body.localPath, 'utf8') : body.kind === 'json' ? body.text : ''
      sent.push({ ...request, content })
      const answered = answer(sent.at(-1)!, sent.length)
      if (request.saveTo !== undefined && answered.lost === undefined)
        writeFileSync(request.saveTo, 'an answer', { flag: 'wx' })
      return answered
    },
  }
  return { sent, client }
}

function contextOf(t: Test, client: HttpClient, given: Parameters<typeof createStepContext>[2] = {}) {
  const folder = given.artifacts ? t.testdirName : t.testdir()
  const context = createStepContext('tell', folder, {
    ...given,
    endpoints: createMemoryEndpoints({ http: { crm: client } }),
  })
  return { ...context, connection: () => httpConnection(1) }
}

t.test('tokens are filled where they stand, and every request has the key of its run and step', async (t) => {
  const { sent, client } = createService()
  const context = contextOf(t, client, { run: { callCenter: 'a/b?c=1#d' } })
  const json = { deep: [{ '{job}': '{callCenter}' }, 1, null, true], at: '{slot:yyyy-MM-dd}' }
  const result = await httpRequestStep.run({ ...step, json, query: { 'q&': '{callCenter}&x=1' } }, context)
  const { path, query, content, idempotencyKey, isRepeatable } = sent[0]!
  t.equal(path, '/centers/a%2Fb%3Fc%3D1%23d/done')
  t.equal(query, 'q%26=a%2Fb%3Fc%3D1%23d%26x%3D1')
  t.match(JSON.parse(content), { deep: [{ '{job}': 'a/b?c=1#d' }, 1, null, true], at: /^\d{4}-\d\d-\d\d$/ })
  t.equal(idempotencyKey, `${context.run.id}/tell`)
  t.equal(isRepeatable, false)
  t.match(result, { ok: true, note: /POST .* to crm was answered 200$/, files: [] })
  t.same([...context.deliveries.keys()], ['http:crm:POST /centers/a%2Fb%3Fc%3D1%23d/done'])
})

t.test('a value that is missing or climbs fails the step before anything is sent', async (t) => {
  const { sent, client } = createService()
  for (const callCenter of [
    null,
    '..',
    '../..',
    '%2e%2e/x',
    'a/../b',
    'a\nb',
    '..;',
    '..;x=1',
    '%2e%2e%3b',
  ]) {
    const context = contextOf(t, client, { run: { callCenter } })
    await t.rejects(httpRequestStep.run(step, context), { code: 'TEMPLATE_FAILED' }, String(callCenter))
  }
  for (const wider of [{ query: { site: '{callCenter}' } }, { json: { site: ['{callCenter}'] } }]) {
    const context = contextOf(t, client, { run: { callCenter: null } })
    await t.rejects(httpRequestStep.run({ ...step, path: '/sites', json: { a: 'b' }, ...wider }, context), {
      code: 'TEMPLATE_FAILED',
      message: /without it something else would be asked for/,
    })
  }
  t.equal(sent.length, 0)
})

t.test('what was answered is not sent again; a POST whose answer was lost is held', async (t) => {
  const lost = createService(() => {
    throw new JobsdError('REQUEST_IN_DOUBT', { connection: 'crm', request: 'POST /x' })
  })
  const held = contextOf(t, lost.client)
  await t.rejects(httpRequestStep.run(step, held), { code: 'REQUEST_IN_DOUBT' })
  await t.rejects(httpRequestStep.run(step, held), {
    code: 'REQUEST_IN_DOUBT',
    message: /never answered POST \/centers/,
  })
  t.equal(lost.sent.length, 1)
  t.match([...held.deliveries.values()], [{ state: 'in-doubt' }])
  const fine = createService()
  const context = contextOf(t, fine.client)
  await httpRequestStep.run(step, context)
  t.match(await httpRequestStep.run(step, context), { ok: true, note: /was answered 200$/ })
  t.equal(fine.sent.length, 1)
})

t.test('what may be repeated is sent again after a crash, under the same key', async (t) => {
  for (const changes of [
    { method: 'PUT' },
    { method: 'DELETE' },
    { onDoubt: 'resend' },
  ] as Partial<HttpStep>[]) {
    const { sent, client } = createService((_, count) => {
      if (count === 1) throw new JobsdError('ENDPOINT_UNREACHABLE', { connection: 'crm', reason: 'cut' })
      return { status: 204, mediaType: 'text/plain' }
    })
    const context = contextOf(t, client)
    await t.rejects(httpRequestStep.run({ ...step, ...changes }, context), { code: 'ENDPOINT_UNREACHABLE' })
    const [target, delivery] = [...context.deliveries][0]!
    context.deliveries.set(target, { ...delivery, state: 'sending' })
    t.equal((await httpRequestStep.run({ ...step, ...changes }, context)).ok, true)
    t.same(
      sent.map(({ isRepeatable }) => isRepeatable),
      [true, true],
    )
    t.equal(new Set(sent.map(({ idempotencyKey }) => idempotencyKey)).size, 1)
  }
})

t.test('a GET goes by no outbox and offers its answer', async (t) => {
  const { sent, client } = createService()
  const context = contextOf(t, client)
  const result = await httpRequestStep.run(
    { ...step, method: 'GET', saveAs: 'list_{callCenter}.csv' },
    context,
  )
  t.match(result.files, [{ fileName: 'list_dallas.csv', mediaType: 'text/csv', size: 9, rows: null }])
  t.equal(readFileSync(await context.artifacts.open(result.files![0]!.sha256, 9), 'utf8'), 'an answer')
  t.same([context.deliveries.size, sent.length], [0, 1])
})

t.test('the answer of a request that was taken is still there after a crash', async (t) => {
  const { sent, client } = createService()
  const context = contextOf(t, client)
  const saving = { ...step, saveAs: 'receipt.json' }
  const first = await httpRequestStep.run(saving, context)
  const second = await httpRequestStep.run(saving, context)
  t.same(second.files, first.files)
  t.match(second.files, [{ fileName: 'receipt.json', mediaType: 'application/json', size: 9 }])
  t.equal(sent.length, 1)
})

t.test('an answer that could not be kept fails the step, but the request is not sent again', async (t) => {
  const { sent, client } = createService(() => ({ status: 201, mediaType: 'text/csv', lost: 'it broke off' }))
  const context = contextOf(t, client)
  const saving = { ...step, saveAs: 'receipt.json' }
  const told = { code: 'ANSWER_LOST', message: /POST .* could not be kept: it broke off/ }
  await t.rejects(httpRequestStep.run(saving, context), told)
  await t.rejects(httpRequestStep.run(saving, context), told)
  t.equal(sent.length, 1)
  t.match([...context.deliveries.values()], [{ state: 'confirmed' }])
})

t.test('nor is it where the own disk cannot keep the answer', async (t) => {
  const { sent, client } = createService()
  const real = createTestArtifacts(t.testdir())
  const full = new JobsdError('STORAGE_FAILED', { reason: 'ENOSPC' })
  for (const [failure, reason] of [
    [full, /could not be kept: the engine's own storage failed: ENOSPC$/],
    [new TypeError('a bug'), /could not be kept: an error inside jobsd/],
  ] as const) {
    const context = contextOf(t, client, { artifacts: { ...real, adopt: () => Promise.reject(failure) } })
    sent.length = 0
    for (let attempt = 1; attempt <= 3; attempt++)
      await t.rejects(httpRequestStep.run({ ...step, saveAs: 'receipt.json' }, context), {
        code: 'ANSWER_LOST',
        message: reason,
      })
    t.equal(sent.length, 1)
    t.match([...context.deliveries.values()], [{ state: 'confirmed' }])
  }
  const context = contextOf(t, client, { artifacts: { ...real, adopt: () => Promise.reject(full) } })
  const put = { ...step, method: 'PUT', saveAs: 'receipt.json' } as const
  await t.rejects(httpRequestStep.run(put, context), { code: 'STORAGE_FAILED' }, 'a PUT goes again')
})

t.test('a damaged file is not sent', async (t) => {
  const folder = t.testdir()
  const artifacts = createTestArtifacts(folder)
  const file = await offerFile(artifacts, 'pay.csv', 'pay 100')
  writeFileSync(join(folder, file.sha256), 'pay 900')
  const { sent, client } = createService()
  for (const method of ['POST', 'PUT'] as const) {
    const context = contextOf(t, client, { files: [file], artifacts })
    const sending = httpRequestStep.run({ ...step, method, from: 'build' }, context)
    await t.rejects(sending, { code: 'ARTIFACT_DAMAGED' })
  }
  t.equal(sent.length, 0)
})

t.test('each file goes in a request of its own; two that would be one are refused first', async (t) => {
  const artifacts = createTestArtifacts(t.testdir())
  const files = [await offerFile(artifacts, 'a b.csv', 'one'), await offerFile(artifacts, 'c.csv', 'two')]
  const { sent, client } = createService()
  const context = { ...contextOf(t, client, { files, artifacts }) }
  const result = await httpRequestStep.run({ ...step, from: 'build', path: '/in/{name}.{ext}' }, context)
  t.same(
    sent.map(({ path, content }) => [path, content]),
    [
      ['/in/a%20b.csv', 'one'],
      ['/in/c.csv', 'two'],
    ],
  )
  t.equal(new Set(sent.map(({ idempotencyKey }) => idempotencyKey)).size, 2)
  t.same(
    [...context.deliveries.keys()],
    ['http:crm:POST /in/a%20b.csv#a b.csv', 'http:crm:POST /in/c.csv#c.csv'],
  )
  t.match(result.note, '2 requests POST to crm was answered 200')
  const same = { ...step, from: 'build', path: '/in', saveAs: 'answer.json' }
  await t.rejects(httpRequestStep.run(same, contextOf(t, client, { files, artifacts })), {
    code: 'FILE_EXISTS',
  })
  t.equal(sent.length, 2)
})

t.test('sent once more on purpose it is another request, to the wanted targets only', async (t) => {
  const { sent, client } = createService()
  const context = contextOf(t, client)
  const resend = { runId: 'again', startedAt: context.run.createdAt, targets: null }
  await httpRequestStep.run(step, { ...context, resend })
  t.equal(sent[0]?.idempotencyKey, 'again/tell')
  await httpRequestStep.run(step, { ...context, resend: { ...resend, targets: ['http:crm:POST /other'] } })
  t.equal(sent.length, 1)
})

t.test('a dry run sends nothing, and an empty file stands for the answer', async (t) => {
  const { sent, client } = createService()
  for (const method of ['GET', 'POST', 'DELETE'] as const) {
    const context = contextOf(t, client, { run: { dryRun: true } })
    const result = await httpRequestStep.run({ ...step, method, saveAs: 'answer.json' }, context)
    t.match(result, {
      ok: true,
      note: /would be sent to crm$/,
      files: [{ fileName: 'answer.json', size: 0 }],
    })
  }
  t.equal(sent.length, 0)
})
