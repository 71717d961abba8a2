import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { setDefaultCACertificates } from 'node:tls'
import { inspect } from 'node:util'
import { simpleParser } from 'mailparser'
import t, { type Test } from 'tap'
import { createSmtpMailer } from '../../../engine/adapters/smtp-mailer.ts'
import type { SmtpTimeouts } from '../../../engine/adapters/smtp-session.ts'
import type { MailMessage } from '../../../engine/core/contracts/endpoints.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { SmtpConnection } from '../../../engine/core/manifest.ts'
import { Secret } from '../../../engine/core/secret.ts'
import {
  type RunningSmtpServer,
  type SmtpServerOptions,
  startSmtpServer,
} from '../../../scripts/demo/smtp-server.ts'

const password = 'canary-4711-password'
const never = new AbortController().signal
const noMark = async (): Promise<void> => undefined

function connectionTo(port: number, changes: Partial<SmtpConnection> = {}): SmtpConnection {
  return {
    apiVersion: 'jobsd/v1',
    kind: 'Connection',
    name: 'mail',
    type: 'smtp',
    host: '127.0.0.1',
    port,
    security: 'none',
    from: 'reports@platform.example',
    fromName: 'Reports, Müller & Co',
    ...changes,
  }
}

function mailerTo(port: number, changes: Partial<SmtpConnection> = {}, timeouts: Partial<SmtpTimeouts> = {}) {
  return createSmtpMailer(connectionTo(port, changes), {
    secrets: { resolve: async () => new Secret(password) },
    timeouts: { connectMs: 10_000, idleMs: 10_000, answerMs: 10_000, ...timeouts },
  })
}

function mail(changes: Partial<MailMessage> = {}): MailMessage {
  return {
    messageId: `<${'5'.repeat(64)}@platform.example>`,
    date: new Date('2026-11-22T18:30:00.000Z'),
    to: ['ann@acme.example'],
    cc: [],
    bcc: [],
    replyTo: null,
    subject: 'Täglicher Bericht',
    html: '<p>Grüße</p>\n.\n<p>after a lone dot</p>',
    text: 'Grüße\n.\nafter a lone dot',
    attachments: [],
    ...changes,
  }
}

async function serve(test: Test, options: SmtpServerOptions = {}): Promise<RunningSmtpServer> {
  const server = await startSmtpServer(options)
  test.teardown(() => server.close())
  return server
}

async function failureOf(sending: Promise<unknown>): Promise<JobsdError> {
  try {
    await sending
  } catch (error) {
    if (error instanceof JobsdError) return error
    throw error
  }
  throw new Error('the mail was sent')
}

