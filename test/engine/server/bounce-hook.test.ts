import { createHmac } from 'node:crypto'
import t, { type Test } from 'tap'
import { Secret } from '../../../engine/core/secret.ts'
import type { Engine } from '../../../engine/runtime/engine.ts'
import { createHttpServer } from '../../../engine/server/http.ts'
import { sign } from '../../../engine/server/signature.ts'
import { createBounceStage, watch } from '../../fakes/bounce-stage.ts'
import { absenceNote, postfixReport } from '../../fakes/returned-mails.ts'

const secret = new Secret('whsec_ZWluIGdlaGVpbW5pcw==')
const ann = 'ann@acme.example'

async function createStage(t: Test, { isReady = true } = {}) {
  const stage = await createBounceStage(t)
  stage.bounces.use([{ ...watch, mailbox: null }])
  const asked: string[] = []
  const server = createHttpServer({
    engine: { isReady: () => isReady, bounces: stage.bounces } as unknown as Engine,
    clock: stage.clock,
    log: stage.log,
    keys: async () => [],
    hookSecret: async () => undefined,
    async bounceSecret(name) {
      asked.push(name)
      return secret
    },
    operatorsToken: undefined,
  })
  t.teardown(() => server.close())
  async function post(payload: Buffer | string, headers: Record<string, string> = {}, connection = 'mail') {
    const signature = createHmac('sha256', secret.reveal()).update(payload).digest('hex')
    const answer = await server.inject({
      method: 'POST',
      url: `/v1/hooks/bounces/${connection}`,
      headers: { 'x-signature-256': `sha256=${signature}`, 'content-type': 'message/rfc822', ...headers },
      payload,
    })
    return { status: answer.statusCode, body: answer.json(), headers: answer.headers }
  }
  const json = (body: unknown) => post(JSON.stringify(body), { 'content-type': 'application/json' })
  return { ...stage, server, asked, post, json }
}

t.test('a returned mail that is posted flags its recipient once', async (t) => {
  const { post, send, bounces, asked, clock, alerts } = await createStage(t)
  const { run, messageId } = await send()
  const mail = postfixReport({ messageId, recipient: ann })
  t.match(await post(mail), { status: 202, body: { recorded: 1, known: 0 } })
  t.match(await post(mail), { status: 202, body: { recorded: 0, known: 1 } }, 'a replay does nothing')
  const timestamp = String(Math.floor(clock.now().getTime() / 1000))
  const standard = {
    'x-signature-256': '',
    'webhook-id': 'm1',
    'webhook-timestamp': timestamp,
    'webhook-signature': sign(secret, { id: 'm1', timestamp, body: mail }),
  }
  t.match(await post(mail, standard), { status: 202 }, 'Standard Webhooks as well')
  t.match(await bounces.list(), {
    recipients: [{ address: ann, count: 1 }],
    last: [{ source: 'hook', outcome: 'returned', runId: run.id }],
  })
  t.equal((await alerts()).length, 1)
  t.ok(asked.every((name) => name === 'mail-bounces'))
})

t.test('a provider tells by JSON, one return or several', async (t) => {
  const { json, send, bounces } = await createStage(t)
  const { messageId } = await send()
  // As from Amazon SES: its bouncedRecipients, with the Message-ID of the mail's own headers.
  const ses = {
    messageId: messageId.slice(1, -1),
    recipient: ann,
    action: 'failed',
    status: '5.1.1',
    diagnostic: 'smtp; 550 5.1.1\nuser unknown',
  }
  const late = { messageId, recipient: 'bob@acme.example', action: 'delayed' }
  t.match(await json([ses, late]), { status: 202, body: { recorded: 2, known: 0 } })
  t.match(await json({ ...ses, messageId: '<x@y.example>' }), { status: 202, body: { recorded: 1 } })
  const { recipients, last } = await bounces.list()
  t.match(recipients, [{ address: ann, count: 1, diagnostic: 'smtp; 550 5.1.1 user unknown' }])
  t.same(last.map(({ outcome }) => outcome).sort(), ['noted', 'returned', 'unmatched'])

  const wrong: [body: unknown, error: string][] = [
    [{ ...ses, recipient: undefined }, 'recipient is no text of 1 to 254 characters'],
    [{ ...ses, messageId: 'x'.repeat(251) }, 'messageId is no text of 1 to 250 characters'],
    [{ ...ses, action: 'bounced' }, 'action is none of failed, delayed, delivered, relayed, expanded'],
    [{ ...ses, status: '550' }, 'status is no enhanced status code, such as 5.1.1'],
    [{ ...ses, diagnostic: 1 }, 'diagnostic is no text of at most 10,000 characters'],
    [
      { ...ses, client: 'borealis' },
      'a bounce has a field that is not known; it has messageId, recipient, action, status, diagnostic',
    ],
    [[], 'the body has 0 bounces; 1 to 100 are taken'],
    [Array.from({ length: 101 }, () => ses), 'the body has 101 bounces; 1 to 100 are taken'],
    ['x', 'a bounce is no object'],
    [null, 'a bounce is no object'],
  ]
  for (const [body, error] of wrong) t.match(await json(body), { status: 400, body: { error } }, error)
  t.equal((await bounces.list()).last.length, 3, 'of a wrong body nothing is recorded')
})

t.test('whoever is not signed learns nothing and costs nothing', async (t) => {
  const { post, server, bounces, send } = await createStage(t)
  const { messageId } = await send()
  const mail = postfixReport({ messageId, recipient: ann })
  t.match(await post(mail, { 'x-signature-256': `sha256=${'0'.repeat(64)}` }), { status: 401 })
  t.match(await post(mail, { 'x-signature-256': '' }), { status: 401, body: { error: 'it is not signed' } })
  const unknown = await post(mail, {}, 'warehouse')
  const elsewhere = await server.inject({ method: 'POST', url: '/v1/nowhere', payload: mail })
  t.match(unknown, { status: 404, body: elsewhere.json() }, 'as if it were not there')
  t.match(await post(Buffer.alloc(1024 * 1024 + 1)), { status: 413 })
  t.match(await post('{'), { status: 400, body: { error: 'it is no mail: it begins with no header' } })
  t.match(await post('{', { 'content-type': 'application/json' }), {
    status: 400,
    body: { error: 'the body is no JSON' },
  })
  t.match(await post(absenceNote()), { status: 202, body: { recorded: 1 } })
  t.same((await bounces.list()).recipients, [])
  bounces.use([])
  t.match(await post(mail), { status: 404 }, 'nor where the connection has none any more')
})

t.test('what is signed is taken 300 times at once, and 10 times a second', async (t) => {
  const { json, clock } = await createStage(t)
  const body = { messageId: '<x@y.example>', recipient: ann, action: 'failed' }
  for (let count = 0; count < 300; count++) await json(body)
  t.match(await json(body), { status: 429, headers: { 'retry-after': '5' } })
  clock.jump(1000)
  t.match(await json(body), { status: 202 })
})

t.test('while nothing can be recorded it says so', async (t) => {
  const { post } = await createStage(t, { isReady: false })
  t.match(await post(postfixReport()), { status: 503, headers: { 'retry-after': '5' } })
})
