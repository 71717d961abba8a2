import t, { type Test } from 'tap'
import { Secret } from '../../../engine/core/secret.ts'
import type { Engine } from '../../../engine/runtime/engine.ts'
import { createEventKeys } from '../../../engine/server/event-keys.ts'
import { createHttpServer } from '../../../engine/server/http.ts'
import { sign } from '../../../engine/server/signature.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryLog } from '../../fakes/log.ts'

const nowSeconds = Date.parse('2026-11-22T12:00:00Z') / 1000
const acmeKey = {
  client: 'acme',
  name: 'crm',
  secret: new Secret(`whsec_${Buffer.from('acme-signing-key').toString('base64')}`),
}
const borealisKey = { client: 'borealis', name: 'crm', secret: new Secret('a text of any kind') }

type Accepted = Parameters<Engine['acceptEvent']>[0]

/** A server over an engine that remembers events as the ledger would. */
function createStage(t: Test, keysAreRead: Promise<void> = Promise.resolve()) {
  const accepted: Accepted[] = []
  const engine = {
    isReady: () => true,
    queueSize: () => ({ waiting: 2, working: 1 }),
    status: async () => ({
      source: { ok: true },
      syncs: [],
      jobs: [{ sync: 'Synced', health: 'Healthy', holds: [] }],
      returned: [{}, {}, {}],
    }),
    bounces: { counts: () => ({ returned: 2, other: 5 }) },
    sync: () => ({ last: undefined, lastReadMs: null }),
    async acceptEvent(event: Accepted) {
      const before = accepted.find(({ client, id }) => client === event.client && id === event.id)
      if (!before) accepted.push(event)
      return {
        known: before !== undefined,
        sameBody: before === undefined || before.bodySha256 === event.bodySha256,
        runIds: ['r1'],
        outcome: 'started' as const,
        note: '',
      }
    },
    policies: () => new Map(),
  } as unknown as Engine
  const clock = createManualClock('2026-11-22T12:00:00Z')
  const log = createMemoryLog()
  const keys = async (only?: string) => {
    await keysAreRead
    return [acmeKey, borealisKey].filter(
      ({ client, name }) => only === undefined || only === `${client}/${name}`,
    )
  }
  const operatorsToken = new Secret('operators')
  const hookSecret = async () => undefined
  const server = createHttpServer({ engine, clock, log, keys, hookSecret, operatorsToken })
  t.teardown(() => server.close())
  return { server, accepted }
}

/** A signed request; `changes` break it after signing. */
function createRequest(
  event: Record<string, unknown> = {},
  {
    secret = acmeKey.secret,
    timestamp = String(nowSeconds),
    headers = {},
    body,
  }: { secret?: Secret; timestamp?: string; headers?: Record<string, string>; body?: string } = {},
) {
  const whole = {
    specversion: '1.0',
    id: 'e1',
    source: '/dialer',
    type: 'campaign.ended',
    data: { campaign: { id: 'C1' } },
    ...event,
  }
  const signed = Buffer.from(JSON.stringify(whole))
  const id = String(whole.id)
  return {
    method: 'POST' as const,
    url: '/v1/events',
    headers: {
      'content-type': 'application/cloudevents+json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': sign(secret, { id, timestamp, body: signed }),
      ...headers,
    },
    payload: body ?? signed,
  }
}

function signatureOf(): string {
  return createRequest().headers['webhook-signature']
}

t.test("a signed event is accepted once; its client is the key's", async (t) => {
  const { server, accepted } = createStage(t)
  const first = await server.inject(createRequest({ data: { client: 'borealis', campaign: { id: 'C1' } } }))
  t.equal(first.statusCode, 202)
  t.same(first.json(), { id: 'e1', runs: ['r1'] })
  t.match(accepted, [{ client: 'acme', id: 'e1', type: 'campaign.ended' }])
  const again = await server.inject(createRequest({ data: { client: 'borealis', campaign: { id: 'C1' } } }))
  t.equal(again.statusCode, 200, 'the same again is answered as before')
  t.equal((await server.inject(createRequest({ data: {} }))).statusCode, 409, 'the same id with another body')
  t.equal(
    (await server.inject(createRequest({}, { secret: borealisKey.secret }))).statusCode,
    202,
    'the same id of another client is another event',
  )
  t.same(
    accepted.map(({ client }) => client),
    ['acme', 'borealis'],
  )
})

t.test('a key that the sender names is the only one that counts', async (t) => {
  const { server, accepted } = createStage(t)
  t.equal((await server.inject({ ...createRequest(), url: '/v1/events?key=borealis/crm' })).statusCode, 401)
  t.equal((await server.inject({ ...createRequest(), url: '/v1/events?key=acme/crm' })).statusCode, 202)
  t.equal(accepted.length, 1)
})