t.test('a mail arrives whole', async (t) => {
  const folder = t.testdir({ mails: {} })
  const csv = 'a;b\n1;2\r\nlast line without an end'
  const bytes = randomBytes(200_000)
  writeFileSync(join(folder, 'stored-1'), csv)
  writeFileSync(join(folder, 'stored-2'), bytes)
  writeFileSync(join(folder, 'stored-3'), '')
  const server = await serve(t, {
    folder: join(folder, 'mails'),
    users: [{ name: 'jobsd', password }],
  })
  const mailer = mailerTo(server.port, { username: 'jobsd', password: { secret: 'smtp-password' } })
  const message = mail({
    cc: ['cy@acme.example'],
    bcc: ['hidden@acme.example', 'ann@acme.example'],
    replyTo: 'care@platform.example',
    attachments: [
      { fileName: 'Übersicht 1.csv', mediaType: 'text/csv', localPath: join(folder, 'stored-1') },
      { fileName: 'all.bin', mediaType: 'message/rfc822', localPath: join(folder, 'stored-2') },
      { fileName: 'empty.txt', mediaType: 'text/plain', localPath: join(folder, 'stored-3') },
    ],
  })
  const receipt = await mailer.send(message, noMark, never)
  await mailer.send(message, noMark, never)
  const [received, again] = server.messages
  const parsed = await simpleParser(received!.raw)
  const header = received!.raw.subarray(0, received!.raw.indexOf('\r\n\r\n')).toString('latin1')

  t.strictSame(receipt.accepted, ['ann@acme.example', 'cy@acme.example', 'hidden@acme.example'])
  t.strictSame(receipt.rejected, [])
  t.match(receipt.response, /^250 /)
  t.strictSame(received!.to, receipt.accepted, 'everyone gets it once')
  t.equal(received!.from, 'reports@platform.example')
  t.strictSame(
    parsed.attachments.map((file) => [file.filename, file.contentType, file.contentDisposition]),
    [
      ['Übersicht 1.csv', 'text/csv', 'attachment'],
      ['all.bin', 'application/octet-stream', 'attachment'],
      ['empty.txt', 'text/plain', 'attachment'],
    ],
  )
  t.equal(parsed.attachments[0]!.content.toString(), csv, 'a text file keeps its line ends')
  t.ok(parsed.attachments[1]!.content.equals(bytes), 'bytes are the same')
  t.equal(parsed.attachments[2]!.content.length, 0)
  t.equal(parsed.subject, 'Täglicher Bericht')
  t.equal(parsed.from!.value[0]!.name, 'Reports, Müller & Co')
  t.match(parsed.text, /Grüße\n\.\nafter a lone dot/)
  t.match(parsed.html, /<p>Grüße<\/p>\n\.\n<p>/)
  t.equal(parsed.messageId, message.messageId)
  t.match(header, /^Date: Sun, 22 Nov 2026 18:30:00 \+0000\r?$/m)
  t.match(header, /^Auto-Submitted: auto-generated\r?$/m)
  t.notMatch(header, /X-Mailer/i)
  t.notMatch(received!.raw.toString('latin1'), /hidden@acme/, 'a blind copy is named nowhere')
  t.ok(received!.raw.equals(again!.raw), 'the same mail has the same bytes every time')
  t.strictSame(readdirSync(join(folder, 'mails')).sort(), [
    '1-ann@acme.example.eml',
    '2-ann@acme.example.eml',
  ])
  t.ok(readFileSync(join(folder, 'mails', '1-ann@acme.example.eml')).equals(received!.raw))
})

t.test('the server is given the end of a mail only after that was recorded', async (t) => {
  const server = await serve(t)
  const order: string[] = []
  const recorded = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const sending = mailerTo(server.port).send(
    mail(),
    async () => {
      asked.resolve()
      await recorded.promise
      order.push(`recorded, ${server.messages.length} received`)
    },
    never,
  )
  await asked.promise
  recorded.resolve()
  await sending
  order.push(`sent, ${server.messages.length} received`)
  t.strictSame(order, ['recorded, 0 received', 'sent, 1 received'])

  const lost = new JobsdError('RUN_LOST', { run: 'r1' })
  const refused = await failureOf(mailerTo(server.port).send(mail(), () => Promise.reject(lost), never))
  t.equal(refused, lost, 'a mail that could not be recorded is not sent')
  t.equal(refused.code, 'RUN_LOST')
  t.equal(server.messages.length, 1)
})

t.test('a server that takes some recipients only', async (t) => {
  const server = await serve(t, {
    hooks: {
      recipient: (address) => {
        if (address.startsWith('no')) return { code: 550, text: `5.1.1 no such user ${address}` }
        return address.startsWith('later') ? { code: 451, text: '4.7.1 greylisted' } : undefined
      },
    },
  })
  const mailer = mailerTo(server.port)
  const receipt = await mailer.send(mail({ to: ['no@acme.example', 'ann@acme.example'] }), noMark, never)
  t.strictSame(receipt.accepted, ['ann@acme.example'])
  t.equal(receipt.rejected.length, 1)
  t.equal(receipt.rejected[0]!.address, 'no@acme.example')
  t.match(receipt.rejected[0]!.response, /^550 .*no such user/)

  let asked = 0
  const count = async () => {
    asked += 1
  }
  const none = await failureOf(
    mailer.send(mail({ to: ['no@acme.example', 'later@x.example'] }), count, never),
  )
  t.equal(none.code, 'MAIL_REFUSED')
  const later = await failureOf(
    mailer.send(mail({ to: ['later@a.example', 'later@b.example'] }), count, never),
  )
  t.equal(later.code, 'TARGET_BUSY')
  t.match(later.message, /greylisted/)
  t.equal(asked, 0, 'a mail that nobody gets is never marked as sent')
  t.equal(server.messages.length, 1)
})

