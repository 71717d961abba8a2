/** Requests that somebody leads to an address inside. */
import t from 'tap'
import { createHttpClient } from '../../../engine/adapters/http-client.ts'
import type { HttpRequest } from '../../../engine/core/contracts/http.ts'
import type { JobsdError } from '../../../engine/core/errors.ts'
import type { HttpConnection } from '../../../engine/core/manifest.ts'
import { whyNotPublic } from '../../../engine/core/public-address.ts'
import { Secret } from '../../../engine/core/secret.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { httpConnection, serveHttp, serveRaw } from '../../fakes/web-service.ts'
import { innerAddresses, innerHosts, noAddresses, publicAddresses } from './addresses.ts'
import { tally } from './tally.ts'

const request: HttpRequest = {
  method: 'POST',
  path: '/latest/meta-data',
  query: '',
  body: { kind: 'none' },
  idempotencyKey: 'run/step',
  isRepeatable: false,
}

/** How a request got through; null where it was refused before a byte of it, and a credential, could be sent. */
async function escapeOf(connection: HttpConnection, answers: string[] | null): Promise<string | null> {
  let asked = 0
  let marked = 0
  const client = createHttpClient(connection, {
    secrets: { resolve: async () => new Secret('canary') },
    clock: createManualClock('2026-11-23T00:00:00.000Z'),
    timeouts: { connectMs: 500, idleMs: 500, requestMs: 500 },
    resolve: async () => {
      asked += 1
      return (answers ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    },
  })
  const mark = async () => {
    marked += 1
  }
  try {
    await client.send(request, mark, new AbortController().signal)
    return 'it was sent'
  } catch (error) {
    const { code } = error as JobsdError
    if (code !== 'ADDRESS_REFUSED' || marked > 0) return `${code}, marked ${marked} times`
    return asked <= 1 ? null : 'the name was asked for again'
  }
}

t.test('no name leads to an inner address, alone or beside a public one', async (t) => {
  const { port } = await serveRaw(t, (socket) => {
    t.fail('somebody connected')
    socket.destroy()
  })
  const connection = httpConnection(port, { baseUrl: `http://crm.example:${port}`, allowPrivate: false })
  await tally(t, 120, async (tried) => {
    for (const address of innerAddresses) {
      tried(address, await escapeOf(connection, [address]))
      tried(`public and ${address}`, await escapeOf(connection, ['93.184.215.14', address]))
    }
  })
})

t.test('no spelling of an inner address in a URL is connected to', async (t) => {
  const { port } = await serveRaw(t, (socket) => {
    t.fail('somebody connected')
    socket.destroy()
  })
  await tally(t, 25, async (tried) => {
    for (const host of innerHosts) {
      const baseUrl = `http://${host}:${port}`
      const leak = URL.canParse(baseUrl)
        ? await escapeOf(httpConnection(port, { baseUrl, allowPrivate: false }), ['127.0.0.1'])
        : null
      tried(host, leak)
    }
  })
})

t.test('public addresses are told from all others', async (t) => {
  for (const address of publicAddresses) t.equal(whyNotPublic(address), undefined, address)
  for (const address of innerAddresses) t.type(whyNotPublic(address), 'string', address)
  for (const text of noAddresses) t.equal(whyNotPublic(text), 'no address', text)
})

t.test('a DNS that answers otherwise the second time is not asked a second time', async (t) => {
  const { port, seen } = await serveHttp(t, (_, response) => response.end())
  const answers = [[{ address: '127.0.0.1', family: 4 }], [{ address: '203.0.113.1', family: 4 }]]
  let asked = 0
  const client = createHttpClient(httpConnection(port, { baseUrl: `http://crm.example:${port}` }), {
    secrets: { resolve: async () => new Secret('canary') },
    clock: createManualClock('2026-11-23T00:00:00.000Z'),
    resolve: async () => answers[asked++] ?? [],
  })
  const answer = await client.send(request, async () => undefined, new AbortController().signal)
  t.same([answer.status, asked, seen.length], [200, 1, 1], 'it went where it was looked at')
  t.equal(seen[0]?.headers.host, `crm.example:${port}`)
})
