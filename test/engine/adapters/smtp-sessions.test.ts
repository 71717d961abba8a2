import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import type { Turn } from '../../../engine/adapters/pace.ts'
import { createSmtpMailer } from '../../../engine/adapters/smtp-mailer.ts'
import type { SmtpTimeouts } from '../../../engine/adapters/smtp-session.ts'
import type { MailMessage } from '../../../engine/core/contracts/endpoints.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { SmtpConnection } from '../../../engine/core/manifest.ts'
import { Secret } from '../../../engine/core/secret.ts'
import { type ScriptedSmtp, type SmtpScript, startScriptedSmtp } from '../../fakes/scripted-smtp.ts'

type Act = NonNullable<SmtpScript['act']>

const never = new AbortController().signal
const noMark = async (): Promise<void> => undefined
/** All that can go on without waiting for the server has gone on. */
const settled = () => new Promise(setImmediate)

interface Stage {
  server: ScriptedSmtp
  /** Sends mail `number`; resolves with the error's code, or `sent`. */
  send(number: number, changes?: Partial<MailMessage>, signal?: AbortSignal): Promise<string>
  /** Mails of which the end was let through. */
  marks(): number
  close(): Promise<void>
  changePassword(password: string): void
}

async function stage(
  t: Test,
  script: SmtpScript = {},
  changes: Partial<SmtpConnection> = {},
  timeouts: Partial<SmtpTimeouts> = {},
  turn?: Turn,
): Promise<Stage> {
  const server = await startScriptedSmtp(script)
  let password = 'first-password'
  let marks = 0
  const mailer = createSmtpMailer(connectionTo(server.port, changes), {
    secrets: { resolve: async () => new Secret(password) },
    timeouts,
    turn,
  })
  t.teardown(async () => {
    await mailer.close()
    await server.close()
  })
  const mark = async (): Promise<void> => {
    marks += 1
  }
  return {
    server,
    marks: () => marks,
    close: () => mailer.close(),
    changePassword: (given) => {
      password = given
    },
    send: (number, given, signal = never) =>
      mailer.send({ ...mail(number), ...given }, mark, signal).then(
        () => 'sent',
        (error: unknown) => (error instanceof JobsdError ? error.code : Promise.reject(error)),
      ),
  }
}

function connectionTo(port: number, changes: Partial<SmtpConnection>): SmtpConnection {
  return {
    ...{ apiVersion: 'jobsd/v1', kind: 'Connection', name: 'mail', type: 'smtp' },
    ...{ host: '127.0.0.1', port, security: 'none', from: 'reports@platform.example' },
    ...changes,
  }
}

function mail(number: number): MailMessage {
  return {
    messageId: `<${number}@platform.example>`,
    date: new Date('2026-11-22T18:30:00.000Z'),
    ...{ to: ['ann@acme.example'], cc: [], bcc: [], replyTo: null, attachments: [] },
    ...{ subject: `Report ${number}`, html: '<p>Hello</p>', text: 'Hello' },
  }
}

const numbers = (taken: ScriptedSmtp['taken']) =>
  taken.map(({ text }) => Number(/^Subject: Report (\d+)/m.exec(text)?.[1]))
const count = (text: string, word: RegExp) => [...text.matchAll(word)].length
const upTo = (length: number) => Array.from({ length }, (_, index) => index + 1)

t.test('mails one after another share a session, which is reset when it rested', async (t) => {
  const { server, send } = await stage(t, {}, {}, { freshMs: 0 })
  for (const number of upTo(5)) t.equal(await send(number), 'sent')
  t.same(numbers(server.taken), upTo(5))
  t.equal(server.sessions, 1)
  t.equal(count(server.plain, /^EHLO/gm), 1)
  t.equal(count(server.plain, /^RSET/gm), 4)
})

t.test('a session that has only just sent a mail is not reset', async (t) => {
  const { server, send } = await stage(t, {}, {}, { freshMs: Number.POSITIVE_INFINITY })
  for (const number of upTo(5)) t.equal(await send(number), 'sent')
  t.same(numbers(server.taken), upTo(5))
  t.equal(server.sessions, 1)
  t.equal(count(server.plain, /^RSET/gm), 0)
})