t.test('how a session ends decides what is known', async (t) => {
  const cases: {
    title: string
    options: SmtpServerOptions
    code: string
    marked: boolean
    changes?: Partial<SmtpConnection>
  }[] = [
    {
      title: 'a passing refusal of the whole mail is worth another attempt',
      options: { hooks: { message: () => ({ code: 451, text: 'try later' }) } },
      code: 'TARGET_BUSY',
      marked: true,
    },
    {
      title: 'a lasting refusal of the whole mail is not',
      options: { hooks: { message: () => ({ code: 554, text: 'looks like spam' }) } },
      code: 'MAIL_REFUSED',
      marked: true,
    },
    {
      title: 'a connection lost after the whole mail leaves it in doubt',
      options: { hooks: { message: () => 'drop' } },
      code: 'MAIL_IN_DOUBT',
      marked: true,
    },
    {
      title: 'a connection lost among the recipients leaves no doubt',
      options: { hooks: { recipient: () => 'drop' } },
      code: 'ENDPOINT_UNREACHABLE',
      marked: false,
    },
    {
      title: 'a connection lost before the greeting leaves no doubt',
      options: { hooks: { connect: () => 'drop' } },
      code: 'ENDPOINT_UNREACHABLE',
      marked: false,
    },
    {
      title: 'a greeting that asks for patience is worth another attempt',
      options: { hooks: { connect: () => ({ code: 421, text: 'too many' }) } },
      code: 'TARGET_BUSY',
      marked: false,
    },
    {
      title: 'wrong credentials are told as such',
      options: { users: [{ name: 'jobsd', password: 'another' }] },
      code: 'AUTH_REFUSED',
      marked: false,
      changes: { username: 'jobsd', password: { secret: 'smtp-password' } },
    },
    {
      title: 'STARTTLS that is required but not offered fails',
      options: {},
      code: 'ENDPOINT_UNREACHABLE',
      marked: false,
      changes: { security: 'starttls' },
    },
  ]
  for (const { title, options, code, marked, changes } of cases) {
    await t.test(title, async (t) => {
      const server = await serve(t, options)
      let wasMarked = false
      const mark = async () => {
        wasMarked = true
      }
      const failure = await failureOf(mailerTo(server.port, changes).send(mail(), mark, never))
      t.equal(failure.code, code)
      t.equal(wasMarked, marked)
      t.notMatch(inspect(failure, { depth: 9, showHidden: true }), password)
    })
  }
})

t.test('a connection lost in the middle of a large mail leaves no doubt', async (t) => {
  const folder = t.testdir({ stored: 'x'.repeat(3_000_000) })
  const server = await serve(t, { hooks: { body: () => 'drop' } })
  const attachments = [{ fileName: 'a.txt', mediaType: 'text/plain', localPath: join(folder, 'stored') }]
  const failure = await failureOf(mailerTo(server.port).send(mail({ attachments }), noMark, never))
  t.equal(failure.code, 'ENDPOINT_UNREACHABLE')
  t.ok(failure.retry)
  t.equal(server.messages.length, 0)
})