t.test('what is not signed, stale, too large or not an event is refused and starts nothing', async (t) => {
  const { server, accepted } = createStage(t)
  const big = 'x'.repeat(300 * 1024)
  const cases: [string, number, ReturnType<typeof createRequest>][] = [
    ['a wrong key', 401, createRequest({}, { secret: new Secret('guess') })],
    ['a body changed after signing', 401, createRequest({}, { body: '{"specversion":"1.0"}' })],
    ['no signature', 401, createRequest({}, { headers: { 'webhook-signature': '' } })],
    [
      'a signature of another version',
      401,
      createRequest({}, { headers: { 'webhook-signature': 'v2,AAAA' } }),
    ],
    [
      'a timestamp changed after signing',
      401,
      createRequest({}, { headers: { 'webhook-timestamp': String(nowSeconds + 1) } }),
    ],
    [
      'more than eight signatures',
      401,
      createRequest({}, { headers: { 'webhook-signature': `${'v1,AAAA '.repeat(8)}${signatureOf()}` } }),
    ],
    ['six minutes old', 401, createRequest({}, { timestamp: String(nowSeconds - 360) })],
    ['six minutes ahead', 401, createRequest({}, { timestamp: String(nowSeconds + 360) })],
    ['a timestamp that is no number', 401, createRequest({}, { timestamp: 'soon' })],
    ["an id that is not the event's", 401, createRequest({}, { headers: { 'webhook-id': 'other' } })],
    ['another content type', 415, createRequest({}, { headers: { 'content-type': 'text/plain' } })],
    ['too large', 413, createRequest({}, { body: big })],
    ['not CloudEvents 1.0', 400, createRequest({ specversion: '0.3' })],
    ['an array as data', 400, createRequest({ data: [1] })],
    ['a list in data', 400, createRequest({ data: { list: [1] } })],
    ['null in data', 400, createRequest({ data: { x: null } })],
    ['a long text in data', 400, createRequest({ data: { x: 'y'.repeat(501) } })],
    ['__proto__ in data', 400, createRequest({ data: JSON.parse('{"__proto__": {"x": 1}}') as object })],
    ['deep data', 400, createRequest({ data: { a: { b: { c: { d: { e: 1 } } } } } })],
    ['a line end in the source', 400, createRequest({ source: 'a\nb' })],
  ]
  for (const [name, status, request] of cases) {
    const response = await server.inject(request)
    t.equal(response.statusCode, status, name)
  }
  t.same(accepted, [])
})

t.test('one right signature among eight will do', async (t) => {
  const { server } = createStage(t)
  const headers = { 'webhook-signature': `${'v1,AAAA '.repeat(7)}${signatureOf()}` }
  t.equal((await server.inject(createRequest({}, { headers }))).statusCode, 202)
})

t.test('a fifth request while four are verified is told to come again', async (t) => {
  const gate = Promise.withResolvers<void>()
  const { server } = createStage(t, gate.promise)
  const waiting = ['1', '2', '3', '4'].map(async (id) => await server.inject(createRequest({ id })))
  const fifth = await server.inject(createRequest({ id: '5' }))
  t.match(fifth, { statusCode: 429, headers: { 'retry-after': '1' } })
  gate.resolve()
  for (const answer of await Promise.all(waiting)) t.equal(answer.statusCode, 202)
  t.equal((await server.inject(createRequest({ id: '5' }))).statusCode, 202)
})

t.test('keys come from the policies; their secrets are read once in 10 s, and told once', async (t) => {
  const clock = createManualClock('2026-11-22T12:00:00Z')
  const log = createMemoryLog()
  const asked: string[] = []
  let missing = 'it is not there'
  const secrets = {
    async resolve(name: string) {
      asked.push(name)
      if (name === 'gone') throw new Error(missing)
      return new Secret(name)
    },
  }
  const policy = (name: string, secret: string) => ({ name, eventKeys: [{ name: 'crm', key: { secret } }] })
  const policies = new Map([
    ['acme', policy('acme', 'a')],
    ['borealis', policy('borealis', 'gone')],
    ['cobalt', { name: 'cobalt', eventKeys: [] }],
  ]) as unknown as ReturnType<Engine['policies']>
  const findKeys = createEventKeys({ policies: () => policies, secrets, clock, log })
  t.match(await findKeys('acme/crm'), [{ client: 'acme', name: 'crm' }])
  t.same(asked, ['a'])
  for (let round = 0; round < 3; round++) t.match(await findKeys(undefined), [{ client: 'acme' }])
  t.same(asked, ['a', 'gone'])
  clock.jump(10_000)
  await findKeys(undefined)
  t.same(asked, ['a', 'gone', 'a', 'gone'])
  t.same(log.fields, [{ client: 'borealis', key: 'crm', reason: 'it is not there' }])
  missing = 'others can read it'
  clock.jump(10_000)
  await findKeys(undefined)
  t.match(log.fields[1], { reason: 'others can read it' })
})

t.test("health is open, metrics are the operators'", async (t) => {
  const { server } = createStage(t)
  t.equal((await server.inject('/livez')).statusCode, 200)
  t.same((await server.inject('/readyz')).json(), { ready: true })
  t.equal((await server.inject('/metrics')).statusCode, 401)
  t.equal(
    (await server.inject({ url: '/metrics', headers: { authorization: 'Bearer wrong' } })).statusCode,
    401,
  )
  const metrics = await server.inject({ url: '/metrics', headers: { authorization: 'Bearer operators' } })
  t.equal(metrics.statusCode, 200)
  t.match(metrics.body, /jobsd_bounces_total\{outcome="other"\} 5/)
  t.match(metrics.body, /jobsd_returned_recipients 3/)
  t.match(metrics.body, /jobsd_runs\{state="waiting"\} 2/)
  t.match(metrics.body, /jobsd_jobs\{sync="Synced",health="Healthy"\} 1/)
  t.equal((await server.inject('/anything')).statusCode, 404)
})
