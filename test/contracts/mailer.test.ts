import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setDefaultCACertificates } from 'node:tls'
import { simpleParser } from 'mailparser'
import t, { type Test } from 'tap'
import { createSmtpMailer } from '../../engine/adapters/smtp-mailer.ts'
import type { MailMessage } from '../../engine/core/contracts/endpoints.ts'
import { JobsdError } from '../../engine/core/errors.ts'
import type { SmtpConnection } from '../../engine/core/manifest.ts'
import { Secret } from '../../engine/core/secret.ts'
import { mailServers, makeCertificate, maxBytes, noCertificate } from './mail-servers.ts'

const never = new AbortController().signal
const noMark = async (): Promise<void> => undefined
const folder = t.testdir()

function mailerTo(t: Test, port: number, changes: Partial<SmtpConnection> = {}) {
  const mailer = createSmtpMailer(
    {
      ...{ apiVersion: 'jobsd/v1', kind: 'Connection', name: 'mail', type: 'smtp', port },
      ...{ host: '127.0.0.1', security: 'none', from: 'reports@platform.example' },
      ...changes,
    },
    { secrets: { resolve: async () => new Secret('unused') } },
  )
  t.teardown(() => mailer.close())
  return mailer
}

function mail(changes: Partial<MailMessage> = {}): MailMessage {
  return {
    messageId: '<of-the-run@platform.example>',
    date: new Date('2026-11-22T18:30:00.000Z'),
    to: ['ann@acme.example'],
    cc: [],
    bcc: [],
    replyTo: null,
    subject: 'Report',
    html: '<p>Hello</p>',
    text: 'Hello',
    attachments: [],
    ...changes,
  }
}

