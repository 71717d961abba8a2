import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import type { InjectOptions } from 'fastify'
import t, { type Test } from 'tap'
import type { ClientPolicy } from '../../../engine/core/manifest.ts'
import { Secret } from '../../../engine/core/secret.ts'
import type { Engine } from '../../../engine/runtime/engine.ts'
import { createClientsInForce } from '../../../engine/server/clients-in-force.ts'
import { createHttpServer } from '../../../engine/server/http.ts'
import { createLivePages } from '../../../engine/server/live-pages.ts'
import { createCatalogLedger } from '../../fakes/catalog-ledger.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { borealisWorld, now, runOf } from '../../fixtures/catalog.ts'
import { endOfDay, runs, snapshots } from '../../fixtures/catalog-acme.ts'

const tokens = {
  acme: 'acme-token-of-forty-three-characters-or-more',
  borealis: 'borealis-token-of-forty-three-or-more-signs',
  feed: 'a-feed-of-acme-with-forty-three-characters-',
}
const hash = (text: string) => createHash('sha256').update(text).digest('hex')
const hour = 3_600_000

function policyOf(name: string, catalog: ClientPolicy['catalog']): ClientPolicy {
  return {
    apiVersion: 'jobsd/v1',
    kind: 'ClientPolicy',
    name,
    connections: [],
    recipientDomains: [],
    catalog,
  } as never
}

