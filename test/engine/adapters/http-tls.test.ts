import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkHttp } from '../../../engine/adapters/check-http.ts'
import { createHttpClient } from '../../../engine/adapters/http-client.ts'
import type { HttpRequest } from '../../../engine/core/contracts/http.ts'
import type { JobsdError } from '../../../engine/core/errors.ts'
import type { HttpConnection } from '../../../engine/core/manifest.ts'
import { Secret } from '../../../engine/core/secret.ts'
import { createCheckup } from '../../../engine/doctor.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { httpConnection, serveHttp } from '../../fakes/web-service.ts'

const canary = 'canary-http-token'
const never = new AbortController().signal
const clock = createManualClock(new Date().toISOString())
const secrets = { resolve: async () => new Secret(canary) }
const auth = { type: 'bearer', token: { secret: 'crm-token' } } as const
const request: HttpRequest = {
  method: 'POST',
  path: '/x',
  query: '',
  body: { kind: 'none' },
  idempotencyKey: 'k',
  isRepeatable: false,
}

const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'no openssl'

/** A service with a certificate of its own for crm.example, good for that many days. */
async function serveTls(t: Test, days: number) {
  const folder = t.testdir()
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const what = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    String(days),
    '-keyout',
    key,
    '-out',
    cert,
  ]
  const whose = ['-subj', '/CN=crm.example', '-addext', 'subjectAltName=DNS:crm.example']
  execFileSync('openssl', [...what, ...whose], { stdio: 'ignore' })
  const pem = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  let requests = 0
  const server = createServer(pem, (incoming, response) => {
    requests += 1
    response.end(JSON.stringify({ host: incoming.headers.host }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as { port: number }
  return { ca: pem.cert, port, count: () => requests }
}

async function send(connection: HttpConnection) {
  let marked = 0
  const resolve = async () => [{ address: '127.0.0.1', family: 4 }]
  const client = createHttpClient(connection, { secrets, clock, resolve })
  const mark = async () => {
    marked += 1
  }
  const came = await client.send(request, mark, never).catch((error: JobsdError) => error)
  return { came, marked }
}

t.test(
  'a certificate is verified for the name, though the address was found before',
  { skip: noOpenssl },
  async (t) => {
    const { ca, port, count } = await serveTls(t, 30)
    const at = (host: string, changes: Partial<HttpConnection> = {}) =>
      httpConnection(port, { baseUrl: `https://${host}:${port}`, auth, ...changes })
    t.match(await send(at('crm.example', { ca })), { came: { status: 200 }, marked: 1 })
    for (const [what, connection] of [
      ['nobody known signed it', at('crm.example')],
      ['it is for another name', at('other.example', { ca })],
      ['it is for a name, not for an address', at('127.0.0.1', { ca })],
    ] as const) {
      const { came, marked } = await send(connection)
      t.match(came, { code: 'ENDPOINT_UNREACHABLE' }, what)
      t.equal(marked, 0, 'no credential was sent')
    }
    t.equal(count(), 1)
  },
)

t.test('doctor tells the TLS version and a certificate that ends soon', { skip: noOpenssl }, async (t) => {
  const { ca, port } = await serveTls(t, 5)
  const connection = httpConnection(port, { baseUrl: `https://crm.example:${port}`, ca, auth })
  const resolve = async () => [{ address: '127.0.0.1', family: 4 }]
  const findings = await checkHttp(connection, { secrets, clock, resolve }, never)
  t.match(findings, [
    { level: 'ok', text: 'the service answered at 127.0.0.1, TLSv1.3' },
    { level: 'warning', text: /^its certificate ends on \d{4}-\d\d-\d\d$/ },
    { level: 'ok', text: /200$/ },
  ])
  const examine = createCheckup({ secrets, clock })
  const local = { ...connection, baseUrl: `https://localhost:${port}` }
  const [finding] = await examine({ connection: local, write: false, tenants: [], queries: [] }, never)
  t.match(finding, { level: 'problem', text: /cannot reach crm/ }, 'its certificate is for another name')
})

t.test('doctor asks for the head of the base URL, with the credentials and without a redirect', async (t) => {
  const examine = createCheckup({ secrets, clock })
  const look = async (connection: HttpConnection) => {
    const findings = await examine({ connection, write: true, tenants: [], queries: [] }, never)
    t.notMatch(JSON.stringify(findings), canary)
    return findings.map(({ level, text }) => `${level} ${text}`)
  }
  for (const [status, told] of [
    [200, 'ok HEAD of baseUrl was answered 200'],
    [404, 'ok HEAD of baseUrl was answered 404'],
    [401, 'problem HEAD of baseUrl was answered 401: were the credentials refused?'],
    [
      302,
      'warning HEAD of baseUrl was answered 302: redirects are not followed; name the place itself in baseUrl',
    ],
    [503, 'warning HEAD of baseUrl was answered 503'],
  ] as const) {
    const { port, seen } = await serveHttp(t, (_, response) => response.writeHead(status).end())
    t.same(await look(httpConnection(port, { auth })), [
      'ok the service answered at 127.0.0.1, without TLS',
      told,
    ])
    t.match(seen, [{ method: 'HEAD', url: '/api', headers: { authorization: `Bearer ${canary}` } }])
  }
  const { port, seen } = await serveHttp(t, (_, response) => response.end())
  const inner = await look(httpConnection(port, { allowPrivate: false }))
  t.match(inner, [/^problem crm leads to 127.0.0.1: that is this machine/])
  t.equal(seen.length, 0)
  t.match(await look(httpConnection(1)), [/^problem cannot reach crm: .*ECONNREFUSED/])
})
