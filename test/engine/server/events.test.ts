import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { Secret } from '../../../engine/core/secret.ts'
import type { Engine } from '../../../engine/runtime/engine.ts'
import { createEmit } from '../../../engine/server/emit.ts'
import { createEventRate } from '../../../engine/server/event-rate.ts'
import { createHttpServer } from '../../../engine/server/http.ts'
import { sign } from '../../../engine/server/signature.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryLog } from '../../fakes/log.ts'

type Accepted = Parameters<Engine['acceptEvent']>[0]

const secret = new Secret('a key of acme')
const operatorsToken = new Secret('operators')

/** A server over an engine that refuses events without leads. */
function createStage(t: Test, { perMinute = 6000, requestTimeoutMs = 30_000 } = {}) {
  const accepted = new Map<string, Accepted>()
  const engine = {
    isReady: () => true,
    queueSize: () => ({ waiting: 0, working: 0 }),
    status: async () => ({ source: { ok: true }, syncs: [], jobs: [], returned: [] }),
    bounces: { counts: () => ({}) },
    sync: () => ({ last: undefined, lastReadMs: null }),
    policies: () => new Map([['acme', { name: 'acme', eventsPerMinute: perMinute }]]),
    async acceptEvent(event: Accepted) {
      const before = accepted.get(`${event.source} ${event.id}`)
      if (!before) accepted.set(`${event.source} ${event.id}`, event)
      const known = {
        known: before !== undefined,
        sameBody: !before || before.bodySha256 === event.bodySha256,
      }
      return 'leads' in event.data
        ? { ...known, outcome: 'started', note: '', runIds: ['r1'] }
        : {
            ...known,
            outcome: 'refused',
            note: 'acme/ended refuses it: parameter leads is missing',
            runIds: [],
          }
    },
  } as unknown as Engine
  const clock = createManualClock('2026-11-22T12:00:00Z')
  const server = createHttpServer({
    ...{ engine, clock, log: createMemoryLog(), requestTimeoutMs, operatorsToken },
    keys: async () => [{ client: 'acme', name: 'dialer', secret }],
    hookSecret: async () => undefined,
  })
  t.teardown(() => server.close())
  return { server, accepted, clock, engine }
}

function createRequest(changes: Record<string, unknown> = {}, raw?: Buffer) {
  const event = {
    specversion: '1.0',
    id: 'e1',
    source: '/dialer',
    type: 'campaign.ended',
    data: { leads: 1 },
  }
  const whole = { ...event, ...changes }
  const body = raw ?? Buffer.from(JSON.stringify(whole))
  const timestamp = String(Date.parse('2026-11-22T12:00:00Z') / 1000)
  const headers = {
    'content-type': 'application/cloudevents+json',
    'webhook-id': whole.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': sign(secret, { id: whole.id, timestamp, body }),
  }
  return { method: 'POST' as const, url: '/v1/events', headers, payload: body }
}

t.test('an event that the job refuses is answered 422 with why, again too, and is recorded', async (t) => {
  const { server, accepted } = createStage(t)
  const why = 'acme/ended refuses it: parameter leads is missing'
  for (const round of ['the first time', 'a repeat']) {
    const answer = await server.inject(createRequest({ data: {} }))
    t.equal(answer.statusCode, 422, round)
    t.same(answer.json(), { id: 'e1', runs: [], note: why, error: why })
  }
  t.equal(accepted.size, 1)
  t.equal((await server.inject(createRequest())).statusCode, 409, 'mended it needs another id')
  t.equal((await server.inject(createRequest({ id: 'e2' }))).statusCode, 202)
})

t.test('what would be lost or misread of an event is refused, what is only unknown is not', async (t) => {
  const { server, accepted } = createStage(t)
  const broken = Buffer.from(createRequest().payload.toString().replace('/dialer', '/\u00ff'), 'latin1')
  const bad: [string, ReturnType<typeof createRequest>][] = [
    ['binary data', createRequest({ data: undefined, data_base64: 'AAAA' })],
    ['data of another type', createRequest({ datacontenttype: 'text/xml' })],
    ['no UTF-8', createRequest({}, broken)],
    ['a NUL in a text', createRequest({ data: { leads: 'a\u0000b' } })],
  ]
  for (const [name, request] of bad) t.equal((await server.inject(request)).statusCode, 400, name)
  t.equal(accepted.size, 0)
  const extended = {
    time: '2026-11-22T12:00:00Z',
    subject: 's',
    traceparent: 'x',
    datacontenttype: 'application/json',
  }
  t.equal((await server.inject(createRequest(extended))).statusCode, 202)
})

