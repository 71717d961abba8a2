import { text } from 'node:stream/consumers'
import t from 'tap'
import { openMessage } from '../../../engine/adapters/smtp-message.ts'
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

t.test('further headers are among the others, and only where they are asked for', async (t) => {
  const build = async (headers?: Record<string, string>) =>
    await text(
      await openMessage(connections.mail as SmtpConnection, { ...message, ...(headers && { headers }) }),
    )
  const marked = await build({ 'X-Jobsd-Resend': '0123456789abcdef' })
  t.match(marked, /^X-Jobsd-Resend: 0123456789abcdef\r$/m)
  t.match(marked, /^Auto-Submitted: auto-generated\r$/m)
  t.notMatch(await build(), /X-Jobsd-Resend/)
})
