import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { simpleParser } from 'mailparser'
import MailComposer from 'nodemailer/lib/mail-composer'
import t from 'tap'
import { writeMail } from '../../../engine/adapters/smtp-compose.ts'
import { createSmtpMailer } from '../../../engine/adapters/smtp-mailer.ts'
import { buildMessage, leastBytes } from '../../../engine/adapters/smtp-message.ts'
import type { SmtpConnection } from '../../../engine/core/manifest.ts'
import { connections } from '../../fakes/snapshot.ts'

const message = {
  messageId: '<a@jobsd.example>',
  date: new Date('2026-11-22T12:00:00Z'),
  to: ['ops@acme.example'],
  cc: [],
  bcc: [],
  replyTo: null,
  subject: 'Calls',
  html: '<p>Calls</p>',
  text: 'Calls',
  attachments: [],
}

t.test('an image goes with the HTML that names it, inline, the same bytes each time', async (t) => {
  const image = { id: 'chart-1@jobsd', fileName: 'chart.png', mediaType: 'image/png' }
  const html = '<img src="cid:chart-1@jobsd" alt="Calls: 3">'
  const images = [{ ...image, content: Buffer.from('a picture') }]
  const build = async () =>
    (await buildMessage(connections.mail as SmtpConnection, { ...message, html, images })).toString()
  const built = await build()
  const parsed = await simpleParser(built)
  t.match(parsed.attachments, [{ contentId: '<chart-1@jobsd>', contentType: 'image/png', related: true }])
  t.equal(parsed.attachments[0]?.content.toString(), 'a picture')
  t.match(parsed.html, /<img src="data:image\/png;base64,/, 'the reader finds what the HTML names')
  t.match(parsed.text, 'Calls')
  t.equal(await build(), built)
})

t.test('further headers are among the others, and only where they are asked for', async (t) => {
  const build = async (headers?: Record<string, string>) =>
    (
      await buildMessage(connections.mail as SmtpConnection, { ...message, ...(headers && { headers }) })
    ).toString()
  const marked = await build({ 'X-Jobsd-Resend': '0123456789abcdef' })
  t.match(marked, /^X-Jobsd-Resend: 0123456789abcdef\r$/m)
  t.match(marked, /^Auto-Submitted: auto-generated\r$/m)
  t.notMatch(await build(), /X-Jobsd-Resend/)
})

t.test('a mail larger than the server takes is refused before the server is asked', async (t) => {
  const localPath = join(t.testdir(), 'stored')
  writeFileSync(localPath, Buffer.alloc(30_000, 7))
  const attachments = [{ fileName: 'a.bin', mediaType: 'application/octet-stream', localPath }]
  const least = await leastBytes({ ...message, attachments })
  const built = await buildMessage(connections.mail as SmtpConnection, { ...message, attachments })
  t.ok(least > 41_000 && least <= built.length, 'never more than the mail really has')

  const asked: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.write('220 small\r\n')
    socket.on('data', (line) => {
      asked.push(line.toString().slice(0, 4))
      socket.write('250-small\r\n250 SIZE 40000\r\n')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const mailer = createSmtpMailer(
    { ...(connections.mail as SmtpConnection), host: '127.0.0.1', port, security: 'none' },
    { secrets: { resolve: () => Promise.reject(new Error('no secret is needed')) } },
  )
  const mark = () => Promise.reject(new Error('it was marked as sent'))
  await t.rejects(mailer.send({ ...message, attachments }, mark, new AbortController().signal), {
    code: 'MAIL_TOO_LARGE',
    message: /^the mail to the server of mail has \d{5,} bytes, 40000 are allowed in a mail$/,
  })
  t.same(asked, ['EHLO'])
})

t.test('a small mail is written in one go with the bytes that the library streams', async (t) => {
  const texts = [
    'Calls',
    '',
    'Grüße',
    '日本語 '.repeat(40).trim(),
    '.\r\n..\r\nend',
    `${'x'.repeat(200)} = 1\t2`,
  ]
  const types = ['text/csv', 'application/pdf', 'text/plain; charset=utf-8', 'image/png']
  let compared = 0
  for (const [index, text] of texts.entries()) {
    for (const size of [0, 1, 56, 57, 58, 5000]) {
      const attachments = types.slice(0, index).map((contentType, number) => ({
        ...{ filename: `Anrufe ${number} ü.bin`, contentType, content: Buffer.alloc(size, `a${number}\r\n`) },
        ...(number === 3 && { cid: 'chart@jobsd', contentDisposition: 'inline' as const }),
      }))
      const compose = () =>
        new MailComposer({
          ...{
            messageId: '<a@jobsd.example>',
            date: message.date,
            baseBoundary: 'b',
            boundaryPrefix: 'jobsd',
          },
          ...{ from: 'a@b.example', to: 'c@d.example', subject: text, text, html: `<p>${text}</p>` },
          attachments: attachments.map((attachment) => ({ ...attachment })),
        }).compile()
      t.equal(writeMail(compose()).toString(), (await buffer(compose().createReadStream())).toString())
      compared += 1
    }
  }
  t.equal(compared, 36)
})
