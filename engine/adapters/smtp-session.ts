/** One session with a mail server: each reply is looked at before the library acts on it, each phase has its limit. */
import type { Socket } from 'node:net'
import SMTPConnection, { type SMTPConnectionOptions } from 'nodemailer/lib/smtp-connection'
import type { SmtpConnection } from '../core/manifest.ts'
import { replyCode } from './smtp-errors.ts'

export interface SmtpTimeouts {
  /** Until the server greeted and TLS is up, and until a kept session answered that it is still there. */
  connectMs: number
  /** For greeting, TLS and login together, however lively the server is meanwhile. */
  setupMs: number
  /** From MAIL until the server asks for the bytes; one second more for each recipient. */
  envelopeMs: number
  /** Without a byte from the server or to it. */
  idleMs: number
  /** For the answer to the whole mail: servers scan it meanwhile, and giving up early leaves it in doubt. */
  answerMs: number
  /** How long a session without a mail is kept. */
  keptMs: number
  /** One that rested for less is not asked first whether it is still there. */
  freshMs: number
}

/** How long the server may take to hang up after we did. */
const CLOSE_MS = 1000

// The answer's ten minutes are RFC 5321, 4.5.3.2.6.
export const smtpTimeouts: SmtpTimeouts = {
  connectMs: 15_000,
  setupMs: 60_000,
  envelopeMs: 60_000,
  idleMs: 60_000,
  answerMs: 600_000,
  keptMs: 10_000,
  freshMs: 1_000,
}

export interface SmtpSession {
  wire: SMTPConnection
  /** Takes one step; rejects as soon as the session fails, whatever the step would still say. */
  step<T>(start: (done: (error?: Error | null, value?: T) => void) => void): Promise<T>
  /** Fails the session unless the next limit is set within that time. */
  limit(timeoutMs: number): void
  /** The phase with a limit is over. */
  unlimit(): void
  /** The whole mail is on its way: nothing but the answer, or that time, ends the wait. */
  waitForAnswer(timeoutMs: number): void
  /** The server's last reply; empty before the first. */
  lastReply(): string
  isLost(): boolean
  /** Fails as soon as the signal is aborted, until it rests. */
  obey(signal: AbortSignal): void
  /** Nothing is asked of it: neither silence nor a signal ends it, and it keeps no process alive. */
  rest(): void
  fail(reason: unknown): void
  /** Resolves once the socket is closed, after two seconds at most. */
  close(): Promise<void>
}

export function openSession(options: SMTPConnectionOptions, signal: AbortSignal): SmtpSession {
  const failed = Promise.withResolvers<never>()
  // Whoever is in a step hears of it; a failure between steps is told to the next one.
  failed.promise.catch(() => undefined)
  let lost = false
  let reply = ''
  let limit: NodeJS.Timeout | undefined
  let release = (): void => undefined
  const lose = (reason: unknown): void => {
    lost = true
    clearTimeout(limit)
    failed.reject(reason)
  }
  const fail = (reason: unknown): void => {
    lose(reason)
    wire.close()
  }
  const wire = new SMTPConnection({
    ...options,
    transactionLog: true,
    logger: onReply((text) => {
      reply = text
      if (replyCode(text) === 0) fail(protocolError('the server answered without a code', text))
    }),
  })
  wire.on('error', lose)
  // The library may end on a 421 before whoever is in a step has heard of it.
  wire.once('end', () => {
    const ended = disconnected('the server ended the session')
    lose(replyCode(reply) === 421 ? Object.assign(ended, { response: reply }) : ended)
  })

  const session: SmtpSession = {
    wire,
    step: <T>(start: (done: (error?: Error | null, value?: T) => void) => void) =>
      Promise.race([
        failed.promise,
        new Promise<T>((resolve, reject) => {
          start((error, value) => (error ? reject(error) : resolve(value as T)))
        }),
      ]),
    limit(timeoutMs) {
      clearTimeout(limit)
      if (!lost) limit = setTimeout(() => fail(tooLong(timeoutMs)), timeoutMs)
    },
    unlimit: () => clearTimeout(limit),
    waitForAnswer(timeoutMs) {
      if (wire._socket) wire._socket.setTimeout(timeoutMs)
      session.limit(timeoutMs)
    },
    lastReply: () => reply,
    isLost: () => lost,
    obey(given) {
      release()
      const abort = (): void => fail(given.reason)
      if (given.aborted) abort()
      given.addEventListener('abort', abort, { once: true })
      release = () => given.removeEventListener('abort', abort)
      if (wire._socket) wire._socket.ref().setTimeout(options.socketTimeout ?? 0)
    },
    rest() {
      release()
      clearTimeout(limit)
      if (wire._socket) wire._socket.unref().setTimeout(0)
    },
    fail,
    close() {
      release()
      clearTimeout(limit)
      const socket = wire._socket
      wire.close()
      return socket ? untilClosed(socket) : Promise.resolve()
    },
  }
  session.obey(signal)
  return session
}

function untilClosed(socket: Socket): Promise<void> {
  if (socket.closed) return Promise.resolve()
  return new Promise((resolve) => {
    const giveUp = setTimeout(resolve, 2 * CLOSE_MS).unref()
    socket.once('close', () => {
      clearTimeout(giveUp)
      resolve()
    })
  })
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
    socketCloseTimeout: CLOSE_MS,
  }
}

export function disconnected(text: string): Error {
  return Object.assign(new Error(text), { code: 'ECONNECTION' })
}

/** The server said something, but not what a server may say there. */
export function protocolError(text: string, response: string): Error {
  return Object.assign(new Error(`${text}: ${response}`), { code: 'EPROTOCOL' })
}

function tooLong(timeoutMs: number): Error {
  return Object.assign(new Error(`it took longer than ${timeoutMs} ms`), { code: 'ETIMEDOUT', timeoutMs })
}

/** The library tells its logger of each reply before it acts on it. The rest of what it tells is nobody's business. */
function onReply(heard: (text: string) => void) {
  return {
    debug(entry: { tnx?: string }, text: string): void {
      if (entry.tnx === 'server') heard(text)
    },
  }
}
