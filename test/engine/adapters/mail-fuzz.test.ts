import { simpleParser } from 'mailparser'
import t from 'tap'
import { createSmtpMailer } from '../../../engine/adapters/smtp-mailer.ts'
import type { MailMessage } from '../../../engine/core/contracts/endpoints.ts'
import { Secret } from '../../../engine/core/secret.ts'
import { type ReceivedMail, startSmtpServer } from '../../../scripts/demo/smtp-server.ts'
import { fuzzMails } from '../../../scripts/fuzz/mail.ts'
import { scanMail } from '../../../scripts/fuzz/mail-scan.ts'

// The same by the thousand: npm run fuzz:mail.
t.test('of 1,000 hostile values none adds a header or a recipient to a mail', async (t) => {
  const result = await fuzzMails(1000, 7)
  t.strictSame(result.failures, [])
  t.match(result, { headerFaults: 0, recipientFaults: 0, otherFaults: 0 })
  t.ok(result.fields >= 1000)
  t.ok(result.sent >= 100, `${result.sent} mails were sent`)
  t.strictSame(Object.keys(result.refused).sort(), ['MAIL_REFUSED', 'RECIPIENT_NOT_ALLOWED'])
  for (const [code, mails] of Object.entries(result.refused)) t.ok(mails >= 10, `${mails} by ${code}`)
})

t.test('texts of a mail that programs would read as more', async (t) => {
  const arrived: ReceivedMail[] = []
  const server = await startSmtpServer({ onMessage: (mail) => arrived.push(mail) })
  const mailer = createSmtpMailer(
    {
      ...{ apiVersion: 'jobsd/v1', kind: 'Connection', name: 'mail', type: 'smtp', security: 'none' },
      ...{ host: '127.0.0.1', port: server.port, from: 'reports@platform.example' },
    },
    { secrets: { resolve: async () => new Secret('unused') } },
  )
  t.teardown(async () => {
    await mailer.close()
    await server.close()
  })
  const plain: MailMessage = {
    ...{ messageId: '<1@platform.example>', date: new Date('2026-11-22T18:30:00.000Z') },
    ...{ to: ['ann@acme.example'], cc: [], bcc: [], replyTo: null },
    ...{ subject: 'Report', html: '<p>Hello</p>', text: 'Hello', attachments: [] },
  }
  const send = async (changes: Partial<MailMessage>): Promise<Buffer> => {
    await mailer.send({ ...plain, ...changes }, async () => undefined, new AbortController().signal)
    return arrived.at(-1)!.raw
  }

  await t.test('an address that would be decoded to another one is refused', async (t) => {
    const bad = [
      '=?utf-8?q?evil=40evil.example?=@acme.example',
      'a..b@acme.example',
      '.a@acme.example',
      'a@acme',
    ]
    for (const address of bad)
      for (const place of [{ to: [address] }, { cc: [address] }, { bcc: [address] }, { replyTo: address }])
        await t.rejects(send(place), { code: 'MAIL_REFUSED' }, JSON.stringify(place))
    t.equal(arrived.length, 0)
  })

  await t.test('a subject is one line that is read as it was given', async (t) => {
    const subjects = {
      '=?utf-8?q?=0D=0ABcc=3A_evil=40evil.example?=': '= ?utf-8?q?=0D=0ABcc=3A_evil=40evil.example?=',
      [`a${' '.repeat(300)}b\u2028c`]: 'a b c',
      ['x'.repeat(2000)]: `${'x'.repeat(499)}…`,
    }
    for (const [given, read] of Object.entries(subjects)) {
      const raw = await send({ subject: given })
      t.strictSame(await scanMail(raw, { ...plain, subject: given }), [])
      t.equal((await simpleParser(raw)).subject, read)
    }
  })

  await t.test('what the fuzz looks for would be seen', async (t) => {
    const raw = (await send({})).toString('latin1')
    const tampered = {
      'an extra header: "Bcc: x': raw.replace('Subject:', 'Bcc: x@evil.example\r\nSubject:'),
      'subject twice': raw.replace('Subject:', 'Subject: other\r\nSubject:'),
      'no message-id': raw.replace(/Message-ID: .*\r\n/, ''),
      'a line end within': raw.replace('Subject: Report', 'Subject: Report\nX-Injected: 1'),
      'a header line of 1009 characters': raw.replace('Subject: Report', `Subject: ${'x'.repeat(1000)}`),
      'to is read as ["ann@acme.example","evil@evil.example"]': raw.replace(
        'To: ann@acme.example',
        'To: ann@acme.example, evil@evil.example',
      ),
      'an extra header: "X-Part': raw.replace(
        /\r\nContent-Type: text\/html/,
        '\r\nX-Part: 1\r\nContent-Type: text/html',
      ),
    }
    t.strictSame(await scanMail(Buffer.from(raw, 'latin1'), plain), [])
    for (const [fault, text] of Object.entries(tampered)) {
      const faults = await scanMail(Buffer.from(text, 'latin1'), plain)
      t.ok(
        faults.some((found) => found.startsWith(fault)),
        `${fault}: ${JSON.stringify(faults)}`,
      )
    }
  })
})
