/** Sends mails by SMTP, one session a mail, and knows at every moment whether the server may have taken one. */
import { Readable } from 'node:stream'
import SMTPConnection, {
  type SMTPConnectionOptions,
  type SMTPConnectionSendInfo,
} from 'nodemailer/lib/smtp-connection'
import type { Mailer, MailMessage, MailReceipt } from '../core/contracts/endpoints.ts'
import type { Secrets } from '../core/contracts/services.ts'
import type { SmtpConnection } from '../core/manifest.ts'
import { openDkimSigner } from './smtp-dkim.ts'
import { serverLine, translateSmtpFailure } from './smtp-errors.ts'
import { leastBytes, mailRecipients, openMessage } from './smtp-message.ts'

export interface SmtpTimeouts {
  /** Until the server greeted and TLS is up. */
  connectMs: number
  /** Without a byte from the server or to it. */
  idleMs: number
  /** For the answer to the whole mail: servers scan it meanwhile, and giving up early leaves it in doubt. */
  answerMs: number
}

export interface SmtpMailerOptions {
  secrets: Secrets
  /** What EHLO says. Default: this machine's name. */
  hostname?: string
  timeouts?: Partial<SmtpTimeouts>
}

// The answer's ten minutes are RFC 5321, 4.5.3.2.6.
export const smtpTimeouts: SmtpTimeouts = { connectMs: 15_000, idleMs: 60_000, answerMs: 600_000 }

/**
 * A mailer for one connection document. Nothing of a mail reaches the server unless every address is plain and the
 * certificate is verified. Throws ENDPOINT_UNREACHABLE, ENDPOINT_TIMEOUT, TARGET_BUSY, AUTH_REFUSED, MAIL_REFUSED,
 * FILE_MISSING; MAIL_IN_DOUBT where the server had the whole mail and did not answer.
 */
export function createSmtpMailer(
  connection: SmtpConnection,
  options: SmtpMailerOptions,
): Mailer & { close(): Promise<void> } {
  const timeouts = { ...smtpTimeouts, ...options.timeouts }
  const sessions = new Set<Session>()

  async function send(
    message: MailMessage,
    transmitting: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<MailReceipt> {
    const recipients = mailRecipients(connection, message)
    const password = connection.password && (await options.secrets.resolve(connection.password.secret))
    const sign = await openDkimSigner(connection, options.secrets)
    signal.throwIfAborted()
    const session = openSession(sessionOptions(connection, options.hostname, timeouts), signal)
    sessions.add(session)
    let gate: Gate | undefined
    try {
      await session.step((done) => session.wire.connect(done))
      if (connection.username !== undefined) {
        const login = { user: connection.username, pass: password?.reveal() ?? '' }
        await session.step((done) => session.wire.login(login, done))
      }
      const body = sign(await openMessage(connection, message))
      gate = createGate(body, transmitting, () => session.waitForAnswer(timeouts.answerMs))
      const { bytes } = gate
      const size = await leastBytes(message)
      const envelope = { from: connection.from, to: recipients, size }
      const info = await session.step<SMTPConnectionSendInfo>((done) =>
        session.wire.send(envelope, bytes, done),
      )
      if (!gate.isOpen()) throw disconnected('the server answered before it was given the whole mail')
      session.wire.quit()
      return {
        accepted: info.accepted,
        rejected: (info.rejectedErrors ?? []).map((rejected) => ({
          address: rejected.recipient ?? '',
          response: serverLine(rejected),
        })),
        response: serverLine({ response: info.response, message: '' }),
      }
    } catch (error) {
      const handedOver = gate?.isOpen() ?? false
      await gate?.shut()
      throw translateSmtpFailure(error, { connection: connection.name, handedOver, ...timeouts })
    } finally {
      session.close()
      sessions.delete(session)
    }
  }

  return {
    send,
    async close() {
      for (const session of sessions) session.fail(disconnected('the mailer was closed'))
    },
  }
}

interface Session {
  wire: SMTPConnection
  /** Takes one step; rejects as soon as the session fails, whatever the step would still say. */
  step<T>(start: (done: (error?: Error | null, value?: T) => void) => void): Promise<T>
  waitForAnswer(timeoutMs: number): void
  fail(reason: unknown): void
  close(): void
}

export function openSession(options: SMTPConnectionOptions, signal: AbortSignal): Session {
  const wire = new SMTPConnection(options)
  const failed = Promise.withResolvers<never>()
  // Whoever is in a step hears of it; a failure between steps is told to the next one.
  failed.promise.catch(() => undefined)
  const fail = (reason: unknown): void => {
    failed.reject(reason)
    wire.close()
  }
  const abort = (): void => fail(signal.reason)
  wire.on('error', failed.reject)
  wire.once('end', () => failed.reject(disconnected('the server ended the session')))
  signal.addEventListener('abort', abort, { once: true })
  return {
    wire,
    step: <T>(start: (done: (error?: Error | null, value?: T) => void) => void) =>
      Promise.race([
        failed.promise,
        new Promise<T>((resolve, reject) => {
          start((error, value) => (error ? reject(error) : resolve(value as T)))
        }),
      ]),
    waitForAnswer(timeoutMs) {
      if (wire._socket) wire._socket.setTimeout(timeoutMs)
    },
    fail,
    close() {
      signal.removeEventListener('abort', abort)
      wire.close()
    },
  }
}

interface Gate {
  bytes: Readable
  /** The end of the mail was let through. */
  isOpen(): boolean
  /** Lets nothing more through, then throws what `transmitting` threw, if it was asked. */
  shut(): Promise<void>
}

/**
 * Lets a mail's bytes through and holds back its end, without which no server takes it, until `transmitting`
 * resolved. Nothing begins before the bytes are read, which is when the server agreed to take them.
 */
function createGate(body: Readable, transmitting: () => Promise<void>, opened: () => void): Gate {
  let open = false
  let decision = Promise.resolve()
  async function* heldBack(): AsyncGenerator<Buffer> {
    yield* body
    try {
      decision = transmitting()
      await decision
    } catch {
      // `shut` throws the error itself: the library writes into errors that come by a stream.
      throw disconnected('the mail was held back')
    }
    if (bytes.destroyed) return
    open = true
    opened()
  }
  const bytes = Readable.from(heldBack(), { objectMode: false })
  return {
    bytes,
    isOpen: () => open,
    async shut() {
      bytes.on('error', () => undefined).destroy()
      body.destroy()
      await decision
    },
  }
}

export function sessionOptions(
  connection: SmtpConnection,
  hostname: string | undefined,
  timeouts: SmtpTimeouts,
): SMTPConnectionOptions {
  return {
    host: connection.host,
    port: connection.port ?? 587,
    secure: connection.security === 'tls',
    requireTLS: connection.security === 'starttls',
    ignoreTLS: connection.security === 'none',
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    name: hostname,
    connectionTimeout: timeouts.connectMs,
    greetingTimeout: timeouts.connectMs,
    socketTimeout: timeouts.idleMs,
    socketCloseTimeout: 1000,
    logger: false,
  }
}

function disconnected(text: string): Error {
  return Object.assign(new Error(text), { code: 'ECONNECTION' })
}