t.test('a server that falls silent', async (t) => {
  const silent = () => new Promise<undefined>(() => undefined)
  const early = await serve(t, { hooks: { recipient: silent } })
  let marked = false
  const mark = async () => {
    marked = true
  }
  const timeout = await failureOf(mailerTo(early.port, {}, { idleMs: 300 }).send(mail(), mark, never))
  t.equal(timeout.code, 'ENDPOINT_TIMEOUT')
  t.equal(timeout.details.timeoutMs, 300)
  t.notOk(marked, 'a mail whose recipients nobody accepted yet is not marked as sent')

  const late = await serve(t, { hooks: { message: silent } })
  const doubt = await failureOf(mailerTo(late.port, {}, { answerMs: 300 }).send(mail(), noMark, never))
  t.equal(doubt.code, 'MAIL_IN_DOUBT')

  const slow = await serve(t, {
    hooks: {
      message: async () => {
        await setTimeout(900)
        return undefined
      },
    },
  })
  const receipt = await mailerTo(slow.port, {}, { idleMs: 300 }).send(mail(), noMark, never)
  t.strictSame(receipt.accepted, ['ann@acme.example'], 'a server may think longer about a whole mail')

  const mute = createServer().listen(0, '127.0.0.1')
  await once(mute, 'listening')
  t.teardown(() => mute.close())
  const address = mute.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const greeting = await failureOf(mailerTo(port, {}, { connectMs: 300 }).send(mail(), noMark, never))
  t.equal(greeting.code, 'ENDPOINT_TIMEOUT')
})

t.test('a server that is not there is unreachable', async (t) => {
  const server = await startSmtpServer()
  await server.close()
  const failure = await failureOf(mailerTo(server.port).send(mail(), noMark, never))
  t.equal(failure.code, 'ENDPOINT_UNREACHABLE')
  t.match(failure.message, /ECONNREFUSED/)
})

t.test('a server that answers before it has the whole mail is not believed', async (t) => {
  const replies: Record<string, string> = {
    EHLO: '250 hello',
    MAIL: '250 ok',
    RCPT: '250 ok',
    DATA: '354 go on\r\n250 taken already',
  }
  const hasty = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.write('220 hasty\r\n')
    socket.on('data', (line) => {
      const reply = replies[line.toString().slice(0, 4)]
      if (reply) socket.write(`${reply}\r\n`)
    })
  }).listen(0, '127.0.0.1')
  await once(hasty, 'listening')
  t.teardown(() => hasty.close())
  const address = hasty.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const recordSlowly = async () => {
    for (let turn = 0; turn < 50; turn += 1) await setImmediate()
  }
  const sending = mailerTo(port).send(mail(), recordSlowly, never)
  const failure = await failureOf(sending)
  t.equal(failure.code, 'ENDPOINT_UNREACHABLE')
})

t.test('an aborted send', async (t) => {
  const reason = new JobsdError('STEP_TIMEOUT', { step: 'mail', timeoutMs: 1 })
  const before = new AbortController()
  const waiting = await serve(t, {
    hooks: {
      recipient: () => {
        before.abort(reason)
        return new Promise<undefined>(() => undefined)
      },
    },
  })
  t.equal(await failureOf(mailerTo(waiting.port).send(mail(), noMark, before.signal)), reason)

  const after = new AbortController()
  const late = await serve(t, {
    hooks: {
      message: () => {
        after.abort(reason)
        return new Promise<undefined>(() => undefined)
      },
    },
  })
  const doubt = await failureOf(mailerTo(late.port).send(mail(), noMark, after.signal))
  t.equal(doubt.code, 'MAIL_IN_DOUBT', 'too late: the server has the mail')

  const during = new AbortController()
  const server = await serve(t)
  const aborted = await failureOf(
    mailerTo(server.port).send(mail(), async () => during.abort(reason), during.signal),
  )
  t.equal(aborted, reason)
  t.equal(server.messages.length, 0, 'an abort while the mail was being recorded keeps it back')

  t.equal(await failureOf(mailerTo(server.port).send(mail(), noMark, AbortSignal.abort(reason))), reason)
})

t.test('a closed mailer ends what is under way', async (t) => {
  const mailer: { close(): Promise<void>; send: ReturnType<typeof mailerTo>['send'] }[] = []
  const server = await serve(t, {
    hooks: {
      recipient: async () => {
        await mailer[0]!.close()
        return undefined
      },
    },
  })
  mailer.push(mailerTo(server.port))
  const failure = await failureOf(mailer[0]!.send(mail(), noMark, never))
  t.equal(failure.code, 'ENDPOINT_UNREACHABLE')
})