t.test('a session takes a hundred mails', async (t) => {
  const { server, send } = await stage(t)
  for (const number of upTo(100)) await send(number)
  t.equal(server.sessions, 1)
  t.equal(await send(101), 'sent')
  t.equal(server.sessions, 2)
  t.equal(server.taken.length, 101)
})

t.test('mails at the same time', async (t) => {
  t.test('take five sessions at most', async (t) => {
    const { server, send } = await stage(t)
    await Promise.all(upTo(23).map((number) => send(number)))
    t.equal(server.sessions, 5)
    t.equal(server.taken.length, 23)
  })
  t.test('take as many as the connection says', async (t) => {
    const { server, send } = await stage(t, {}, { maxConnections: 2 })
    await Promise.all(upTo(9).map((number) => send(number)))
    t.equal(server.sessions, 2)
    t.equal(server.taken.length, 9)
  })
  t.test('go in the order in which they came', async (t) => {
    const { server, send } = await stage(t, {}, { maxConnections: 1 })
    await Promise.all(upTo(9).map((number) => send(number)))
    t.same(numbers(server.taken), upTo(9))
  })
  t.test('wait for as long as their signal allows, and leave their place to the next', async (t) => {
    const waiting = new AbortController()
    const reason = new JobsdError('STEP_TIMEOUT', { step: 'mail', timeoutMs: 1 })
    const { server, send } = await stage(
      t,
      {
        act(at) {
          if (at === 'RCPT') waiting.abort(reason)
          return undefined
        },
      },
      { maxConnections: 1 },
    )
    const ends: string[] = []
    const all = [send(1), send(2, {}, waiting.signal), send(3)]
    await Promise.all(all.map(async (sending, index) => ends.push(`${index + 1} ${await sending}`)))
    t.same(ends, ['2 STEP_TIMEOUT', '1 sent', '3 sent'])
    t.same(numbers(server.taken), [1, 3])
    t.equal(server.sessions, 1)
  })
})

t.test(
  'a mail over the allowed pace waits without a session, which the server would end meanwhile',
  async (t) => {
    const turns: (() => void)[] = []
    const { server, send } = await stage(t, {}, { maxConnections: 2 }, { freshMs: 0 }, async (signal) => {
      const turn = Promise.withResolvers<void>()
      turns.push(turn.resolve)
      signal.addEventListener('abort', () => turn.reject(signal.reason))
      await turn.promise
    })
    const sent = [1, 2].map((number) => send(number))
    const stopped = new AbortController()
    const third = send(3, {}, stopped.signal)
    await settled()
    t.equal(turns.length, 2, 'a place among the sessions comes first')
    t.equal(server.sessions, 0)
    turns[0]?.()
    t.equal(await sent[0], 'sent')
    t.equal(server.sessions, 1)
    await settled()
    t.equal(turns.length, 3)
    stopped.abort(new JobsdError('STEP_TIMEOUT', { step: 'mail', timeoutMs: 1 }))
    t.equal(await third, 'STEP_TIMEOUT')
    turns[1]?.()
    t.equal(await sent[1], 'sent')
    t.equal(server.sessions, 1, 'the one that rests is taken')
  },
)

t.test('a session that nobody needs is ended politely', async (t) => {
  const gone = Promise.withResolvers<void>()
  const act: Act = (at) => {
    if (at === 'QUIT') gone.resolve()
    return undefined
  }
  t.test('after a while', async (t) => {
    const { server, send } = await stage(t, { act }, {}, { keptMs: 20 })
    await send(1)
    await gone.promise
    t.equal(await send(2), 'sent')
    t.equal(server.sessions, 2)
  })
  t.test('when the mailer is closed, which sends no more', async (t) => {
    const closed = Promise.withResolvers<void>()
    const { server, send, close } = await stage(t, {
      act(at) {
        if (at === 'QUIT') closed.resolve()
        return undefined
      },
    })
    await send(1)
    await close()
    await closed.promise
    t.equal(await send(2), 'ENDPOINT_UNREACHABLE')
    t.equal(server.sessions, 1)
  })
})

