import t, { type Test } from 'tap'
import { JobsdError } from '../../../engine/core/errors.ts'
import { Secret } from '../../../engine/core/secret.ts'
import { createHttpServer } from '../../../engine/server/http.ts'
import { commitOf, startSmallEngine } from '../../fakes/small-engine.ts'

const token = new Secret('operators')
const eod = 'jobs.d/acme/eod.yaml'

async function createStage(t: Test, operatorsToken: Secret | undefined = token) {
  const stage = await startSmallEngine(t)
  const { engine, clock, log } = stage
  const parts = { engine, clock, log, keys: async () => [], hookSecret: async () => undefined }
  const server = createHttpServer({ ...parts, operatorsToken })
  t.teardown(() => server.close())
  const get = (url: string, authorization = 'Bearer operators') =>
    server.inject({ url, headers: { authorization } })
  return { ...stage, server, get }
}

const routes = [
  '/metrics',
  '/v1/status',
  '/v1/jobs',
  '/v1/runs',
  '/v1/runs?limit=0',
  '/v1/runs/unknown',
  '/v1/runs/unknown/provenance',
]

t.test("without the operators' token nothing is told, not even what is there", async (t) => {
  const { server, get } = await createStage(t)
  for (const url of routes) {
    t.equal((await server.inject(url)).statusCode, 401, url)
    for (const wrong of ['operators', 'Bearer wrong', 'Bearer operator', 'Bearer ', 'Basic b3BlcmF0b3Jz'])
      t.equal((await get(url, wrong)).statusCode, 401, `${url} ${wrong}`)
  }
})

t.test('where no token is set nobody is let in', async (t) => {
  const { clock, log, engine } = await startSmallEngine(t)
  const parts = { engine, clock, log, keys: async () => [], hookSecret: async () => undefined }
  const server = createHttpServer({ ...parts, operatorsToken: undefined })
  t.teardown(() => server.close())
  for (const url of routes) {
    t.equal((await server.inject({ url, headers: { authorization: 'Bearer ' } })).statusCode, 401, url)
    t.equal((await server.inject({ url, headers: { authorization: 'Bearer undefined' } })).statusCode, 401)
  }
})

t.test('operators read status, jobs, runs and where a run came from', async (t) => {
  const { get, run } = await createStage(t)
  const ids = await run()
  t.equal(ids.length, 2)
  const status = await get('/v1/status')
  t.equal(status.headers['cache-control'], 'no-store')
  t.match(status.json(), {
    revision: { attempted: commitOf('a'), applied: commitOf('a') },
    source: { ok: true, reason: 'Applied', lastReadAt: '2026-11-22T12:00:00.000Z' },
    jobs: [{ job: 'acme/eod', sync: 'Synced' }],
    syncs: [{ revision: commitOf('a'), counts: { added: 1 } }],
    actions: [],
    removed: [],
  })
  t.same((await get('/v1/jobs')).json(), { jobs: status.json().jobs })
  const { runs } = (await get('/v1/runs')).json()
  t.same(runs.map(({ id }: { id: string }) => id).sort(), [...ids].sort())
  t.same(
    (await get(`/v1/runs/${ids[0]}`)).json(),
    runs.find(({ id }: { id: string }) => id === ids[0]),
  )
  t.match((await get(`/v1/runs/${ids[0]}/provenance`)).json(), {
    run: ids[0],
    job: 'acme/eod',
    revision: { id: commitOf('a'), commit: { author: 'Ana Flores <ana@example.com>' } },
    changedBy: { id: commitOf('a') },
  })
})

t.test('runs are chosen by job and limit; a limit that is none is refused', async (t) => {
  const { get, run } = await createStage(t)
  await run()
  const count = async (query: string): Promise<number> => (await get(`/v1/runs?${query}`)).json().runs.length
  t.equal(await count('limit=1'), 1)
  t.equal(await count('limit=500'), 2)
  t.equal(await count('job=acme/eod'), 2)
  t.equal(await count('job=acme/other'), 0)
  for (const query of ['0', '501', '-1', '1e2', '', 'all', '1&limit=2', '0x1', '1.5'])
    t.equal((await get(`/v1/runs?limit=${query}`)).statusCode, 400, query)
  t.equal((await get('/v1/runs?job=a&job=b')).statusCode, 400)
})

t.test('a run that is not there is 404', async (t) => {
  const { get } = await createStage(t)
  t.equal((await get('/v1/runs/0123456789abcdef')).statusCode, 404)
  t.equal((await get('/v1/runs/0123456789abcdef/provenance')).statusCode, 404)
})

t.test('nothing can be changed by these addresses', async (t) => {
  const { server } = await createStage(t)
  const headers = { authorization: 'Bearer operators', 'content-type': 'application/json' }
  for (const url of ['/v1/status', '/v1/runs', '/v1/suspend', '/v1/pin']) {
    const answer = await server.inject({ method: 'POST', url, headers, payload: '{"job":"acme/eod"}' })
    t.equal(answer.statusCode, 404, url)
  }
})

t.test('metrics tell how old the source is, what the last sync did, and what is held', async (t) => {
  const { get, clock, engine, push } = await createStage(t)
  const why = { who: 'ana', why: 'a test' }
  await engine.holds.suspend({ job: 'acme/eod', ...why })
  clock.jump(90_000)
  const first = (await get('/metrics')).body
  t.match(first, /^jobsd_source_age_seconds 90$/m)
  t.match(first, /^jobsd_source_ok 1$/m)
  t.match(first, /^jobsd_sync_last_duration_seconds 0$/m)
  t.match(first, /^jobsd_sync_last_jobs\{kind="added"\} 1$/m)
  t.match(first, /^jobsd_sync_last_jobs\{kind="unchanged"\} 0$/m)
  t.match(first, /^jobsd_jobs_held\{kind="suspended"\} 1$/m)
  t.match(first, /^jobsd_jobs_held\{kind="pinned"\} 0$/m)
  t.match(first, /^jobsd_syncs_total\{outcome="applied",reason="Applied"\} 1$/m)

  await push('b', { [eod]: 'kind: Broken' })
  const second = (await get('/metrics')).body
  t.match(second, /^jobsd_source_age_seconds 0$/m)
  t.match(second, /^jobsd_sync_last_jobs\{kind="invalid"\} 1$/m)
  t.match(second, /^jobsd_sync_last_jobs\{kind="added"\} 0$/m)
  t.match(second, /^jobsd_jobs\{sync="Invalid",health="Suspended"\} 1$/m)
  t.match(second, /^jobsd_syncs_total\{outcome="applied",reason="Applied"\} 1$/m)
  t.match(second, /^jobsd_syncs_total\{outcome="partly",reason="InvalidManifests"\} 1$/m)
})

t.test('metrics tell of a source that is away, and count each try', async (t) => {
  const { get, clock, state, engine, until } = await createStage(t)
  state.failure = new JobsdError('SOURCE_UNREACHABLE', { source: 'git.example', reason: 'no route' })
  for (let round = 0; round < 3; round++) {
    const before = state.reads
    clock.jump(10_000)
    engine.reload()
    await until(() => state.reads > before && engine.sync().last?.times === round + 1)
  }
  const { body } = await get('/metrics')
  t.match(body, /^jobsd_source_ok 0$/m)
  t.match(body, /^jobsd_source_age_seconds 30$/m)
  t.match(body, /^jobsd_syncs_total\{outcome="unread",reason="SourceUnreachable"\} 3$/m)
})