function attach(fileName: string, bytes: Buffer | string): MailMessage['attachments'][number] {
  const localPath = join(folder, fileName)
  writeFileSync(localPath, bytes)
  return { fileName, mediaType: 'application/octet-stream', localPath }
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

for (const kind of mailServers) {
  t.test(`a mail server: ${kind.name}`, { skip: kind.skip }, async (t) => {
    const { port, arrive, sessions } = await kind.open(t)
    await t.test('everyone who is asked for gets the mail once, a blind copy unnamed', async (t) => {
      const mailer = mailerTo(t, port)
      const one = await mailer.send(mail(), noMark, never)
      t.strictSame(one.accepted, ['ann@acme.example'])
      const [first] = await arrive(1)
      const to = ['ann@acme.example', 'bob@acme.example']
      const bcc = ['hidden@acme.example', 'ann@acme.example']
      const several = await mailer.send(mail({ to, cc: ['cy@acme.example'], bcc }), noMark, never)
      t.strictSame(several.accepted, [...to, 'cy@acme.example', 'hidden@acme.example'])
      t.strictSame(several.rejected, [])
      t.match(several.response, /^250 /)

      const [second] = await arrive(1)
      t.strictSame(first!.to, ['ann@acme.example'])
      t.strictSame(second!.to.toSorted(), several.accepted.toSorted())
      t.equal(second!.from, 'reports@platform.example')
      t.notMatch(second!.raw.toString('latin1'), /hidden@acme/)
      const parsed = await simpleParser(second!.raw)
      t.equal(parsed.messageId, '<of-the-run@platform.example>', 'its id is kept')
      t.equal(parsed.date?.toISOString(), '2026-11-22T18:30:00.000Z')
      t.notOk(parsed.bcc)
    })

    await t.test('who is refused is told with the answer, the others get the mail', async (t) => {
      const mailer = mailerTo(t, port)
      const to = ['ann@acme.example', 'nobody@acme.example', 'bob@acme.example', 'full@acme.example']
      const receipt = await mailer.send(mail({ to }), noMark, never)
      t.strictSame(receipt.accepted, ['ann@acme.example', 'bob@acme.example'])
      t.match(receipt.rejected, [
        { address: 'nobody@acme.example', response: /^550 .*it takes nothing/ },
        { address: 'full@acme.example', response: /^452 .*it takes nothing/ },
      ])
      const none = await failureOf(mailer.send(mail({ to: ['nobody@acme.example'] }), noMark, never))
      t.equal(none.code, 'MAIL_REFUSED')
      const later = await failureOf(mailer.send(mail({ to: ['full@acme.example'] }), noMark, never))
      t.equal(later.code, 'TARGET_BUSY')
      await mailer.send(mail({ to: ['last@acme.example'] }), noMark, never)
      const arrived = (await arrive(2)).map((mail) => mail.to.toSorted())
      t.strictSame(
        arrived.toSorted(),
        [receipt.accepted, ['last@acme.example']],
        'nobody who was refused is among them',
      )
    })

    await t.test('attachments arrive byte for byte', async (t) => {
      const files = {
        'bytes.bin': randomBytes(500_000),
        'Übersicht 1.csv': Buffer.from('a;b\n1;2\r\n.\r\n..\rlast line without an end'),
        'empty.txt': Buffer.alloc(0),
      }
      const attachments = Object.entries(files).map(([name, bytes]) => attach(name, bytes))
      await mailerTo(t, port).send(mail({ attachments }), noMark, never)
      const [arrived] = await arrive(1)
      const parsed = await simpleParser(arrived!.raw)
      t.strictSame(
        parsed.attachments.map(({ filename }) => filename),
        Object.keys(files),
      )
      for (const [index, bytes] of Object.values(files).entries())
        t.ok(parsed.attachments[index]!.content.equals(bytes))
    })

    await t.test('lone dots, long lines and letters of any language arrive as they are', async (t) => {
      const lines = [
        '.',
        '..',
        '. a',
        '',
        '.',
        'Grüße, 日本語 📈',
        `${'x'.repeat(3000)}`,
        'From here',
        '.',
        'end',
      ]
      const html = lines.map((line) => `<p>\n${line}\n</p>`).join('\n')
      const mailer = mailerTo(t, port)
      await mailer.send(mail({ text: lines.join('\n'), html, subject: 'Täglich – 日本語' }), noMark, never)
      const mails = await arrive(1)
      await mailer.send(mail({ text: '.\n..\n.', html: '.\n..\n.' }), noMark, never)
      mails.push(...(await arrive(1)))
      const parsed = await simpleParser(mails[0]!.raw)
      t.equal(parsed.text?.trimEnd(), lines.join('\n'))
      t.equal(String(parsed.html).trimEnd(), html)
      t.equal(parsed.subject, 'Täglich – 日本語')
      t.equal((await simpleParser(mails[1]!.raw)).text?.trimEnd(), '.\n..\n.')
      const longest = Math.max(
        ...mails.flatMap(({ raw }) => raw.toString('latin1').split('\r\n')).map((line) => line.length),
      )
      t.ok(longest <= 998, `the longest line has ${longest} characters`)
    })

    await t.test('a mail that is larger than the server takes is refused, the next one goes', async (t) => {
      const mailer = mailerTo(t, port)
      const attachments = [attach('large.bin', randomBytes(maxBytes))]
      const failure = await failureOf(mailer.send(mail({ attachments }), noMark, never))
      t.equal(failure.code, 'MAIL_TOO_LARGE')
      t.equal(failure.retry, false)
      // Its files alone would fit, so that only the server finds out, at the end.
      const barely = [attach('barely.bin', randomBytes(Math.floor(((maxBytes / 78) * 76 * 3) / 4) - 100))]
      const refusal = await failureOf(mailer.send(mail({ attachments: barely }), noMark, never))
      t.equal(refusal.code, 'MAIL_TOO_LARGE')
      t.equal(refusal.retry, false)
      await mailer.send(mail({ subject: 'small' }), noMark, never)
      const [arrived] = await arrive(1)
      t.equal((await simpleParser(arrived!.raw)).subject, 'small')
    })

    await t.test('120 mails of one mailer arrive whole, each once', async (t) => {
      const mailer = mailerTo(t, port)
      const before = sessions()
      const ids = Array.from({ length: 120 }, (_, number) => `<mail-${number}@platform.example>`)
      for (const messageId of ids) await mailer.send(mail({ messageId }), noMark, never)
      const mails = await arrive(ids.length)
      const arrived = mails.map(({ raw }) => /^Message-ID: (.*)\r$/m.exec(raw.toString('latin1'))?.[1])
      t.strictSame(arrived.toSorted(), ids.toSorted())
      const opened = sessions() - before
      t.ok(opened >= 2 && opened <= 10, `in ${opened} sessions, of at most 100 mails each`)
    })

    await t.test('STARTTLS hides the mail from the way there', { skip: noCertificate }, async (t) => {
      const certificate = makeCertificate(t.testdir())
      const { port, arrive } = await kind.open(t, certificate)
      const mailer = mailerTo(t, port, { host: 'localhost', security: 'starttls' })
      const untrusted = await failureOf(mailer.send(mail(), noMark, never))
      t.equal(untrusted.code, 'ENDPOINT_UNREACHABLE')
      setDefaultCACertificates([certificate.cert])
      const attachments = [attach('tls.bin', randomBytes(200_000))]
      await mailer.send(mail({ attachments }), noMark, never)
      t.equal((await arrive(1)).length, 1)
    })
  })
}
