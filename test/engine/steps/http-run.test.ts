/** The step through the real runner, outbox, ledger and client, against a service on loopback. */
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createEndpoints } from '../../../engine/adapters/endpoints.ts'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import type { HttpConnection } from '../../../engine/core/manifest.ts'
import type { Step, StepOf } from '../../../engine/core/model.ts'
import { Secret } from '../../../engine/core/secret.ts'
import { createRepeats } from '../../../engine/runtime/repeats.ts'
import { createRunner } from '../../../engine/runtime/runner.ts'
import { httpRequestStep } from '../../../engine/steps/http-request.ts'
import { createTestArtifacts } from '../../fakes/artifacts.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { createSnapshot } from '../../fakes/snapshot.ts'
import { httpConnection, serveHttp, serveRaw } from '../../fakes/web-service.ts'

const canary = `canary-${randomUUID()}`
const never = new AbortController().signal

async function createStage(
  t: Test,
  connection: HttpConnection,
  changes: Partial<StepOf<'http-request'>> = {},
) {
  const folder = t.testdir({})
  const clock = createManualClock('2026-11-22T12:00:00Z')
  const ledger = openSqliteLedger(join(folder, 'ledger.db'))
  const log = createMemoryLog()
  const base = createSnapshot()
  const step = {
    ...{ name: 'tell', type: 'http-request', connection: 'crm', method: 'POST', path: '/done/{callCenter}' },
    ...{ json: { center: '{callCenter}' }, onSuccess: 'end', onFailure: 'fail' },
    ...changes,
  } as Step
  const snapshot = createSnapshot({
    manifest: { ...base.manifest, steps: [step] },
    connections: { crm: connection },
  })
  const secrets = { resolve: async () => new Secret(canary) }
  const endpoints = createEndpoints({ secrets, clock })
  t.teardown(async () => {
    await endpoints.close()
    await ledger.close()
  })
  const now = clock.now().toISOString()
  await ledger.keepSnapshot(snapshot, now)
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
    ...{ firstStep: 'tell', dryRun: false },
  })
  const artifacts = createTestArtifacts(folder)
  const walk = (runId = id!) =>
    createRunner({
      ...{ ledger, steps: [httpRequestStep as never], endpoints, clock, log, artifacts },
      snapshot: async () => snapshot,
      onProgress: () => undefined,
    })(runId, never)
  const repeats = createRepeats({
    ...{ ledger, artifacts, begin: (due) => ledger.recordDue(due), createId: randomUUID, now: () => now },
    findJob: async () => ({ snapshot, revision: 'r' }) as never,
  })
  const run = async (runId = id!) => (await ledger.run(runId))!
  return { folder, ledger, log, walk, repeats, run }
}

const auth = { type: 'bearer', token: { secret: 'crm-token' } } as const

t.test('a busy service is left for as long as it asks, then asked again under the same key', async (t) => {
  const { port, seen } = await serveHttp(t, (_, response, count) =>
    count === 1
      ? response.writeHead(503, { 'Retry-After': '300' }).end('later')
      : response.writeHead(201).end(),
  )
  const { walk, run } = await createStage(t, httpConnection(port, { auth }))
  t.same(await walk(), { forMs: 300_000 })
  t.equal(await walk(), undefined)
  t.match(await run(), {
    state: 'succeeded',
    steps: [
      {
        attempts: 2,
        deliveries: [{ target: 'http:crm:POST /done/dallas', state: 'confirmed', note: 'answered 201' }],
      },
    ],
  })
  t.equal(seen.length, 2)
  t.equal(new Set(seen.map(({ headers }) => headers['idempotency-key'])).size, 1)
  t.equal(String(seen[1]?.body), '{"center":"dallas"}')
})

t.test('a POST whose answer was lost is in doubt: not tried again, and told', async (t) => {
  let requests = 0
  const { port } = await serveRaw(t, (socket) =>
    socket.once('data', () => {
      requests += 1
      socket.destroy()
    }),
  )
  const { walk, run, ledger } = await createStage(t, httpConnection(port, { auth }))
  t.equal(await walk(), undefined)
  t.match(await run(), {
    state: 'failed',
    steps: [{ attempts: 1, error: { code: 'REQUEST_IN_DOUBT' }, deliveries: [{ state: 'in-doubt' }] }],
  })
  t.equal(requests, 1)
  t.match(await ledger.pendingAlerts(), [{ about: { step: { error: { code: 'REQUEST_IN_DOUBT' } } } }])
})

t.test('the secret is in no row, file, log or error, whatever the service says', async (t) => {
  const { port } = await serveHttp(t, ({ headers, body }, response) => {
    response.writeHead(422, `you sent ${headers.authorization}`)
    response.end(JSON.stringify({ headers, body: String(body) }))
  })
  const { walk, run, folder, log, ledger } = await createStage(t, httpConnection(port, { auth }), {
    saveAs: 'a.json',
  })
  await walk()
  const ended = await run()
  t.match(ended.steps, [{ error: { code: 'TARGET_REFUSED', message: /422 you sent Bearer \[secret\]/ } }])
  const rows = JSON.stringify([ended, await ledger.pendingAlerts(), log.lines])
  t.notMatch(rows, canary)
  for (const name of readdirSync(folder).filter((each) => each.includes('.')))
    t.notMatch(readFileSync(join(folder, name)).toString('latin1'), canary, name)
})

t.test('a request whose answer is kept can be sent again, and again; the newest answer counts', async (t) => {
  const { port, seen } = await serveHttp(t, (_, response, count) => response.end(`answer ${count}`))
  const { walk, run, repeats } = await createStage(t, httpConnection(port, { auth }), { saveAs: 'a.txt' })
  await walk()
  let last = await run()
  for (const count of [2, 3]) {
    const id = await repeats.resend({ run: last.id, who: 'ana', why: 'they lost it' })
    await walk(id)
    const again = await run(id)
    t.match(again, {
      state: 'succeeded',
      steps: [{ attempts: 1, deliveries: [{ state: 'confirmed' }] }],
    })
    t.match(again.files, [{ step: 'tell', fileName: 'a.txt' }])
    t.not(again.files[0]?.sha256, last.files[0]?.sha256)
    t.equal(seen.length, count)
    last = again
  }
})
