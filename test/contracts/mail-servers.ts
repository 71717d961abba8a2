/** The servers that the contract of a mailer is held against; every mail that they took comes out at one place. */
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type ReceivedMail, startSmtpServer } from '../../scripts/demo/smtp-server.ts'
import { noPostfix, startPostfix } from '../fakes/postfix.ts'

/** What every server does. */
export const answers = { 'nobody@acme.example': 550, 'full@acme.example': 452 }
export const maxBytes = 1024 * 1024

export interface MailServer {
  port: number
  /** Sessions that were opened so far. */
  sessions(): number
  /** The next so many mails, each told of once, as soon as they are there; their order is the server's affair. */
  arrive(count: number): Promise<ReceivedMail[]>
}

export interface Certificate {
  key: string
  cert: string
  keyFile: string
  certFile: string
}

export interface MailServerKind {
  name: string
  skip: string | false
  open(t: Test, tls?: Certificate): Promise<MailServer>
}

export const mailServers: MailServerKind[] = [
  {
    name: 'npm smtp-server',
    skip: false,
    async open(t, tls) {
      const arrivals = collect()
      const server = await startSmtpServer({
        onMessage: arrivals.add,
        maxBytes,
        ...(tls && { tls }),
        hooks: { recipient: (address) => answerFor(address) },
      })
      t.teardown(() => server.close())
      return { ...(await count(t, server.port)), arrive: arrivals.take }
    },
  },
  {
    name: 'Postfix',
    skip: noPostfix,
    async open(t, tls) {
      const arrivals = collect()
      const next = await startSmtpServer({ onMessage: arrivals.add })
      const server = await startPostfix({
        nextPort: next.port,
        maxBytes,
        recipients: Object.fromEntries(
          Object.entries(answers).map(([address, code]) => [address, `${code} ${refusal}`]),
        ),
        ...(tls && { tls }),
      })
      t.teardown(async () => {
        await server.close()
        await next.close()
      })
      return { ...(await count(t, server.port)), arrive: arrivals.take }
    },
  },
]

const refusal = 'it takes nothing'

function answerFor(address: string): { code: number; text: string } | undefined {
  const code = (answers as Record<string, number>)[address]
  return code === undefined ? undefined : { code, text: refusal }
}

function collect() {
  const mails: ReceivedMail[] = []
  let wake = (): void => undefined
  return {
    add(mail: ReceivedMail): void {
      mails.push(mail)
      wake()
    },
    async take(count: number): Promise<ReceivedMail[]> {
      while (mails.length < count) await new Promise<void>((resolve) => (wake = resolve))
      return mails.splice(0, count)
    },
  }
}

/** Passes connections on and counts them. */
async function count(t: Test, target: number): Promise<{ port: number; sessions: () => number }> {
  const sockets = new Set<Socket>()
  let sessions = 0
  const listener = createServer({ noDelay: true }, (near) => {
    sessions += 1
    const far = connect({ port: target, host: '127.0.0.1', noDelay: true })
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('error', () => undefined).once('close', () => other.destroy())
      one.pipe(other)
    }
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.teardown(() => {
    listener.close()
    for (const socket of sockets) socket.destroy()
  })
  return { port: (listener.address() as AddressInfo).port, sessions: () => sessions }
}

/** Why there is no certificate for tests; false where there is one. */
export const noCertificate: string | false =
  spawnSync('openssl', ['version']).status === 0 ? false : 'no openssl'

/** One for `localhost` that nobody vouches for but itself. */
export function makeCertificate(folder: string): Certificate {
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const kind = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2']
  execFileSync('openssl', [...kind, '-keyout', keyFile, '-out', certFile, ...subject], { stdio: 'ignore' })
  return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8'), keyFile, certFile }
}
