import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createHttpClient, type HttpServices } from '../../../engine/adapters/http-client.ts'
import type { HttpRequest } from '../../../engine/core/contracts/http.ts'
import type { JobsdError } from '../../../engine/core/errors.ts'
import type { HttpConnection } from '../../../engine/core/manifest.ts'
import { Secret } from '../../../engine/core/secret.ts'
import { isSigned, readSignatures } from '../../../engine/server/signature.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { httpConnection, serveHttp, serveRaw } from '../../fakes/web-service.ts'

const mark = randomUUID()
// Of signs that services write otherwise where they show what they got.
const canary = `ca"na/ry+${mark}`
const now = '2026-11-23T00:31:00.000Z'
const quick = { connectMs: 2000, idleMs: 300, requestMs: 600 }
const never = new AbortController().signal

function services(changes: Partial<HttpServices> = {}): HttpServices {
  return {
    secrets: { resolve: async () => new Secret(canary) },
    clock: createManualClock(now),
    timeouts: quick,
    ...changes,
  }
}

const request: HttpRequest = {
  method: 'POST',
  path: '/campaigns/C%2F1',
  query: '',
  body: { kind: 'json', text: '{"done":true}' },
  idempotencyKey: 'run/tell',
  isRepeatable: false,
}

/** Sends one request; tells what came of it and how often it was marked as on its way. */
async function send(
  connection: HttpConnection,
  changes: Partial<HttpRequest> = {},
  given: Partial<HttpServices> = {},
  signal = never,
) {
  let marked = 0
  const client = createHttpClient(connection, services(given))
  const mark = async () => {
    marked += 1
  }
  try {
    return { answer: await client.send({ ...request, ...changes }, mark, signal), marked }
  } catch (error) {
    return { error: error as JobsdError, marked }
  }
}

t.test('a request arrives as it was planned, with its key and the fixed headers', async (t) => {
  const { port, seen } = await serveHttp(t, (_, response) => response.writeHead(201).end('{}'))
  const headers = { 'X-Team': 'care', Accept: 'application/json' }
  const { answer, marked } = await send(httpConnection(port, { headers }), { query: 'day=2026-11-22' })
  t.equal(answer?.status, 201)
  t.equal(marked, 1)
  t.match(seen, [
    {
      method: 'POST',
      url: '/api/campaigns/C%2F1?day=2026-11-22',
      headers: {
        'idempotency-key': 'run/tell',
        'content-type': 'application/json',
        'content-length': '13',
        'accept-encoding': 'identity',
        accept: 'application/json',
        'x-team': 'care',
      },
    },
  ])
  t.equal(String(seen[0]?.body), '{"done":true}')
})

t.test('each kind of auth shows the secret only where it belongs', async (t) => {
  const secret = { secret: 'crm-secret' }
  const kinds: [NonNullable<HttpConnection['auth']>, Record<string, string>][] = [
    [
      { type: 'basic', username: 'jobsd', password: secret },
      { authorization: `Basic ${Buffer.from(`jobsd:${canary}`).toString('base64')}` },
    ],
    [{ type: 'bearer', token: secret }, { authorization: `Bearer ${canary}` }],
    [{ type: 'header', name: 'X-Api-Key', value: secret }, { 'x-api-key': canary }],
  ]
  for (const [auth, expected] of kinds) {
    const { port, seen } = await serveHttp(t, (_, response) => response.end())
    t.equal((await send(httpConnection(port, { auth }))).answer?.status, 200)
    t.match(seen[0]?.headers, expected, auth.type)
  }
})

