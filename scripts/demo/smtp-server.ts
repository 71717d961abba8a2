/** A real SMTP server on loopback that keeps every mail it takes, for the demo and for tests. */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { SMTPServer, type SMTPServerSession } from 'smtp-server'

export interface ReceivedMail {
  from: string
  to: string[]
  /** The message as it came, header and body. */
  raw: Buffer
}

/** How the server answers instead of accepting: with a code and a text, or by dropping the connection. */
export type Answer = { code: number; text: string } | 'drop'
type Decision = Answer | undefined | Promise<Answer | undefined>

/** Each is asked before its answer is given; undefined accepts. */
export interface SmtpHooks {
  /** A client connected: decides the greeting. */
  connect?: () => Decision
  /** RCPT TO. */
  recipient?: (address: string) => Decision
  /** The mail's bytes begin to come. */
  body?: () => Decision
  /** The whole mail was received and kept. */
  message?: (mail: ReceivedMail) => Decision
}

export interface SmtpServerOptions {
  /** Keeps each mail there as `<n>-<first recipient>.eml`. */
  folder?: string
  onMessage?: (mail: ReceivedMail) => void
  /** Who may send. Without it everybody may. */
  users?: { name: string; password: string }[]
  /** Of a whole mail; announced as SIZE, and a larger one is refused. Default: any. */
  maxBytes?: number
  /** Default: any free port. */
  port?: number
  /** PEM texts. STARTTLS is offered with it only; `implicit` speaks TLS from the start. */
  tls?: { key: string; cert: string; implicit?: boolean }
  hooks?: SmtpHooks
}

export interface RunningSmtpServer {
  port: number
  /** Every mail that was received whole, oldest first. */
  messages: ReceivedMail[]
  close(): Promise<void>
}

/** Starts the server on 127.0.0.1. A mail counts as received once its last byte came, whatever is answered then. */
export async function startSmtpServer(options: SmtpServerOptions = {}): Promise<RunningSmtpServer> {
  const { folder, users, tls, maxBytes, hooks = {} } = options
  const messages: ReceivedMail[] = []
  const sockets = new Map<number, Socket>()
  let number = folder ? await lastNumber(folder) : 0

  async function keep(session: SMTPServerSession, raw: Buffer): Promise<ReceivedMail> {
    const { mailFrom, rcptTo } = session.envelope
    const mail = {
      from: mailFrom ? mailFrom.address : '',
      to: rcptTo.map((recipient) => recipient.address),
      raw,
    }
    number += 1
    if (folder) {
      const recipient = (mail.to[0] ?? 'nobody').replace(/[^\w.@+-]/g, '_')
      await writeFile(join(folder, `${number}-${recipient}.eml`), mail.raw)
    }
    messages.push(mail)
    options.onMessage?.(mail)
    return mail
  }

  async function answer(
    session: SMTPServerSession,
    decide: () => Decision,
    done: (error?: Error) => void,
  ): Promise<void> {
    try {
      const decision = await decide()
      if (decision === 'drop') sockets.get(session.remotePort)?.destroy()
      else if (decision) done(Object.assign(new Error(decision.text), { responseCode: decision.code }))
      else done()
    } catch (error) {
      done(error as Error)
    }
  }

  const server = new SMTPServer({
    logger: false,
    disableReverseLookup: true,
    secure: tls?.implicit ?? false,
    ...(tls && { key: tls.key, cert: tls.cert }),
    disabledCommands: [...(tls ? [] : ['STARTTLS']), ...(users ? [] : ['AUTH'])],
    hideSTARTTLS: !tls,
    allowInsecureAuth: true,
    ...(maxBytes !== undefined && { size: maxBytes }),
    authOptional: !users,
    onAuth(auth, _session, done) {
      const known = users?.some((user) => user.name === auth.username && user.password === auth.password)
      done(null, known ? { user: auth.username } : {})
    },
    onConnect(session, done) {
      void answer(session, () => hooks.connect?.(), done)
    },
    onRcptTo(address, session, done) {
      void answer(session, () => hooks.recipient?.(address.address), done)
    },
    onData(body, session, done) {
      const decide = async (): Promise<Answer | undefined> => {
        const early = await hooks.body?.()
        if (early === 'drop') return early
        const raw = await buffer(body)
        if (body.sizeExceeded) return { code: 552, text: 'the mail is too large' }
        const mail = await keep(session, raw)
        return early ?? (await hooks.message?.(mail))
      }
      void answer(session, decide, done)
    },
  })
  server.server.on('connection', (socket: Socket) => {
    const port = socket.remotePort ?? 0
    sockets.set(port, socket)
    socket.once('close', () => sockets.delete(port))
  })
  // A client that goes away is that client's affair.
  server.on('error', () => undefined)

  const listening = server.listen(options.port ?? 0, '127.0.0.1')
  await new Promise<void>((resolve, reject) => {
    listening.once('listening', resolve)
    listening.once('error', reject)
  })
  const address = listening.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    messages,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets.values()) socket.destroy()
      }),
  }
}

async function lastNumber(folder: string): Promise<number> {
  await mkdir(folder, { recursive: true })
  const numbers = (await readdir(folder)).map((name) => Number.parseInt(name, 10))
  return Math.max(0, ...numbers.filter(Number.isInteger))
}
