import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setDefaultCACertificates } from 'node:tls'
import { inspect } from 'node:util'
import t from 'tap'
import { createSmtpMailer } from '../../../engine/adapters/smtp-mailer.ts'
import type { MailMessage } from '../../../engine/core/contracts/endpoints.ts'
import { errorTable, JobsdError } from '../../../engine/core/errors.ts'
import { Secret } from '../../../engine/core/secret.ts'
import { startScriptedSmtp } from '../../fakes/scripted-smtp.ts'
import { createSelfSigned } from '../../fakes/self-signed.ts'
import {
  everywhere,
  everywhereTable,
  type Outcome,
  outcomes,
  type SmtpFault,
} from '../../fakes/smtp-faults.ts'
import { oddities, odditiesTable } from '../../fakes/smtp-oddities.ts'

const password = 'canary-4711-password'
const deadlineMs = 1000
const trusted = createSelfSigned('localhost')
const rogues = {
  'unknown signer': createSelfSigned('localhost'),
  'another name': createSelfSigned('mx.example'),
}
setDefaultCACertificates([trusted.cert, rogues['another name'].cert])

const folder = t.testdir({})

function mail(
  number: number,
  { to = ['ann@acme.example'], bytes = 0 }: Partial<SmtpFault> = {},
): MailMessage {
  const localPath = join(folder, `${bytes}.bin`)
  if (bytes > 0) writeFileSync(localPath, Buffer.alloc(bytes))
  return {
    messageId: `<${number}@platform.example>`,
    date: new Date('2026-11-22T18:30:00.000Z'),
    ...{ to, cc: [], bcc: [], replyTo: null, subject: 'Daily report', html: '<p>Hello</p>', text: 'Hello' },
    attachments: bytes > 0 ? [{ fileName: 'a.bin', mediaType: 'application/octet-stream', localPath }] : [],
  }
}

interface Ordeal {
  outcome: Outcome | string
  error: JobsdError | undefined
  response: string
  tookMs: number
  marks: number
  taken: number
  sessions: number
  plain: string
  /** Of a further mail, once the server had healed. */
  next: string
}

/** Sends one mail to a server with the fault, then another one to the healed server with the same mailer. */
async function suffer(fault: SmtpFault): Promise<Ordeal> {
  const tls = { ...(fault.certificate ? rogues[fault.certificate] : trusted) }
  const isSecured = fault.security === 'starttls'
  const goodbye = Promise.withResolvers<void>()
  let server = await startScriptedSmtp({
    ...fault.script,
    ...(isSecured && { tls }),
    act(stage, moment) {
      if (stage === 'QUIT') goodbye.resolve()
      return fault.script.act?.(stage, moment)
    },
  })
  const { port } = server
  if (fault.isAbsent) await server.close()
  const earlyMs = fault.outcome === 'late' ? deadlineMs : 20_000
  const answerMs = fault.outcome === 'doubt' ? deadlineMs : 20_000
  const mailer = createSmtpMailer(
    {
      ...{ apiVersion: 'jobsd/v1', kind: 'Connection', name: 'mail', type: 'smtp' },
      ...{ host: isSecured ? 'localhost' : '127.0.0.1', port, security: fault.security ?? 'none' },
      ...{ from: 'reports@platform.example', username: 'jobsd', password: { secret: 'smtp-password' } },
    },
    {
      secrets: { resolve: async () => new Secret(password) },
      timeouts: {
        freshMs: 0,
        ...{ connectMs: earlyMs, setupMs: earlyMs, envelopeMs: earlyMs, idleMs: earlyMs, answerMs },
        // A session that is not kept says goodbye at once.
        ...(fault.where === 'QUIT' && { keptMs: 0 }),
      },
    },
  )
  let marks = 0
  const mark = async (): Promise<void> => {
    marks += 1
  }
  const send = (number: number, given?: SmtpFault) =>
    mailer.send(mail(number, given), mark, new AbortController().signal)
  for (let number = 1; number <= (fault.before ?? 0); number += 1) await send(number)
  const [earlier, marked] = [server.taken.length, marks]
  const startedAt = performance.now()
  const result = await send(100, fault).catch((error: unknown) => error)
  const tookMs = performance.now() - startedAt
  const facts = { marks: marks - marked, taken: server.taken.length - earlier, sessions: server.sessions }

  if (fault.where === 'QUIT') await goodbye.promise
  if (fault.isAbsent) server = await startScriptedSmtp({ port })
  server.heal()
  Object.assign(tls, trusted)
  const { length } = server.taken
  const sendNext = () =>
    send(200).then(
      () => `taken ${server.taken.length - length}`,
      (error: unknown) => inspect(error),
    )
  let next = await sendNext()
  // On a busy machine one may miss a deadline that was made so short.
  if (fault.outcome === 'late' && next.includes('ENDPOINT_TIMEOUT')) next = await sendNext()
  await mailer.close()
  const { plain } = server
  await server.close()
  const rest = { ...facts, tookMs, plain, next }
  if (result instanceof JobsdError)
    return { outcome: wordFor(result.code), error: result, response: '', ...rest }
  if (result instanceof Error) return { outcome: inspect(result), error: undefined, response: '', ...rest }
  const { rejected, response } = result as Awaited<ReturnType<typeof send>>
  return { outcome: rejected.length > 0 ? 'partly' : 'sent', error: undefined, response, ...rest }
}