t.test('a signed request holds against the check of the events that come in', async (t) => {
  const { port, seen } = await serveHttp(t, (_, response) => response.end())
  const file = join(t.testdir(), 'calls.csv')
  writeFileSync(file, 'a,b\n')
  const auth = { type: 'hmac', key: { secret: 'k' } } as const
  for (const body of [
    request.body,
    { kind: 'file', localPath: file, size: 4, mediaType: 'text/csv' },
    { kind: 'none' },
  ] as const) {
    await send(httpConnection(port, { auth }), { body })
    const { headers, body: bytes } = seen.at(-1)!
    const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map((name) =>
      String(headers[`webhook-${name}`]),
    )
    t.equal(timestamp, String(Date.parse(now) / 1000))
    const signed = { id: id!, timestamp: timestamp!, body: bytes }
    t.equal(isSigned(new Secret(canary), signed, readSignatures(signature!)), true, body.kind)
    t.equal(
      isSigned(new Secret(canary), { ...signed, body: Buffer.from('x') }, readSignatures(signature!)),
      false,
    )
  }
  t.equal(seen.length, 3)
})

t.test('a secret that would break out of its header is never sent', async (t) => {
  const { port, seen } = await serveHttp(t, (_, response) => response.end())
  const auth = { type: 'bearer', token: { secret: 'crm-token' } } as const
  const secrets = { resolve: async () => new Secret('a\r\nX-Evil: 1') }
  const { error, marked } = await send(httpConnection(port, { auth }), {}, { secrets })
  t.equal(error?.code, 'SECRET_UNFIT')
  t.same([marked, seen.length], [0, 0])
})

t.test(
  'a status that is not fine is told with the beginning of the answer, never with the secret',
  async (t) => {
    const auth = { type: 'bearer', token: { secret: 'crm-token' } } as const
    const cases: [number, string, boolean][] = [
      [400, 'TARGET_REFUSED', false],
      [401, 'AUTH_REFUSED', false],
      [403, 'TARGET_REFUSED', false],
      [404, 'TARGET_REFUSED', false],
      [408, 'TARGET_BUSY', true],
      [409, 'TARGET_REFUSED', false],
      [429, 'TARGET_BUSY', true],
      [500, 'TARGET_BUSY', true],
      [501, 'TARGET_BUSY', true],
      [502, 'REQUEST_IN_DOUBT', false],
      [503, 'TARGET_BUSY', true],
      [504, 'REQUEST_IN_DOUBT', false],
      [507, 'TARGET_BUSY', true],
      [520, 'REQUEST_IN_DOUBT', false],
      [522, 'REQUEST_IN_DOUBT', false],
      [524, 'REQUEST_IN_DOUBT', false],
      [527, 'REQUEST_IN_DOUBT', false],
    ]
    for (const [status, code, retry] of cases) {
      const { port } = await serveHttp(t, (seen, response) => {
        const { authorization } = seen.headers
        const encoded = encodeURIComponent(`${authorization}`)
        response.writeHead(status).end(`you\u0000 sent\n ${authorization} ${encoded} ${'é'.repeat(400)}`)
      })
      const { error } = await send(httpConnection(port, { auth }))
      t.match({ code: error?.code, retry: error?.retry }, { code, retry }, String(status))
      t.notMatch(JSON.stringify([error?.message, String(error?.cause), error?.stack, error?.details]), mark)
      if (code !== 'TARGET_REFUSED') continue
      t.match(error?.message, `was answered ${status}`)
      t.match(error?.message, 'you sent Bearer [secret]')
      t.ok(error!.message.length < 320, 'no more than the beginning')
    }
  },
)

t.test('what may be repeated is in no doubt, whoever answered', async (t) => {
  for (const status of [500, 502, 504, 520, 524]) {
    const { port } = await serveHttp(t, (_, response) => response.writeHead(status).end())
    const { error } = await send(httpConnection(port), { method: 'PUT', isRepeatable: true })
    t.equal(error?.code, 'TARGET_BUSY', String(status))
  }
})

t.test('only the statuses that are expected are fine', async (t) => {
  const { port } = await serveHttp(t, (_, response) => response.writeHead(404).end())
  t.equal((await send(httpConnection(port), { expect: [200, 404] })).answer?.status, 404)
  const other = await serveHttp(t, (_, response) => response.writeHead(202).end())
  t.equal((await send(httpConnection(other.port), { expect: [200] })).error?.code, 'TARGET_REFUSED')
})