function createStage(t: Test) {
  const all = [...snapshots, ...borealisWorld.snapshots]
  const { ledger, state } = createCatalogLedger([...runs, ...borealisWorld.runs], all)
  const clock = createManualClock(now)
  const policies = new Map([
    [
      'acme',
      policyOf('acme', {
        tokens: [{ name: 'team', sha256: hash(tokens.acme) }],
        calendar: [{ name: 'team', sha256: hash(tokens.feed) }],
      }),
    ],
    ['borealis', policyOf('borealis', { tokens: [{ name: 'team', sha256: hash(tokens.borealis) }] })],
  ])
  const jobs = new Map(all.map((snapshot) => [snapshot.job, { snapshot, revision: 'r' }]))
  const engine = {
    jobs: () => jobs,
    problems: () => new Map(),
    policies: () => policies,
    isReady: () => true,
    trouble: () => null,
  } as unknown as Engine
  const pages = createLivePages(ledger, createClientsInForce(engine), clock)
  const server = createHttpServer({
    engine,
    clock,
    log: createMemoryLog(),
    keys: async () => [],
    hookSecret: async () => undefined,
    operatorsToken: undefined,
    live: { pages, ledger: {} as never, sessionKey: new Secret('k'.repeat(43)) },
  })
  t.teardown(() => server.close())
  const get = (url: string, cookie?: string, more: InjectOptions = {}) =>
    server.inject({ method: 'GET', url, ...more, headers: { ...more.headers, ...(cookie && { cookie }) } })
  const post = (url: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    server.inject({
      method: 'POST',
      url,
      payload: new URLSearchParams(fields).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    })
  async function signIn(client: 'acme' | 'borealis'): Promise<string> {
    const answer = await post(`/catalog/${client}/session`, { token: tokens[client] })
    return String(answer.headers['set-cookie']).split(';')[0] ?? ''
  }
  return { get, post, signIn, clock, policies, pages, state }
}

t.test('without a session every address asks for the token, all alike', async (t) => {
  const { get } = createStage(t)
  const answers = await Promise.all(
    ['acme', 'nobody', 'borealis'].map((client) => get(`/catalog/${client}/jobs/eod-call-detail.html`)),
  )
  for (const { statusCode, body, headers } of answers) {
    t.equal(statusCode, 401)
    t.equal(body, answers[0]?.body, 'byte for byte')
    t.strictSame({ ...headers, date: '' }, { ...answers[0]?.headers, date: '' })
  }
  t.match(answers[0]?.body, '<form method="post" action="../session">')
  t.notMatch(answers[0]?.body, /acme/i)
})

t.test('the token is posted once for a cookie that scripts cannot read', async (t) => {
  const { get, post } = createStage(t)
  const answer = await post('/catalog/acme/session', { token: tokens.acme, to: 'jobs/ftp-in.html' })
  t.equal(answer.statusCode, 303)
  t.equal(answer.headers.location, './jobs/ftp-in.html')
  const cookie = String(answer.headers['set-cookie'])
  t.match(cookie, /; Max-Age=43200; HttpOnly; SameSite=Strict$/)
  t.notMatch(cookie, tokens.acme)
  const page = await get('/catalog/acme/jobs/ftp-in.html', cookie.split(';')[0])
  t.equal(page.statusCode, 200)
  t.match(page.body, 'Posted campaign files')
  const https = { 'x-forwarded-proto': 'https' }
  t.match(
    (await post('/catalog/acme/session', { token: tokens.acme }, https)).headers['set-cookie'],
    /; Secure$/,
  )
})

t.test('whatever is posted with it, one is led nowhere else', async (t) => {
  const { post } = createStage(t)
  for (const to of ['//evil.example/', 'https://evil.example', '../borealis/', '/x', 'a\r\nset-cookie: x'])
    t.equal((await post('/catalog/acme/session', { token: tokens.acme, to })).headers.location, './', to)
})

t.test("another client's token and session open nothing: 404, as if there were nothing", async (t) => {
  const { get, post, signIn } = createStage(t)
  const borealis = await signIn('borealis')
  const missing = await get('/catalog/borealis/jobs/nothing.html', borealis)
  t.equal(missing.statusCode, 404)
  const others = [
    await get('/catalog/acme/', borealis),
    await get('/catalog/acme/jobs/eod-call-detail.html', borealis),
    await get('/catalog/nobody/', borealis),
    await get('/catalog/acme/..%2fborealis%2findex.html', borealis),
    await get('/catalog/borealis/..%2facme%2findex.html', borealis),
    await post('/catalog/acme/session', { token: tokens.borealis }),
    await post('/catalog/nobody/session', { token: tokens.borealis }),
  ]
  for (const { statusCode, body, headers } of others) {
    t.equal(statusCode, 404)
    t.equal(body, missing.body)
    t.equal(headers['set-cookie'], undefined)
  }
  t.equal((await get('/catalog/borealis/', borealis)).statusCode, 200)
})

t.test('a wrong token is refused alike whether there is such a client, and not for ever', async (t) => {
  const { post, clock } = createStage(t)
  const wrong = () => post('/catalog/acme/session', { token: 'wrong' })
  const [first, other] = [await wrong(), await post('/catalog/nobody/session', { token: 'wrong' })]
  t.equal(first.statusCode, 401)
  t.equal(other.body, first.body)
  t.match(first.body, 'This token opens nothing here.')
  for (let count = 2; count < 20; count += 1) t.equal((await wrong()).statusCode, 401)
  t.equal((await wrong()).statusCode, 429)
  t.equal((await post('/catalog/acme/session', { token: tokens.acme })).statusCode, 429, 'also the right one')
  clock.jump(60_000)
  t.equal((await post('/catalog/acme/session', { token: tokens.acme })).statusCode, 303)
})

t.test(
  'a form on another site signs nobody in; a link there gets the page after one more request',
  async (t) => {
    const { get, post } = createStage(t)
    const cross = { 'sec-fetch-site': 'cross-site' }
    t.equal((await post('/catalog/acme/session', { token: tokens.acme }, cross)).statusCode, 403)
    const answers = await Promise.all(
      ['acme', 'nobody'].map((name) => get(`/catalog/${name}/`, '', { headers: cross })),
    )
    t.match(answers[0]?.body, '<meta http-equiv="refresh" content="0">')
    t.equal(answers[0]?.body, answers[1]?.body)
  },
)

t.test('a session ends after twelve hours, and with its token', async (t) => {
  const { get, signIn, clock, policies } = createStage(t)
  const acme = await signIn('acme')
  clock.jump(12 * hour - 1000)
  t.equal((await get('/catalog/acme/', acme)).statusCode, 200)
  clock.jump(2000)
  t.equal((await get('/catalog/acme/', acme)).statusCode, 401)
  const again = await signIn('acme')
  policies.set('acme', policyOf('acme', { tokens: [{ name: 'new', sha256: hash('another') }] }))
  t.equal((await get('/catalog/acme/', again)).statusCode, 401)
})

t.test('a session that was changed in any place is none', async (t) => {
  const { get, signIn } = createStage(t)
  const acme = await signIn('acme')
  t.equal((await get('/catalog/acme/', acme)).statusCode, 200)
  const at = acme.indexOf('=') + 1
  for (let index = at; index < acme.length; index += 1) {
    const changed = acme.slice(0, index) + (acme[index] === '2' ? '3' : '2') + acme.slice(index + 1)
    // The last of 43 characters has two bits that say nothing.
    if (index === acme.length - 1) continue
    t.equal((await get('/catalog/acme/', changed)).statusCode, 401, `character ${index}`)
  }
  const borealis = acme.replace('client:acme', 'client:borealis')
  t.equal((await get('/catalog/borealis/', borealis)).statusCode, 401)
})

t.test('every answer forbids what is not needed', async (t) => {
  const { get, signIn } = createStage(t)
  const acme = await signIn('acme')
  const urls = ['/catalog/acme/', '/catalog/acme/nothing', '/catalog/acme/assets/catalog.js', '/catalog/acme']
  for (const { headers } of [
    ...(await Promise.all(urls.map((url) => get(url, acme)))),
    await get('/catalog/acme/'),
  ]) {
    t.match(headers['content-security-policy'], /default-src 'none'.*frame-ancestors 'none'/)
    t.equal(headers['x-content-type-options'], 'nosniff')
    t.equal(headers['referrer-policy'], 'no-referrer')
    t.equal(headers['cross-origin-opener-policy'], 'same-origin')
    t.equal(headers['cache-control'], 'no-store')
  }
})

t.test(
  'pages have a tag, come compressed where that is asked for, and without a body for HEAD',
  async (t) => {
    const { get, signIn } = createStage(t)
    const acme = await signIn('acme')
    const plain = await get('/catalog/acme/', acme)
    const zipped = await get('/catalog/acme/index.html', acme, { headers: { 'accept-encoding': 'gzip, br' } })
    t.equal(gunzipSync(zipped.rawPayload).toString(), plain.body)
    t.equal(zipped.headers.etag, plain.headers.etag)
    const again = await get('/catalog/acme/', acme, {
      headers: { 'if-none-match': String(plain.headers.etag) },
    })
    t.equal(again.statusCode, 304)
    t.equal(again.body, '')
    const head = await get('/catalog/acme/', acme, { method: 'HEAD' })
    t.equal(head.statusCode, 200)
    t.equal(head.body, '')
    t.equal((await get('/catalog/acme', acme)).headers.location, 'acme/')
  },
)

t.test('a page is read once until a run of it moves on, and again a minute later', async (t) => {
  const { get, signIn, clock, pages, state } = createStage(t)
  const acme = await signIn('acme')
  const url = '/catalog/acme/jobs/eod-call-detail.html'
  const bodies = await Promise.all(Array.from({ length: 20 }, () => get(url, acme)))
  t.equal(new Set(bodies.map(({ body }) => body)).size, 1)
  t.strictSame(state.reads, ['acme/eod-call-detail'])
  state.runs.unshift(
    runOf({
      snapshot: endOfDay,
      slot: '2026-11-23T20:20:00.000Z',
      state: 'failed',
      steps: [{ name: 'build', outcome: 'failed', next: 'fail' }],
    }),
  )
  pages.note('borealis/card-desk-calls')
  await get(url, acme)
  t.equal(state.reads.length, 1, 'what is of others changes nothing')
  pages.note('acme/eod-call-detail')
  clock.jump(2000)
  t.not((await get(url, acme)).body, bodies[0]?.body)
  t.equal(state.reads.length, 2)
  clock.jump(60_000)
  await get(url, acme)
  t.equal(state.reads.length, 3)
})

t.test('one client that asks too often waits, the others do not', async (t) => {
  const { get, signIn } = createStage(t)
  const [acme, borealis] = [await signIn('acme'), await signIn('borealis')]
  const answers = []
  for (let count = 0; count < 205; count += 1)
    answers.push((await get('/catalog/acme/help/index.html', acme)).statusCode)
  t.strictSame([answers.indexOf(429), answers.slice(200)], [200, [429, 429, 429, 429, 429]])
  t.equal((await get('/catalog/borealis/', borealis)).statusCode, 200)
})

t.test('the calendar feed has an address of its own, which ends with its hash', async (t) => {
  const { get, policies } = createStage(t)
  const feed = await get(`/catalog/calendar/${tokens.feed}.ics`)
  t.equal(feed.statusCode, 200)
  t.match(feed.headers['content-type'], 'text/calendar')
  t.match(feed.body, /^BEGIN:VCALENDAR[\s\S]*SUMMARY:End-of-day call detail/)
  t.notMatch(feed.body, /card desk/i)
  for (const token of [tokens.acme, `${tokens.feed}x`, 'x'.repeat(43)])
    t.equal((await get(`/catalog/calendar/${token}.ics`)).statusCode, 404)
  policies.set('acme', policyOf('acme', { tokens: [{ name: 'team', sha256: hash(tokens.acme) }] }))
  t.equal((await get(`/catalog/calendar/${tokens.feed}.ics`)).statusCode, 404)
})
