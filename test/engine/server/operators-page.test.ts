import t, { type Test } from 'tap'
import { type OperatorsInput, renderOperatorsPage } from '../../../engine/catalog/operators-page.ts'
import { Secret } from '../../../engine/core/secret.ts'
import { createHttpServer } from '../../../engine/server/http.ts'
import { commitOf, startSmallEngine } from '../../fakes/small-engine.ts'

const eod = 'jobs.d/acme/eod.yaml'

async function createStage(t: Test, operatorsToken: Secret | undefined = new Secret('operators-token')) {
  const stage = await startSmallEngine(t)
  const { engine, ledger, clock, log } = stage
  const server = createHttpServer({
    engine,
    clock,
    log,
    keys: async () => [],
    hookSecret: async () => undefined,
    operatorsToken,
    live: { pages: {} as never, ledger, sessionKey: new Secret('k'.repeat(43)) },
  })
  t.teardown(() => server.close())
  const get = (url: string, cookie = '') => server.inject({ url, headers: { cookie } })
  const signIn = async (token: string) => {
    const answer = await server.inject({
      method: 'POST',
      url: '/operators/session',
      payload: new URLSearchParams({ token }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    return { answer, cookie: String(answer.headers['set-cookie']).split(';')[0] ?? '' }
  }
  return { ...stage, get, signIn }
}

const textOf = (html: string) => html.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ')

t.test("the operators' page asks for their token, and takes no other", async (t) => {
  const { get, signIn } = await createStage(t)
  const asked = await get('/operators/')
  t.equal(asked.statusCode, 401)
  t.match(asked.body, '<form method="post" action="session">')
  t.notMatch(asked.body, 'acme')
  t.equal((await signIn('operators')).answer.statusCode, 401)
  const { answer, cookie } = await signIn('operators-token')
  t.equal(answer.statusCode, 303)
  t.match(answer.headers['set-cookie'], /HttpOnly; SameSite=Strict/)
  const page = await get('/operators/', cookie)
  t.equal(page.statusCode, 200)
  t.match(page.headers['content-security-policy'], "frame-ancestors 'none'")
  t.match(textOf(page.body), / acme 1 /)
  t.equal((await get('/operators/more', cookie)).statusCode, 404)
  const asCustomer = cookie.replace('jobsd-operators', 'jobsd-catalog')
  t.equal((await get('/catalog/acme/', asCustomer)).statusCode, 401, 'it is no customer’s session')
})

t.test('where no token is set nobody is let in', async (t) => {
  const { clock, log, engine, ledger } = await startSmallEngine(t)
  const live = { pages: {} as never, ledger, sessionKey: new Secret('k') }
  const parts = { engine, clock, log, keys: async () => [], hookSecret: async () => undefined, live }
  const server = createHttpServer({ ...parts, operatorsToken: undefined })
  t.teardown(() => server.close())
  for (const token of ['', 'undefined']) {
    const payload = new URLSearchParams({ token }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    t.equal(
      (await server.inject({ method: 'POST', url: '/operators/session', payload, headers })).statusCode,
      401,
    )
  }
})

t.test('it shows what is in force, what is held and what does not compile, and what to type', async (t) => {
  const { get, signIn, engine, push, clock } = await createStage(t)
  const { cookie } = await signIn('operators-token')
  t.match(textOf((await get('/operators/', cookie)).body), 'Nothing needs attention.')
  await engine.holds.suspend({ job: 'acme/eod', who: 'ana', why: 'the site is being moved' })
  await push('b', { [eod]: (text) => `${text}sometimes: true\n` })
  clock.jump(2000)
  const text = textOf((await get('/operators/', cookie)).body)
  t.match(text, '1 job that does not compile')
  t.match(text, 'jobsd resume acme/eod --why WHY')
  t.match(text, `Revision attempted ${commitOf('b')} Revision applied in full ${commitOf('a')}`)
})

const quiet: OperatorsInput = {
  now: '2026-11-23T20:15:00.000Z',
  trouble: null,
  revision: { attempted: 'a', applied: 'a', source: '/config' },
  source: { ok: true, message: '', lastReadAt: null },
  syncs: [],
  jobs: [],
  failed: [],
  unfinished: [],
  settings: null,
  breakers: [],
  deliveries: [],
  expectations: [],
  returned: [],
}

t.test('jobs that wait for files say for what, and are no trouble', async (t) => {
  const message = 'await waits for share:/in/a.csv since 2026-11-23 18:30'
  const job = { job: 'acme/eod', sync: 'Synced', reason: 'RunInProgress', message, holds: [] } as const
  const text = textOf(renderOperatorsPage({ ...quiet, jobs: [{ ...job, health: 'Progressing' }] }))
  t.match(text, `Jobs that wait for files Job For what, since when and until when acme/eod ${message}`)
  t.match(text, 'Nothing needs attention.')
  t.notMatch(textOf(renderOperatorsPage(quiet)), 'wait for files')
})

t.test('each trouble has its line above, its table below and its command', async (t) => {
  const at = '2026-11-23T19:00:00.000Z'
  const html = renderOperatorsPage({
    ...quiet,
    trouble: 'the disk is full',
    failed: [{ id: 'run1', job: 'acme/eod', callCenter: 'dallas', endedAt: at }],
    deliveries: [
      {
        job: 'acme/eod',
        runId: 'run1',
        step: 'upload',
        target: "sftp:acme:/out/it's here.csv",
        state: 'in-doubt',
        note: '<b>gone</b>',
        at,
      },
    ],
    breakers: [{ connection: 'acme-sftp', failures: 5, reason: 'cannot reach it', until: at }],
    expectations: [{ job: 'acme/eod', at, outcome: 'missing' }],
    returned: [
      {
        connection: 'mail',
        address: 'ann@acme.example',
        client: 'acme',
        count: 3,
        firstAt: at,
        lastAt: at,
        status: '5.1.1',
        diagnostic: '550 <b>unknown</b>',
      },
    ],
    unfinished: [
      { client: 'acme', state: 'running' },
      { client: 'acme', state: 'queued' },
    ],
  })
  const text = textOf(html)
  t.match(text, '1 recipient whose mails came back')
  t.match(text, 'jobsd bounces --clear ann@acme.example --connection mail --why')
  t.match(html, '550 &lt;b&gt;unknown')
  for (const line of [
    'the disk is full',
    '1 job failed in its last run',
    '1 delivery failed or in doubt',
    '1 expectation late or missing',
    '1 connection left alone',
    'acme/eod (dallas) Mon 23 Nov 2026, 19:00 jobsd runs run1',
    'acme-sftp 5 Mon 23 Nov 2026, 19:00 cannot reach it',
    'Runs waiting 1 Runs under way 1',
  ])
    t.match(text, line)
  t.match(
    html,
    'jobsd resend run1 --target &#x27;sftp:acme:/out/it&#x27;\\&#x27;&#x27;s here.csv&#x27; --why WHY',
  )
  t.match(html, '&lt;b&gt;gone&lt;/b&gt;')
})
