import { generateKeyPairSync } from 'node:crypto'
import { inspect } from 'node:util'
import ssh2 from 'ssh2'
import t from 'tap'
import { legacyAlgorithms } from '../../../engine/adapters/sftp-algorithms.ts'
import { generateSshKey } from '../../../scripts/demo/ssh-key.ts'
import { failureOf, never, stageSftp } from '../../fakes/sftp-stage.ts'

const canary = 'canary-4711'

t.test('a changed host key is told with the one it showed, and no credential leaves', async (t) => {
  const { server, files } = await stageSftp(t, { connection: { hostKeys: [`SHA256:${'A'.repeat(43)}`] } })
  const error = await failureOf(files.list('/', never))
  t.match(error, { code: 'HOST_KEY_CHANGED', details: { shown: server.hostKeyFingerprint } })
  t.same(server.logins, [], 'not even a user name')
  t.notMatch(inspect(error, { depth: 9, showHidden: true }), canary)
})

t.test('while a host key is changed, both the old and the new one are taken', async (t) => {
  const old = `SHA256:${'A'.repeat(43)}`
  const key = generateSshKey()
  const { server, open } = await stageSftp(t, { hostKeys: [key.private] })
  const both = await stageSftp(t, {
    hostKeys: [key.private],
    connection: { hostKeys: [old, server.hostKeyFingerprint] },
  })
  t.same(await both.files.list('/', never), [])
  t.same(await open().list('/', never), [])
})

t.test('the key goes first and the password only to a server that wants it too', async (t) => {
  const key = generateSshKey()
  const seen: string[] = []
  const { files } = await stageSftp(t, {
    secrets: { key: key.private },
    connection: { privateKey: { secret: 'key' } },
    script: {
      ways: ['publickey', 'password'],
      login(context) {
        seen.push(context.method)
        return context.method === 'publickey'
      },
    },
  })
  t.same(await files.list('/', never), [])
  t.same([...new Set(seen)], ['none', 'publickey'])
})

t.test('a server that wants the key and then the password is given both', async (t) => {
  const key = generateSshKey()
  const seen: string[] = []
  const { files } = await stageSftp(t, {
    secrets: { key: key.private },
    connection: { privateKey: { secret: 'key' } },
    script: {
      ways: ['publickey'],
      login(context) {
        seen.push(context.method)
        if (context.method === 'password') return context.password === canary
        if (context.method !== 'publickey') return false
        if (context.signature === undefined) return true
        context.reject(['password'], true)
        return undefined
      },
    },
  })
  t.same(await files.list('/', never), [])
  t.equal(seen.at(-1), 'password')
})

t.test(
  'a password goes to a prompt where the server knows no other way, and nothing to further questions',
  async (t) => {
    const answers: string[][] = []
    const stage = (prompts: { prompt: string; echo: boolean }[]) =>
      stageSftp(t, {
        script: {
          ways: ['keyboard-interactive'],
          login(context) {
            if (context.method !== 'keyboard-interactive') return false
            context.prompt(prompts, (given) => {
              answers.push(given)
              if (given.includes(canary)) context.accept()
              else context.reject(['keyboard-interactive'])
            })
            return undefined
          },
        },
      })
    const hidden = { prompt: 'Password: ', echo: false }
    t.same(await (await stage([hidden])).files.list('/', never), [])
    t.same(answers.splice(0), [[canary]])
    for (const prompts of [[hidden, { prompt: 'Code: ', echo: false }], [{ prompt: 'Name: ', echo: true }]]) {
      t.match(await failureOf((await stage(prompts)).files.list('/', never)), { code: 'AUTH_REFUSED' })
      t.same(answers.splice(0), [prompts.map(() => '')])
    }
  },
)

t.test('a password that was refused is not sent a second time by another way', async (t) => {
  const { server, files } = await stageSftp(t, {
    script: { ways: ['password', 'keyboard-interactive'], login: () => false },
  })
  t.match(await failureOf(files.list('/', never)), { code: 'AUTH_REFUSED', retry: false })
  t.same(server.logins, ['none', 'password'])
})

t.test('an encrypted key opens with its passphrase, and without it nothing is sent', async (t) => {
  const key = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: canary },
  })
  const secrets = { key: key.privateKey, passphrase: canary, wrong: 'canary-wrong' }
  const connection = { privateKey: { secret: 'key' } }
  const script = {
    ways: ['publickey' as const],
    login: ({ method }: { method: string }) => method === 'publickey',
  }
  const good = await stageSftp(t, {
    secrets,
    script,
    connection: { ...connection, passphrase: { secret: 'passphrase' } },
  })
  t.same(await good.files.list('/', never), [])
  for (const more of [{}, { passphrase: { secret: 'wrong' } }]) {
    const { server, files } = await stageSftp(t, { secrets, script, connection: { ...connection, ...more } })
    const error = await failureOf(files.list('/', never))
    t.match(error, { code: 'AUTH_REFUSED' })
    t.notMatch(inspect(error, { depth: 9, showHidden: true }), /canary|PRIVATE/)
    t.same(server.logins, [])
  }
})

t.test('old algorithms are spoken only where the connection says so', async (t) => {
  const sets = {
    kex: { kex: ['diffie-hellman-group14-sha1'] },
    cipher: { cipher: ['aes128-cbc'] },
    hmac: { cipher: ['aes128-ctr'], hmac: ['hmac-sha1'] },
  }
  for (const [kind, algorithms] of Object.entries(sets)) {
    const script = { algorithms: algorithms as never }
    const plain = await stageSftp(t, { script })
    t.match(await failureOf(plain.files.list('/', never)), { code: 'ENDPOINT_UNREACHABLE' }, kind)
    t.same(plain.server.logins, [], kind)
    const legacy = await stageSftp(t, { script, connection: { legacyAlgorithms: true } })
    t.same(await legacy.files.list('/', never), [], kind)
  }
})

t.test('every algorithm that may be asked for is one that the library speaks', async (t) => {
  // It refuses a list with one that it does not know, so connecting at all says so.
  const { files } = await stageSftp(t, { connection: { legacyAlgorithms: true } })
  t.same(await files.list('/', never), [])
  t.ok(Object.values(legacyAlgorithms).every((names) => names.length > 0))
  t.type(ssh2.Client, 'function')
})