t.test('a kept session that ended before the next mail', async (t) => {
  const ways: [title: string, act: Act][] = [
    ['by 421 to MAIL', (at, { mails }) => (at === 'MAIL' && mails > 0 ? { say: '421 bye\r\n' } : undefined)],
    ['by 452 to MAIL', (at, { mails }) => (at === 'MAIL' && mails > 0 ? { say: '452 bye\r\n' } : undefined)],
    ['by 452 to RCPT', (at, { mails }) => (at === 'RCPT' && mails > 0 ? { say: '452 no\r\n' } : undefined)],
    ['by 421 to DATA', (at, { mails }) => (at === 'DATA' && mails > 0 ? { say: '421 bye\r\n' } : undefined)],
    ['by closing at MAIL', (at, { mails }) => (at === 'MAIL' && mails > 0 ? 'close' : undefined)],
    ['by a reset at RCPT', (at, { mails }) => (at === 'RCPT' && mails > 0 ? 'reset' : undefined)],
    ['by closing at once', (at) => (at === 'idle' ? 'close' : undefined)],
  ]
  for (const [title, act] of ways) {
    for (const freshMs of [0, Number.POSITIVE_INFINITY]) {
      const asked = freshMs === 0 ? 'reset first' : 'not reset'
      t.test(`${title}, ${asked}, costs the next mail nothing but another session`, async (t) => {
        const { server, send, marks } = await stage(t, { act }, {}, { freshMs })
        t.equal(await send(1), 'sent')
        t.equal(await send(2), 'sent')
        t.same(numbers(server.taken), [1, 2])
        t.equal(server.sessions, 2)
        t.equal(marks(), 2)
      })
    }
  }
  t.test('is tried again once only', async (t) => {
    const { server, send, marks } = await stage(t, {
      act: (at, { mails, session }) =>
        at === 'MAIL' && (mails > 0 || session > 1) ? { say: '421 4.3.2 going down\r\n' } : undefined,
    })
    t.equal(await send(1), 'sent')
    t.equal(await send(2), 'TARGET_BUSY')
    t.equal(server.sessions, 2)
    t.equal(marks(), 1)
  })
  t.test('by what is an answer to this mail is not tried again', async (t) => {
    const { server, send } = await stage(t, {
      act: (at, { mails }) => (at === 'RCPT' && mails > 0 ? { say: '550 nobody\r\n' } : undefined),
    })
    t.equal(await send(1), 'sent')
    t.equal(await send(2), 'MAIL_REFUSED')
    t.equal(server.sessions, 1)
  })
  const late: [title: string, act: Act, code: string, marked: number][] = [
    [
      'while it was given the bytes',
      (at, { mails }) => (at === 'body' && mails > 0 ? 'reset' : undefined),
      'ENDPOINT_UNREACHABLE',
      1,
    ],
    [
      'after it was given the whole mail',
      (at, { mails }) => (at === 'end' && mails > 1 ? 'close' : undefined),
      'MAIL_IN_DOUBT',
      2,
    ],
    [
      'by 421 to the whole mail',
      (at, { mails }) => (at === 'end' && mails > 1 ? { say: '421 bye\r\n' } : undefined),
      'TARGET_BUSY',
      2,
    ],
  ]
  for (const [title, act, code, marked] of late) {
    t.test(`${title} is not tried again`, async (t) => {
      const { server, send, marks } = await stage(t, { act })
      t.equal(await send(1), 'sent')
      t.equal(await send(2, { text: 'x'.repeat(4_000_000) }), code)
      t.equal(server.sessions, 1)
      t.equal(marks(), marked)
    })
  }
})

