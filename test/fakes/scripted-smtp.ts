/** An SMTP server on loopback that does at each stage what a test says, and what an ordinary one does elsewhere. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import type { SmtpAct, SmtpScript, SmtpStage } from './smtp-script.ts'

export type { SmtpScript } from './smtp-script.ts'

export interface ScriptedSmtp {
  port: number
  /** Mails that the server had whole and did not refuse, each with the recipients that it accepted. */
  readonly taken: { to: string[]; text: string }[]
  readonly sessions: number
  /** All that was told outside of TLS. */
  readonly plain: string
  /** Acts on from here like an ordinary server. */
  heal(): void
  close(): Promise<void>
}

const usual: Partial<Record<SmtpStage, string>> = {
  greeting: '220 mx.example ESMTP',
  STARTTLS: '220 2.0.0 go on',
  MAIL: '250 2.1.0 ok',
  RCPT: '250 2.1.5 ok',
  DATA: '354 go on',
  end: '250 2.0.0 taken as 4711',
  QUIT: '221 2.0.0 bye',
}
const asked = ['334 VXNlcm5hbWU6', '334 UGFzc3dvcmQ6', '235 2.7.0 welcome']
const extensions = ['AUTH PLAIN', '8BITMIME']
const mostEndlessBytes = 4 * 1024 * 1024

