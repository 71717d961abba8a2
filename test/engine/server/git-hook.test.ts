import { createHmac } from 'node:crypto'
import t, { type Test } from 'tap'
import { JobsdError } from '../../../engine/core/errors.ts'
import { Secret } from '../../../engine/core/secret.ts'
import type { Engine } from '../../../engine/runtime/engine.ts'
import { createHookSecret } from '../../../engine/server/git-hook.ts'
import { createHttpServer } from '../../../engine/server/http.ts'
import { sign } from '../../../engine/server/signature.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { startSmallEngine } from '../../fakes/small-engine.ts'

const secret = new Secret('whsec_ZWluIGdlaGVpbW5pcw==')
const nowSeconds = String(Date.parse('2026-11-22T12:00:00Z') / 1000)
// Not JSON, and not even UTF-8: nobody may look into it.
const body = Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x0a])

function serve(
  t: Test,
  engine: Pick<Engine, 'reload'>,
  hookSecret = async () => secret as Secret | undefined,
) {
  const server = createHttpServer({
    engine: { isReady: () => true, ...engine } as unknown as Engine,
    clock: createManualClock('2026-11-22T12:00:00Z'),
    log: createMemoryLog(),
    keys: async () => [],
    hookSecret,
    operatorsToken: undefined,
  })
  t.teardown(() => server.close())
  return (headers: Record<string, string>, payload: Buffer | string = body) =>
    server.inject({ method: 'POST', url: '/v1/hooks/git', headers, payload })
}

function createStage(t: Test) {
  const state = { reloads: 0 }
  const post = serve(t, {
    reload() {
      state.reloads += 1
    },
  })
  return { state, post }
}

function hmac(bytes: Buffer = body, algorithm = 'sha256'): string {
  return createHmac(algorithm, secret.reveal()).update(bytes).digest('hex')
}

function standard(timestamp: string): Record<string, string> {
  const signature = sign(secret, { id: 'm1', timestamp, body })
  return { 'webhook-id': 'm1', 'webhook-timestamp': timestamp, 'webhook-signature': signature }
}

const signed: [string, Record<string, string>][] = [
  ['GitHub', { 'x-hub-signature-256': `sha256=${hmac()}` }],
  ['Gitea', { 'x-gitea-signature': hmac(), 'content-type': 'application/json' }],
  ['Forgejo', { 'x-forgejo-signature': hmac() }],
  ['Gogs', { 'x-gogs-signature': hmac().toUpperCase() }],
  ['GitLab', { 'x-gitlab-token': secret.reveal(), 'content-type': 'application/x-www-form-urlencoded' }],
  ['anything', { 'x-signature-256': `sha256=${hmac()}`, 'content-type': 'text/xml; charset=latin1' }],
  ['Standard Webhooks', standard(nowSeconds)],
  ['several, of which one is right', { 'x-gogs-signature': 'f'.repeat(64), 'x-gitea-signature': hmac() }],
]

for (const [name, headers] of signed) {
  t.test(`a hook signed as by ${name} makes the engine read the source, whatever its body is`, async (t) => {
    const { post, state } = createStage(t)
    const answer = await post(headers)
    t.equal(answer.statusCode, 202)
    t.same(answer.json(), { hint: true })
    t.equal(state.reloads, 1)
  })
}

t.test('a hook without a right signature is refused and does nothing', async (t) => {
  const { post, state } = createStage(t)
  const other = Buffer.from('other')
  const refused: [string, Record<string, string>][] = [
    ['nothing', {}],
    ['the signature of another body', { 'x-hub-signature-256': `sha256=${hmac(other)}` }],
    ['half a signature', { 'x-hub-signature-256': `sha256=${hmac().slice(0, 32)}` }],
    ['a signature without its prefix', { 'x-hub-signature-256': hmac() }],
    ['the old header of GitHub', { 'x-hub-signature': `sha1=${hmac(body, 'sha1')}` }],
    ['a token that begins right', { 'x-gitlab-token': secret.reveal().slice(0, -1) }],
    ['a longer token', { 'x-gitlab-token': `${secret.reveal()}x` }],
    ['an empty token', { 'x-gitlab-token': '' }],
    ['the signature in the header of the token', { 'x-gitlab-token': hmac() }],
    ['a signature from six minutes ago', standard(String(Number(nowSeconds) - 360))],
    [
      'a timestamp of its own',
      { ...standard(nowSeconds), 'webhook-timestamp': String(Number(nowSeconds) + 1) },
    ],
  ]
  for (const [name, headers] of refused) t.equal((await post(headers)).statusCode, 401, name)
  t.equal(state.reloads, 0)
})

t.test('a body may have 1 MiB; an unsigned one is not even read', async (t) => {
  const { post, state } = createStage(t)
  const big = Buffer.alloc(1024 * 1024, 'x')
  const over = Buffer.alloc(1024 * 1024 + 1, 'x')
  t.equal((await post({ 'x-gitea-signature': hmac(big) }, big)).statusCode, 202)
  t.equal((await post({ 'x-gitea-signature': hmac(over) }, over)).statusCode, 413)
  t.equal((await post({}, over)).statusCode, 401)
  t.equal(state.reloads, 1)
})

t.test('without a secret there is no such route', async (t) => {
  let reloads = 0
  const reload = () => void reloads++
  const post = serve(t, { reload }, async () => undefined)
  const answer = await post({ 'x-gitea-signature': hmac() })
  t.match([answer.statusCode, answer.json()], [404, { error: 'not found' }])
  t.equal(reloads, 0)
})

t.test('the secret is read once in 10 s, and trouble with it is told once', async (t) => {
  const clock = createManualClock('2026-11-22T12:00:00Z')
  const log = createMemoryLog()
  const asked: string[] = []
  let answer: Secret | Error = new JobsdError('SECRET_MISSING', {
    name: 'git-webhook',
    variable: 'GIT_WEBHOOK',
  })
  const secrets = {
    async resolve(name: string) {
      asked.push(name)
      if (answer instanceof Error) throw answer
      return answer
    },
  }
  const find = createHookSecret({ secrets, clock, log })
  for (let round = 0; round < 100; round++) t.equal(await find(), undefined)
  t.same([asked, log.lines], [['git-webhook'], []], 'one that is not set is nothing to tell')
  answer = new JobsdError('SECRET_EXPOSED', { name: 'git-webhook' })
  for (let round = 0; round < 3; round++) {
    clock.jump(10_000)
    t.equal(await find(), undefined)
  }
  t.same(log.lines, ['error: the secret of hooks cannot be used'])
  answer = secret
  t.equal(await find(), undefined, 'not before the 10 s are over')
  clock.jump(10_000)
  t.equal(await find(), secret)
  t.equal(asked.length, 5)
})

t.test('a hundred hooks while the source is read make one more read', async (t) => {
  const { engine, state, until, clock } = await startSmallEngine(t)
  await clock.asleep()
  const before = state.reads
  const gate = Promise.withResolvers<void>()
  state.gate = gate.promise
  const post = serve(t, engine)
  const answers = await Promise.all(
    Array.from({ length: 100 }, async () => (await post({ 'x-gitea-signature': hmac() })).statusCode),
  )
  t.same(new Set(answers), new Set([202]))
  gate.resolve()
  await until(() => state.reads > before + 1)
  await clock.asleep()
  t.equal(state.reads, before + 2, 'the one that was under way, and one for all that came meanwhile')
})