t.test('what is not one plain address is refused before anything is sent', async (t) => {
  const server = await serve(t)
  const mailer = mailerTo(server.port)
  const bad = [
    'a@x.example\r\nBcc: evil@z.example',
    'a@x.example, evil@z.example',
    'group: a@x.example;',
    'Ann <a@x.example>',
    'a@x.example\0',
    '"a b"@x.example',
    'a@x.example> SIZE=1',
    'nobody',
    '',
  ]
  for (const address of bad) {
    for (const field of ['to', 'cc', 'bcc'] as const) {
      const failure = await failureOf(mailer.send(mail({ [field]: [address] }), noMark, never))
      t.equal(failure.code, 'MAIL_REFUSED', `${field} ${JSON.stringify(address)}`)
    }
  }
  const reply = await failureOf(mailer.send(mail({ replyTo: 'a@x.example\nX: y' }), noMark, never))
  t.equal(reply.code, 'MAIL_REFUSED')
  const many = Array.from({ length: 51 }, (_, index) => `user${index}@acme.example`)
  t.equal((await failureOf(mailer.send(mail({ to: many }), noMark, never))).code, 'MAIL_REFUSED')
  t.equal((await failureOf(mailer.send(mail({ to: [] }), noMark, never))).code, 'MAIL_REFUSED')

  await mailer.send(mail({ subject: 'one\r\nBcc: evil@z.example\u001b[1m' }), noMark, never)
  t.equal(server.messages.length, 1)
  const parsed = await simpleParser(server.messages[0]!.raw)
  t.equal(parsed.subject, 'one Bcc: evil@z.example [1m')
  t.notOk(parsed.headers.has('bcc'))
})

t.test('a mail whose file is gone is not sent', async (t) => {
  const server = await serve(t)
  const attachments = [
    { fileName: 'there.txt', mediaType: 'text/plain', localPath: join(t.testdir({ there: 'x' }), 'there') },
    { fileName: 'gone.txt', mediaType: 'text/plain', localPath: join(t.testdirName, 'gone') },
  ]
  const failure = await failureOf(mailerTo(server.port).send(mail({ attachments }), noMark, never))
  t.equal(failure.code, 'FILE_MISSING')
  t.match(failure.message, 'gone.txt')
  t.equal(server.messages.length, 0)
})

const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'no openssl'
t.test('TLS is verified', { skip: noOpenssl }, async (t) => {
  const folder = t.testdir()
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject],
    { stdio: 'ignore' },
  )
  const pem = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  const starttls = await serve(t, { tls: pem, users: [{ name: 'jobsd', password }] })
  const implicit = await serve(t, { tls: { ...pem, implicit: true } })
  const toStarttls = mailerTo(starttls.port, {
    host: 'localhost',
    security: 'starttls',
    username: 'jobsd',
    password: { secret: 'smtp-password' },
  })
  const toImplicit = mailerTo(implicit.port, { host: 'localhost', security: 'tls' })

  for (const mailer of [toStarttls, toImplicit]) {
    const failure = await failureOf(mailer.send(mail(), noMark, never))
    t.equal(failure.code, 'ENDPOINT_UNREACHABLE', 'an unknown certificate is not trusted')
    t.match(failure.message, /certificate/)
  }
  setDefaultCACertificates([pem.cert])
  await toStarttls.send(mail(), noMark, never)
  await toImplicit.send(mail(), noMark, never)
  t.equal(starttls.messages.length, 1)
  t.equal(implicit.messages.length, 1)
  const wrongName = mailerTo(implicit.port, { host: '127.0.0.1', security: 'tls' })
  const failure = await failureOf(wrongName.send(mail(), noMark, never))
  t.equal(failure.code, 'ENDPOINT_UNREACHABLE', 'a certificate of another name is not trusted')
})