t.test('the wait that a service asks for goes with the error', async (t) => {
  const cases: [string, number | undefined][] = [
    ['7', 7000],
    ['Mon, 23 Nov 2026 00:32:00 GMT', 60_000],
    ['Mon, 23 Nov 2026 00:30:00 GMT', undefined],
    ['999999999', 86_400_000],
    ['soon', undefined],
    ['-5', undefined],
  ]
  for (const [text, expected] of cases) {
    const { port } = await serveHttp(t, (_, response) =>
      response.writeHead(503, { 'Retry-After': text }).end(),
    )
    const { error } = await send(httpConnection(port))
    t.equal(error?.details.retryAfterMs, expected, text)
  }
})

t.test('no redirect is followed', async (t) => {
  const trap = await serveHttp(t, (_, response) => response.end('in'))
  for (const status of [301, 302, 303, 307, 308]) {
    const location = `http://127.0.0.1:${trap.port}/`
    const { port } = await serveHttp(t, (_, response) => response.writeHead(status, { location }).end())
    const { error } = await send(httpConnection(port), {
      method: 'GET',
      body: { kind: 'none' },
      isRepeatable: true,
    })
    t.equal(error?.code, 'TARGET_REFUSED', String(status))
    t.match(error?.message, 'redirects are not followed')
  }
  t.equal(trap.seen.length, 0)
})

t.test('an answer that is wanted is kept whole, as it came', async (t) => {
  const bytes = Buffer.from('{"a":1}'.repeat(2000))
  const { port } = await serveHttp(t, (_, response) =>
    response.writeHead(200, { 'Content-Type': 'Application/JSON; charset=utf-8' }).end(bytes),
  )
  const saveTo = join(t.testdir(), 'answer')
  const { answer } = await send(httpConnection(port), { saveTo })
  t.same(answer, { status: 200, mediaType: 'application/json' })
  t.equal(hashOf(readFileSync(saveTo)), hashOf(bytes))
})

t.test('an answer beyond maxResponse is not kept, whether it says its length or not', async (t) => {
  for (const declared of [true, false]) {
    const { port } = await serveHttp(t, (_, response) => {
      if (declared) response.setHeader('Content-Length', 3000)
      response.write('x'.repeat(1500))
      response.end('x'.repeat(1500))
    })
    const folder = t.testdir()
    const connection = httpConnection(port, { maxResponse: '1KiB' })
    const held = await send(connection, { saveTo: join(folder, `a${declared}`) })
    t.match(held.answer, { status: 200, lost: 'it has more than 1024 bytes' }, 'the request itself was taken')
    const free = await send(connection, { saveTo: join(folder, `b${declared}`), isRepeatable: true })
    t.equal(free.error?.code, 'ANSWER_LOST')
    t.equal((await send(connection)).answer?.status, 200, 'nobody wants it')
  }
})

t.test('before the connection stands nothing is in doubt', async (t) => {
  const refused = await send(httpConnection(1))
  t.match({ code: refused.error?.code, marked: refused.marked }, { code: 'ENDPOINT_UNREACHABLE', marked: 0 })
  const deaf = await serveRaw(t, () => undefined)
  const tls = httpConnection(deaf.port, { baseUrl: `https://127.0.0.1:${deaf.port}` })
  const late = await send(tls, {}, { timeouts: { ...quick, connectMs: 200 } })
  t.match({ code: late.error?.code, marked: late.marked }, { code: 'ENDPOINT_TIMEOUT', marked: 0 })
  t.match(late.error?.message, '200 ms')
})