t.test('a session in which a mail failed is not used again', async (t) => {
  const { server, send } = await stage(
    t,
    { act: (at, { session }) => (at === 'end' && session === 1 ? { say: '554 spam\r\n' } : undefined) },
    { maxConnections: 1 },
  )
  t.equal(await send(1), 'MAIL_REFUSED')
  t.equal(await send(2), 'sent')
  t.equal(server.sessions, 2)
})

t.test('a password that was changed is used for the next mail', async (t) => {
  const login = { username: 'jobsd', password: { secret: 'smtp-password' } }
  const coded = (word: string) => Buffer.from(`\0jobsd\0${word}`).toString('base64')
  const { server, send, changePassword } = await stage(t, {}, login)
  await send(1)
  await send(2)
  t.equal(server.sessions, 1)
  changePassword('second-password')
  t.equal(await send(3), 'sent')
  t.equal(server.sessions, 2)
  t.same(
    [...server.plain.matchAll(/^AUTH PLAIN (\S+)/gm)].map(([, words]) => words),
    [coded('first-password'), coded('second-password')],
  )
})

t.test('a login that is refused ends the sessions that were let in before', async (t) => {
  let isEnding = true
  const { server, send } = await stage(
    t,
    {
      act(at, { session, mails }) {
        if (at === 'AUTH' && session === 3) return { say: '535 5.7.8 no\r\n' }
        if (at !== 'MAIL' || mails === 0 || !isEnding) return undefined
        isEnding = false
        return { say: '421 4.3.2 log in again\r\n' }
      },
    },
    { username: 'jobsd', password: { secret: 'smtp-password' } },
  )
  await Promise.all([send(1), send(2)])
  t.equal(server.sessions, 2)
  t.equal(await send(3), 'AUTH_REFUSED')
  t.equal(await send(4), 'sent')
  t.equal(server.sessions, 4, 'the other one of the first two was not used again')
})

t.test('what is no answer is not taken for one', async (t) => {
  const to = ['ann@acme.example', 'ben@acme.example', 'cy@acme.example']
  const login = { username: 'jobsd', password: { secret: 'smtp-password' } }
  const cases: [title: string, at: string, say: string, code: string, marked: number][] = [
    ['a yes to DATA that is no 354', 'DATA', '250 go on', 'ENDPOINT_UNREACHABLE', 0],
    ['another answer that goes on', 'DATA', '334 go on', 'ENDPOINT_UNREACHABLE', 0],
    ['a 354 that ends otherwise', 'DATA', '354-go on\r\n550 no', 'ENDPOINT_UNREACHABLE', 0],
    ['words for one of three recipients', 'RCPT', '2 ok', 'ENDPOINT_UNREACHABLE', 0],
    ['words at the login', 'AUTH', 'Welcome!', 'ENDPOINT_UNREACHABLE', 0],
    ['words as the greeting', 'greeting', '22 mx', 'ENDPOINT_UNREACHABLE', 0],
    ['2 and words for the whole mail', 'end', '2 taken', 'MAIL_IN_DOUBT', 1],
    ['a date for the whole mail', 'end', '2026-11-22 taken', 'MAIL_IN_DOUBT', 1],
    ['a yes with a no for the whole mail', 'end', '250-taken\r\n554 not', 'MAIL_IN_DOUBT', 1],
  ]
  for (const [title, place, say, code, marked] of cases) {
    t.test(title, async (t) => {
      const isThere = (at: string, recipients: number) => at === place && (at !== 'RCPT' || recipients === 2)
      const act: Act = (at, { recipients }) => (isThere(at, recipients) ? { say: `${say}\r\n` } : undefined)
      const { server, send, marks } = await stage(t, { act }, login, { answerMs: 300 })
      t.equal(await send(1, { to }), code)
      t.equal(marks(), marked)
      if (marked === 0) t.notMatch(server.plain, /Subject/, 'no byte of the mail was given')
    })
  }
})