function wordFor(code: string): string {
  return Object.entries(outcomes).find(([, known]) => known === code)?.[0] ?? code
}

/** A few at a time: a deadline is not missed because of the others. */
async function sufferAll(faults: SmtpFault[]): Promise<[SmtpFault, Ordeal][]> {
  const done: [SmtpFault, Ordeal][] = []
  const rest = [...faults]
  const work = async (): Promise<void> => {
    for (let fault = rest.shift(); fault; fault = rest.shift()) done.push([fault, await suffer(fault)])
  }
  await Promise.all(Array.from({ length: 12 }, work))
  return done
}

const all = await sufferAll([...everywhere, ...oddities])

t.test('each fault of a mail server ends as the tables say', async (t) => {
  t.ok(all.length >= 120, `${all.length} faults`)
  for (const [{ where, what, outcome }, ordeal] of all) t.equal(ordeal.outcome, outcome, `${where}: ${what}`)
})

t.test(
  'what is worth another attempt was never taken, what is in doubt was told as handed over',
  async (t) => {
    for (const [{ where, what, isTaken, outcome }, { taken, error, marks }] of all) {
      const title = `${where}: ${what}`
      t.equal(taken, isTaken ? 1 : 0, title)
      t.equal(error?.retry ?? false, ['busy', 'away', 'late'].includes(outcome), title)
      if (isTaken) t.equal(marks, 1, title)
      if (error) t.equal(error.retry, errorTable[error.code].retry, title)
    }
  },
)

t.test('no send outlives its deadline by more than 5 s', async (t) => {
  for (const [{ where, what, outcome }, { tookMs, error }] of all) {
    t.ok(tookMs < deadlineMs + 5000, `${where}: ${what} took ${Math.round(tookMs)} ms`)
    // The envelope has a second more for its one recipient.
    const deadlines = [deadlineMs, deadlineMs + 1000]
    if (outcome === 'late') t.ok(deadlines.includes(Number(error?.details.timeoutMs)), `${where}: ${what}`)
  }
})

t.test('the next mail of the same mailer is sent', async (t) => {
  for (const [{ where, what }, { next }] of all) t.equal(next, 'taken 1', `${where}: ${what}`)
})

t.test(
  'no server gets a credential before its certificate is trusted, and no answer gives one away',
  async (t) => {
    const coded = Buffer.from(`\0jobsd\0${password}`).toString('base64')
    for (const [{ where, what, security }, { error, response, plain }] of all) {
      const shown = `${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)} ${response}`
      t.notMatch(shown, password, `${where}: ${what}`)
      t.notMatch(shown, coded, `${where}: ${what}`)
      t.notMatch(`${error?.message} ${response}`, /\p{Cc}/u, `${where}: ${what}`)
      t.ok((error?.message ?? '').length < 400, `${where}: ${what}`)
      if (security) t.notMatch(plain, /AUTH|MAIL/, `${where}: ${what}`)
    }
    const echoes = all.filter(([{ what }]) => what.includes('credentials in'))
    t.equal(echoes.length, 3)
    for (const [, { error }] of echoes) t.match(inspect(error), '[secret]')
  },
)

t.test('an address that no server may be asked for opens no session', async (t) => {
  const [, ordeal] = all.find(([{ what }]) => what.endsWith('no session')) ?? []
  t.equal(ordeal?.sessions, 0)
})

t.test('operations.md has the tables as they are tried here', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8')
  for (const table of [everywhereTable(), odditiesTable()])
    t.ok(page.includes(`\n${table.join('\n')}\n\n`), `${table[0]}`)
  const section = page.slice(
    page.indexOf('## What a mail server can answer'),
    page.indexOf(everywhereTable()[0] ?? ''),
  )
  const legend = [...section.matchAll(/^- \*\*(\w+)\*\*(?: \(`(\w+)`\))?[,:] /gm)]
  t.same(
    legend.map(([, word, code]) => [word, code ?? null]),
    Object.entries(outcomes),
  )
})