export async function startScriptedSmtp(script: SmtpScript = {}): Promise<ScriptedSmtp> {
  const sockets = new Set<Socket>()
  const taken: ScriptedSmtp['taken'] = []
  let sessions = 0
  let plain = ''
  let isHealed = false

  function serve(bare: Socket): void {
    sessions += 1
    const session = sessions
    let socket = bare
    let unread = ''
    let mode: 'commands' | 'body' | 'deaf' = 'commands'
    let hasBody = false
    let mails = 0
    let named = 0
    let accepted: string[] = []
    let logins = 0
    let farewell = ''
    let said = ''

    const choose = (stage: SmtpStage, line = ''): SmtpAct | undefined =>
      isHealed ? undefined : script.act?.(stage, { session, mails, recipients: named, line })

    /** Acts at a stage; returns how the server goes on from there: as after a yes, after a no, or neither. */
    function act(stage: SmtpStage, line = '', ordinary = usual[stage]): 'yes' | 'no' | 'neither' {
      const given = choose(stage, line)
      if (given === undefined) {
        if (ordinary !== undefined) socket.write(`${ordinary}\r\n`)
        return ordinary?.startsWith('5') ? 'no' : 'yes'
      }
      if (typeof given === 'object' && 'say' in given) {
        said = given.say
        const bytes = Buffer.from(said, 'latin1')
        if (given.afterMs === undefined) socket.write(bytes)
        else setTimeout(() => socket.write(bytes), given.afterMs).unref()
        if (given.closes) leave('close')
        if (/^[23]/.test(given.say)) return 'yes'
        return /^[45]/.test(given.say) ? 'no' : 'neither'
      }
      if (typeof given === 'string') leave(given)
      else {
        mode = 'deaf'
        farewell = given.afterwards
      }
      // Bytes that are still read would let the client go on to the end of its mail.
      if (stage === 'body') socket.pause()
      return 'neither'
    }

    function leave(how: Exclude<SmtpAct, object>): void {
      mode = 'deaf'
      if (how === 'close') socket.end()
      else if (how === 'reset') bare.resetAndDestroy()
      else if (how === 'endless') writeEndlessly(socket)
      else if (how === 'drip') drip(socket)
    }

    function upgrade(): void {
      bare.removeAllListeners('data')
      if (choose('handshake') !== undefined) {
        bare.once('data', () => act('handshake'))
        return
      }
      unread = ''
      const secureContext = createSecureContext(script.tls)
      socket = new TLSSocket(bare, { isServer: true, secureContext })
      listen()
    }

    function obey(line: string): void {
      const verb = line.slice(0, 4).toUpperCase()
      if (logins > 0 || verb === 'AUTH') {
        const isWhole = logins === 0 && /^AUTH PLAIN ./i.test(line)
        const answer = isWhole ? asked[2] : asked[Math.min(logins, 2)]
        logins += 1
        const isLast = isWhole || logins >= 3
        said = ''
        act('AUTH', line, answer)
        if (isLast && !said.startsWith('334')) logins = 0
      } else if (verb === 'EHLO' || verb === 'HELO') {
        const own = isHealed ? extensions : (script.extensions ?? extensions)
        const offers = script.tls && socket === bare ? [...own, 'STARTTLS'] : own
        const lines = verb === 'HELO' ? ['mx.example'] : ['mx.example', ...offers]
        const last = lines.length - 1
        const text = lines.map((word, index) => `250${index < last ? '-' : ' '}${word}`).join('\r\n')
        act('EHLO', line, text)
      } else if (verb === 'STAR') {
        const answer = act('STARTTLS', line, script.tls ? usual.STARTTLS : '502 5.5.1 not here')
        if (answer === 'yes' && script.tls) upgrade()
      } else if (verb === 'MAIL') {
        accepted = []
        named = 0
        act('MAIL', line)
      } else if (verb === 'RCPT') {
        named += 1
        if (act('RCPT', line) === 'yes') accepted.push(line.replace(/^.*<|>.*$/g, ''))
      } else if (verb === 'DATA') {
        const ordinary = accepted.length > 0 ? usual.DATA : '503 5.5.1 nobody to send it to'
        if (act('DATA', line, ordinary) === 'yes') {
          mode = 'body'
          hasBody = false
        }
      } else if (verb === 'QUIT') {
        if (act('QUIT', line) === 'yes') socket.end()
      } else socket.write(verb === 'RSET' || verb === 'NOOP' ? '250 2.0.0 ok\r\n' : '500 5.5.2 what?\r\n')
    }

    function take(text: string): void {
      mails += 1
      if (act('end') !== 'no' && accepted.length > 0) taken.push({ to: accepted, text })
      if (mode !== 'deaf') act('idle')
    }

    function read(): void {
      for (;;) {
        if (mode === 'deaf') return
        if (mode === 'body') {
          if (!hasBody && unread !== '') {
            hasBody = true
            act('body')
            continue
          }
          const end = unread.startsWith('.\r\n') ? 0 : unread.indexOf('\r\n.\r\n') + 2
          if (end === 1) return
          const text = unread.slice(0, end)
          unread = unread.slice(end + 3)
          mode = 'commands'
          take(text)
        } else {
          const end = unread.indexOf('\r\n')
          if (end < 0) return
          const line = unread.slice(0, end)
          unread = unread.slice(end + 2)
          obey(line)
        }
      }
    }

    function listen(): void {
      socket.on('error', () => undefined)
      socket.on('data', (bytes) => {
        if (socket === bare) plain += bytes.toString('latin1')
        if (mode === 'deaf') return
        unread += bytes.toString('latin1')
        read()
      })
      socket.on('end', () => socket.end(farewell))
    }

    listen()
    if (act('connect') === 'yes') act('greeting')
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    serve(socket)
  }).listen(script.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    taken,
    get sessions() {
      return sessions
    },
    get plain() {
      return plain
    },
    heal() {
      isHealed = true
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function writeEndlessly(socket: Socket): void {
  const chunk = Buffer.alloc(65_536, 'x')
  let bytes = 0
  const more = (): void => {
    while (bytes < mostEndlessBytes && !socket.destroyed) {
      bytes += chunk.length
      if (!socket.write(chunk)) {
        socket.once('drain', more)
        return
      }
    }
  }
  more()
}

function drip(socket: Socket): void {
  const timer = setInterval(() => socket.write('2'), 20)
  socket.once('close', () => clearInterval(timer))
}
