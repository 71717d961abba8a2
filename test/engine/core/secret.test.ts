import { inspect } from 'node:util'
import t from 'tap'
import { JobsdError } from '../../../engine/core/errors.ts'
import { hideSecrets, Secret } from '../../../engine/core/secret.ts'

t.test('a box shows nothing of what is in it', async (t) => {
  const secret = new Secret('canary-1f9c')
  for (const text of [
    String(secret),
    JSON.stringify({ secret }),
    inspect({ secret }, { showHidden: true }),
  ]) {
    t.notMatch(text, /canary/)
    t.match(text, /\[secret\]/)
  }
  t.equal(secret.reveal(), 'canary-1f9c')
})

t.test('what was opened once is hidden in any text, however a server spells it', async (t) => {
  const value = 'pa"ss/wörd+77 x'
  const before = `it is ${value}`
  t.equal(hideSecrets(before), before, 'nobody was told it yet')
  new Secret(value).reveal()
  const inBase64 = (text: string) => Buffer.from(text).toString('base64')
  const spelled = [
    value,
    JSON.stringify(value),
    encodeURIComponent(value),
    Buffer.from(value).toString('hex'),
    Buffer.from(value).toString('hex').toUpperCase(),
    ...['', 'a', 'ab', 'abc', '\0user\0'].flatMap((user) => [
      inBase64(user + value),
      inBase64(`${user}${value}tail`),
      Buffer.from(user + value).toString('base64url'),
    ]),
  ]
  for (const each of spelled) {
    const shown = hideSecrets(`535 no ${each}!`)
    t.match(shown, /^535 no .{0,16}\[secret\].{0,12}!$/, each)
    t.ok(each.length < 8 || !shown.includes(each.slice(4, -4)), each)
  }
})

t.test('a short value is left alone: it is in any text by chance', async (t) => {
  new Secret('the').reveal()
  t.equal(hideSecrets('the mail'), 'the mail')
})

t.test('no error tells a secret that was opened', async (t) => {
  new Secret('hunter2-hunter2').reveal()
  const error = new JobsdError('MAIL_REFUSED', { connection: 'mail', reason: '550 not for hunter2-hunter2' })
  t.match(error.message, '550 not for [secret]')
  t.notMatch(inspect(error, { depth: 9 }), /hunter2/)
})
