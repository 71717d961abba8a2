/** Sends mails by SMTP, and knows at every moment whether the server may have taken one. */
import type { SMTPConnectionSendInfo } from 'nodemailer/lib/smtp-connection'
import type { Mailer, MailMessage, MailReceipt } from '../core/contracts/endpoints.ts'
import type { Secrets } from '../core/contracts/services.ts'
import type { SmtpConnection } from '../core/manifest.ts'
import type { Turn } from './pace.ts'
import { openDkimSigner } from './smtp-dkim.ts'
import { isStale, replyCode, serverLine, translateSmtpFailure } from './smtp-errors.ts'
import { createGate, type Gate } from './smtp-gate.ts'
import { leastBytes, mailRecipients, openMessage } from './smtp-message.ts'
import { createSmtpPool } from './smtp-pool.ts'
import {
  disconnected,
  protocolError,
  type SmtpSession,
  type SmtpTimeouts,
  smtpTimeouts,
} from './smtp-session.ts'

export interface SmtpMailerOptions {
  secrets: Secrets
  /** What EHLO says. Default: this machine's name. */
  hostname?: string
  timeouts?: Partial<SmtpTimeouts>
  /** Awaited for each mail that has a place among the sessions, before it has one. */
  turn?: Turn | undefined
}

/**
 * A mailer for one connection document. Nothing of a mail reaches the server unless every address is plain and the
 * certificate is verified. Throws ENDPOINT_UNREACHABLE, ENDPOINT_TIMEOUT, TARGET_BUSY, AUTH_REFUSED, MAIL_REFUSED,
 * MAIL_TOO_LARGE, FILE_MISSING; MAIL_IN_DOUBT where the server had the whole mail and did not answer.
 */
export function createSmtpMailer(
  connection: SmtpConnection,
  { secrets, hostname, turn, ...options }: SmtpMailerOptions,
): Mailer & { close(): Promise<void> } {
  const timeouts = { ...smtpTimeouts, ...options.timeouts }
  const pool = createSmtpPool(connection, {
    hostname,
    timeouts,
    turn,
    password: async () => connection.password && (await secrets.resolve(connection.password.secret)),
  })

  async function send(
    message: MailMessage,
    transmitting: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<MailReceipt> {
    const recipients = mailRecipients(connection, message)
    const sign = await openDkimSigner(connection, secrets)
    const phase = { connection: connection.name, size: 0, ...timeouts }
    let mayRepeat = false

    async function sendBy(session: SmtpSession): Promise<SMTPConnectionSendInfo> {
      let gate: Gate | undefined
      try {
        const body = sign(await openMessage(connection, message))
        gate = createGate(body, {
          begin() {
            // Some take a yes for an invitation; then the mail's first lines would be commands.
            const reply = session.lastReply()
            if (replyCode(reply) !== 354)
              throw protocolError('the server answered DATA otherwise than by 354', reply)
            session.unlimit()
          },
          transmitting,
          opened: () => session.waitForAnswer(timeouts.answerMs),
        })
        const { bytes } = gate
        phase.size = Buffer.isBuffer(body) ? body.length : await leastBytes(message)
        const from = connection.returnPath ?? connection.from
        const envelope = { from, to: recipients, size: phase.size }
        session.limit(timeouts.envelopeMs + 1000 * recipients.length)
        const info = await session.step<SMTPConnectionSendInfo>((done) =>
          session.wire.send(envelope, bytes, done),
        )
        if (!gate.isOpen()) throw disconnected('the server answered before it was given the whole mail')
        session.unlimit()
        return info
      } catch (error) {
        const handedOver = gate?.isOpen() ?? false
        mayRepeat = !gate?.isBegun() && isStale(error)
        await gate?.shut()
        throw translateSmtpFailure(error, { ...phase, handedOver })
      }
    }

    try {
      const info = await pool.use(signal, sendBy, () => mayRepeat)
      return {
        accepted: info.accepted,
        rejected: (info.rejectedErrors ?? []).map((rejected) => ({
          address: rejected.recipient ?? '',
          response: serverLine(rejected),
        })),
        response: serverLine({ response: info.response, message: '' }),
      }
    } catch (error) {
      throw translateSmtpFailure(error, { ...phase, handedOver: false })
    }
  }

  return {
    send,
    async close() {
      pool.close()
    },
  }
}
