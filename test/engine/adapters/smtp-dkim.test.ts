import { createHash, createPublicKey, createVerify, generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { createSmtpMailer } from '../../../engine/adapters/smtp-mailer.ts'
import type { SmtpConnection } from '../../../engine/core/manifest.ts'
import { Secret } from '../../../engine/core/secret.ts'
import { startSmtpServer } from '../../../scripts/demo/smtp-server.ts'

const never = new AbortController().signal
const pem = { type: 'pkcs8', format: 'pem' } as const
const rsa = (bits: number) =>
  generateKeyPairSync('rsa', { modulusLength: bits }).privateKey.export(pem).toString()
const message = {
  messageId: '<a@platform.example>',
  date: new Date('2026-11-22T12:00:00Z'),
  to: ['ops@acme.example'],
  cc: [],
  bcc: [],
  replyTo: null,
  subject: 'Grüße  an   alle',
  priority: 'high' as const,
  html: '<p>Grüße</p>',
  text: 'Grüße  \n.\nafter a lone dot\n\n\n',
  headers: { 'List-Id': '<eod.acme.platform.example>' },
  attachments: [],
}

/** Sends one mail through a real server and returns what that got. */
async function receive(privateKey: string): Promise<string> {
  const server = await startSmtpServer()
  try {
    const connection: SmtpConnection = {
      ...{ apiVersion: 'jobsd/v1', kind: 'Connection', name: 'mail', type: 'smtp', host: '127.0.0.1' },
      ...{ port: server.port, security: 'none', from: 'reports@platform.example' },
      dkim: { domain: 'platform.example', selector: 'jobsd', privateKey: { secret: 'mail-dkim' } },
    }
    const mailer = createSmtpMailer(connection, { secrets: { resolve: async () => new Secret(privateKey) } })
    await mailer.send(message, async () => undefined, never)
    return server.messages[0]!.raw.toString('latin1')
  } finally {
    await server.close()
  }
}

/** RFC 6376, 3.4.2 and 3.4.4, written from its text and apart from what signed. */
function verify(
  raw: string,
  privateKey: string,
): { body: boolean; head: boolean; tags: Map<string, string> } {
  const cut = raw.indexOf('\r\n\r\n')
  const fields = raw.slice(0, cut).split(/\r\n(?![ \t])/)
  const relax = (field: string): string => {
    const colon = field.indexOf(':')
    const value = field.slice(colon + 1).replaceAll('\r\n', '')
    return `${field.slice(0, colon).trim().toLowerCase()}:${value.replace(/[ \t]+/g, ' ').trim()}`
  }
  const signature = fields.find((field) => field.startsWith('DKIM-Signature:'))!
  const tags = new Map(
    relax(signature)
      .slice('dkim-signature:'.length)
      .split(';')
      .map((tag): [string, string] => {
        const equals = tag.indexOf('=')
        return [tag.slice(0, equals).trim(), tag.slice(equals + 1).replace(/ /g, '')]
      }),
  )
  const lines = raw.slice(cut + 4).split('\r\n')
  const relaxed = lines.map((line) => line.replace(/[ \t]+/g, ' ').replace(/ $/, ''))
  const body = `${relaxed.join('\r\n').replace(/(\r\n)*$/, '')}\r\n`
  const signed = tags.get('h')!.split(':')
  const heads = signed.map((name) =>
    relax(fields.find((field) => field.toLowerCase().startsWith(`${name}:`))!),
  )
  const unsigned = relax(signature.replace(/(;\s*b=)[^;]*/, '$1'))
  const check = createVerify('RSA-SHA256').update(`${heads.join('\r\n')}\r\n${unsigned}`, 'latin1')
  return {
    body: createHash('sha256').update(body, 'latin1').digest('base64') === tags.get('bh'),
    head: check.verify(createPublicKey(privateKey), tags.get('b')!, 'base64'),
    tags,
  }
}

t.test('a signed mail verifies with the public key, and a changed one does not', async (t) => {
  const key = rsa(2048)
  const raw = await receive(key)
  const { body, head, tags } = verify(raw, key)
  t.same([body, head], [true, true])
  t.same([tags.get('d'), tags.get('s'), tags.get('c')], ['platform.example', 'jobsd', 'relaxed/relaxed'])
  for (const name of ['from', 'to', 'subject', 'date', 'message-id', 'list-id']) {
    t.ok(tags.get('h')?.split(':').includes(name), `${name} is signed`)
  }
  t.equal(verify(raw.replace('after a lone dot', 'after a long dot'), key).body, false)
  t.equal(verify(raw.replace('ops@acme.example', 'ops@other.example'), key).head, false)
  t.equal(verify(raw, rsa(2048)).head, false)
})

t.test('a key that cannot sign sends nothing, and no word of it is told', async (t) => {
  const ed25519 = generateKeyPairSync('ed25519').privateKey.export(pem).toString()
  for (const key of ['canary-4711 no key', ed25519]) {
    const failure: Error = await receive(key).then(
      () => t.fail('the mail was sent'),
      (error) => error,
    )
    t.match(failure, { code: 'AUTH_REFUSED', retry: false })
    t.notMatch(String(failure.cause), /canary|BEGIN/)
  }
})

t.test('a mail says how urgent it is, and that no absence note is wanted', async (t) => {
  const raw = await receive(rsa(2048))
  t.match(raw, /^Importance: high\r$/im)
  t.match(raw, /^X-Auto-Response-Suppress: OOF, AutoReply\r$/m)
  t.match(raw, /^List-Id: <eod\.acme\.platform\.example>\r$/im)
})