t.test('only POST is for events; the others are told so before their body is read', async (t) => {
  const { server, accepted } = createStage(t)
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'] as const) {
    const answer = await server.inject({ method, url: '/v1/events' })
    t.match(answer, { statusCode: 405, headers: { allow: 'POST' } }, method)
  }
  t.equal(accepted.size, 0)
})

t.test("a client's events of a minute are limited, and only those that it signed count", async (t) => {
  const { server, accepted, clock } = createStage(t, { perMinute: 3 })
  const guess = {
    ...createRequest(),
    headers: { ...createRequest().headers, 'webhook-signature': 'v1,AAAA' },
  }
  for (let count = 0; count < 10; count += 1) t.equal((await server.inject(guess)).statusCode, 401)
  for (const id of ['1', '2', '2']) t.ok((await server.inject(createRequest({ id }))).statusCode < 300)
  t.match(await server.inject(createRequest({ id: '3' })), {
    statusCode: 429,
    headers: { 'retry-after': '20' },
  })
  clock.jump(20_000)
  t.equal((await server.inject(createRequest({ id: '3' }))).statusCode, 202)
  t.equal((await server.inject(createRequest({ id: '4' }))).statusCode, 429)
  t.equal(accepted.size, 3)
  const metrics = await server.inject({ url: '/metrics', headers: { authorization: 'Bearer operators' } })
  for (const line of [
    'outcome="started"} 3',
    'outcome="repeated"} 1',
    'outcome="limited"} 2',
    'outcome="rejected"} 10',
  ])
    t.match(metrics.body, `jobsd_events_total{${line}`)
})

t.test(
  'the limit of one client is not that of another, and a clock that is set back gives nothing',
  async (t) => {
    const clock = createManualClock('2026-11-22T12:00:00Z')
    const policies = new Map([
      ['acme', { eventsPerMinute: 1 }],
      ['borealis', {}],
    ])
    const waitSeconds = createEventRate(() => policies, clock)
    t.same([waitSeconds('acme'), waitSeconds('acme')], [0, 60])
    for (let count = 0; count < 6000; count += 1) if (waitSeconds('borealis') > 0) t.fail('6000 by default')
    t.equal(waitSeconds('borealis'), 1)
    clock.jump(-30_000)
    t.equal(waitSeconds('acme'), 60)
    clock.jump(60_000)
    t.equal(waitSeconds('acme'), 0)
  },
)

t.test('a body that never ends is cut with 408, and nobody waits for it', async (t) => {
  const { server, accepted } = createStage(t, { requestTimeoutMs: 400 })
  const address = new URL(await server.listen({ host: '127.0.0.1', port: 0 }))
  const hanging = Array.from({ length: 20 }, () => hang(Number(address.port)))
  const answers = await Promise.all(hanging.map((each) => each.sent))
  t.equal(answers.length, 20)
  t.equal((await server.inject(createRequest())).statusCode, 202, 'another one meanwhile')
  for (const { ended } of hanging) t.match(await ended, /^HTTP\/1\.1 408 /)
  t.equal(accepted.size, 1)
})

/** Sends the head of a request and one byte of its body. */
function hang(port: number): { sent: Promise<void>; ended: Promise<string> } {
  const socket = connect(port, '127.0.0.1')
  const { headers } = createRequest()
  const lines = Object.entries({ ...headers, 'content-length': '200' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1')
  })
  socket.on('error', () => undefined)
  const ended = new Promise<string>((resolve) => socket.once('close', () => resolve(answer)))
  const text = `POST /v1/events HTTP/1.1\r\nhost: x\r\n${lines.join('')}\r\n{`
  return { sent: new Promise((resolve) => socket.write(text, () => resolve())), ended }
}

t.test('an event posted by hand is known by its id, and held to the same shape', async (t) => {
  const { engine, clock, accepted } = createStage(t)
  const emit = createEmit(engine, clock)
  const request = { type: 'campaign.ended', client: 'acme', data: { leads: 1 }, id: 'x', source: 'nightly' }
  t.match(await emit(request), { id: 'x', known: false, runIds: ['r1'] })
  t.match(await emit(request), { id: 'x', known: true, runIds: ['r1'] })
  await t.rejects(emit({ ...request, data: { leads: 2 } }), {
    message: /event x of nightly is known with another/,
  })
  await t.rejects(emit({ ...request, client: 'nobody' }), { message: /no client nobody/ })
  await t.rejects(emit({ ...request, data: { list: [1] } as never }), { message: /data.list/ })
  const { source: _, id: __, ...bare } = request
  t.not((await emit(bare)).id, (await emit(bare)).id, 'without an id it is another one each time')
  t.equal(accepted.size, 3)
  t.ok([...accepted.values()].every(({ bodySha256 }) => /^[0-9a-f]{64}$/.test(bodySha256)))
})