t.test('a refusal for its size names the size', async (t) => {
  const cases: [at: string, say: string, code: string][] = [
    ['MAIL', '552 5.3.4 message size exceeds limit', 'MAIL_TOO_LARGE'],
    ['MAIL', '552 too big', 'MAIL_TOO_LARGE'],
    ['RCPT', '552 5.2.2 mailbox is full', 'MAIL_REFUSED'],
    ['DATA', '554 5.3.4 too big', 'MAIL_TOO_LARGE'],
    ['end', '552 5.3.4 too big', 'MAIL_TOO_LARGE'],
    ['end', '552 5.2.2 quota', 'MAIL_REFUSED'],
  ]
  for (const [place, say, code] of cases) {
    const { send } = await stage(t, { act: (at) => (at === place ? { say: `${say}\r\n` } : undefined) })
    t.equal(await send(1), code, `${place}: ${say}`)
  }
  const { send, server } = await stage(t, { extensions: ['SIZE 300'] })
  t.equal(await send(1, { text: 'x'.repeat(400) }), 'MAIL_TOO_LARGE')
  t.notMatch(server.plain, /^MAIL/m, 'one over the announced limit is offered to nobody')
})

t.test('a server that sends a byte now and then is not waited for without end', async (t) => {
  const login = { username: 'jobsd', password: { secret: 'smtp-password' } }
  const cases: [at: string, limit: Partial<SmtpTimeouts>, code: string, to: string[]][] = [
    ['greeting', { setupMs: 500 }, 'ENDPOINT_TIMEOUT', ['a@x.example']],
    ['EHLO', { setupMs: 500 }, 'ENDPOINT_TIMEOUT', ['a@x.example']],
    ['AUTH', { setupMs: 500 }, 'ENDPOINT_TIMEOUT', ['a@x.example']],
    ['MAIL', { envelopeMs: -500 }, 'ENDPOINT_TIMEOUT', ['a@x.example']],
    ['RCPT', { envelopeMs: -1500 }, 'ENDPOINT_TIMEOUT', ['a@x.example', 'b@x.example']],
    ['DATA', { envelopeMs: -500 }, 'ENDPOINT_TIMEOUT', ['a@x.example']],
    ['end', { answerMs: 500 }, 'MAIL_IN_DOUBT', ['a@x.example']],
  ]
  const endings = cases.map(async ([place, limit, code, to]) => {
    const trickle = await startTricklingSmtp(place)
    const mailer = createSmtpMailer(connectionTo(trickle.port, login), {
      secrets: { resolve: async () => new Secret('any-password') },
      timeouts: { connectMs: 60_000, idleMs: 60_000, ...limit },
    })
    const startedAt = performance.now()
    const error = await mailer.send({ ...mail(1), to }, noMark, never).then(
      () => undefined,
      (thrown: JobsdError) => thrown,
    )
    const tookMs = performance.now() - startedAt
    await trickle.close()
    return { place, code, error, tookMs }
  })
  for (const { place, code, error, tookMs } of await Promise.all(endings)) {
    t.equal(error?.code, code, place)
    if (code === 'ENDPOINT_TIMEOUT') t.equal(error?.details.timeoutMs, 500, place)
    t.ok(tookMs < 5500, `${place} ended after ${Math.round(tookMs)} ms`)
  }
})

/** Answers like any server up to that place; from there it sends a byte every 20 ms, and never a whole reply. */
async function startTricklingSmtp(place: string): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const answers: Record<string, string> = {
    greeting: '220 slow',
    EHLO: '250-slow\r\n250 AUTH PLAIN',
    AUTH: '235 ok',
    DATA: '354 go on',
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    const answer = (at: string): void => {
      if (at !== place) {
        socket.write(`${answers[at] ?? '250 ok'}\r\n`)
        return
      }
      const timer = setInterval(() => socket.write('2'), 20)
      socket.once('close', () => clearInterval(timer))
    }
    answer('greeting')
    socket.on('data', (bytes) => {
      const text = bytes.toString('latin1')
      const verb = text.slice(0, 4)
      if (/^(EHLO|AUTH|MAIL|RCPT|DATA)/.test(text)) answer(verb)
      else if (text.endsWith('\r\n.\r\n')) answer('end')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