t.test(
  'once the request is out, only an answer tells: it is in doubt unless it may be repeated',
  async (t) => {
    const ends: [string, (socket: import('node:net').Socket) => void, string][] = [
      ['closed', (socket) => socket.end(), 'ENDPOINT_UNREACHABLE'],
      ['reset', (socket) => socket.resetAndDestroy(), 'ENDPOINT_UNREACHABLE'],
      ['garbage', (socket) => socket.end('SSH-2.0-x\r\n\r\n'), 'ENDPOINT_UNREACHABLE'],
      ['half a head', (socket) => socket.end('HTTP/1.1 200 O'), 'ENDPOINT_UNREACHABLE'],
      [
        'a head without end',
        (socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(40_000)}`),
        'ENDPOINT_UNREACHABLE',
      ],
      ['silence', () => undefined, 'ENDPOINT_TIMEOUT'],
    ]
    for (const [name, end, code] of ends) {
      const { port } = await serveRaw(t, (socket) => socket.once('data', () => end(socket)))
      const held = await send(httpConnection(port))
      t.match({ code: held.error?.code, marked: held.marked }, { code: 'REQUEST_IN_DOUBT', marked: 1 }, name)
      const free = await send(httpConnection(port), { isRepeatable: true })
      t.match({ code: free.error?.code, retry: free.error?.retry }, { code, retry: true }, name)
    }
  },
)

t.test('a service that drips its answer is left at the deadline', async (t) => {
  const { port } = await serveRaw(t, (socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nX-Slow: ')
      const timer = setInterval(() => socket.write('y'), 50)
      socket.once('close', () => clearInterval(timer))
    })
  })
  const begun = performance.now()
  const { error } = await send(httpConnection(port), { isRepeatable: true })
  t.match(
    { code: error?.code, details: error?.details },
    { code: 'ENDPOINT_TIMEOUT', details: { timeoutMs: 600 } },
  )
  t.ok(performance.now() - begun < 5000)
})

t.test('who stops a request is told so, unless it is in doubt', async (t) => {
  const stop = new AbortController()
  const reason = new Error('the engine stops')
  const { port } = await serveRaw(t, (socket) => socket.once('data', () => stop.abort(reason)))
  const held = await send(httpConnection(port), {}, {}, stop.signal)
  t.equal(held.error?.code, 'REQUEST_IN_DOUBT')
  const early = await send(httpConnection(port), {}, {}, stop.signal)
  t.equal(early.error as unknown, reason, 'nothing was sent')
  t.equal(early.marked, 0)
})

t.test('an answer that breaks off: taken all the same, or asked for again', async (t) => {
  const { port } = await serveRaw(t, (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')),
  )
  const folder = t.testdir()
  const held = await send(httpConnection(port), { saveTo: join(folder, 'a') })
  t.match(held.answer, { status: 200, lost: 'it broke off' })
  const free = await send(httpConnection(port), { saveTo: join(folder, 'b'), isRepeatable: true })
  t.equal(free.error?.code, 'ENDPOINT_UNREACHABLE')
  t.equal((await send(httpConnection(port))).answer?.status, 200)
})

t.test('a file goes as it is, and a refusal that comes early is heard', async (t) => {
  const folder = t.testdir()
  const localPath = join(folder, 'big')
  const bytes = Buffer.alloc(3_000_000, 'z')
  writeFileSync(localPath, bytes)
  const { port, seen } = await serveHttp(t, (_, response) => response.end())
  const body = { kind: 'file', localPath, size: bytes.length, mediaType: 'text/csv' } as const
  t.equal((await send(httpConnection(port), { body })).answer?.status, 200)
  t.equal(hashOf(seen[0]!.body), hashOf(bytes))
  t.equal(seen[0]?.headers['content-type'], 'text/csv')
  const empty = join(folder, 'empty')
  writeFileSync(empty, '')
  await send(httpConnection(port), { body: { ...body, localPath: empty, size: 0 } })
  t.equal(seen[1]?.headers['content-length'], '0')
  const refusing = await serveRaw(t, (socket) => {
    const refusal = 'HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
    socket.once('data', () => socket.write(refusal))
    socket.resume()
  })
  t.match((await send(httpConnection(refusing.port), { body })).error, {
    code: 'TARGET_REFUSED',
    message: /413/,
  })
})

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
