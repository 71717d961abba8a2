/**
 * `npm run fuzz:mail -- [--count N] [--seed N]`: that many hostile values as subjects, names, addresses, file names,
 * media types, own headers and bodies, mailed to a real server in real sessions. Each mail is refused with a code, or
 * arrives with the headers and the recipients that were asked for and no others. Exits 1 when one does not.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSmtpMailer } from '../../engine/adapters/smtp-mailer.ts'
import type { MailMessage } from '../../engine/core/contracts/endpoints.ts'
import { JobsdError } from '../../engine/core/errors.ts'
import { Secret } from '../../engine/core/secret.ts'
import { type ReceivedMail, startSmtpServer } from '../demo/smtp-server.ts'
import { parseOptions } from '../parse-options.ts'
import { createMailMaker } from './mail-makers.ts'
import { scanMail } from './mail-scan.ts'
import { makeHostile } from './mail-values.ts'
import { createRandom } from './mutate.ts'

export interface MailFuzzResult {
  fields: number
  sent: number
  /** Refused mails by their code. */
  refused: Record<string, number>
  /** Mails with a header that nobody asked for, or one that is broken. */
  headerFaults: number
  /** Mails whose recipients are not those that were asked for. */
  recipientFaults: number
  /** Mails that ended otherwise: with no clear code, or sent and not received once. */
  otherFaults: number
  failures: string[]
}

const atOnce = 16
const mailsOfAName = 10
// The schema lets no longer one be.
const longestName = 120

/** Tries that many values of a seed. */
export async function fuzzMails(count: number, seed: number): Promise<MailFuzzResult> {
  const random = createRandom(seed)
  const folder = mkdtempSync(join(tmpdir(), 'jobsd-fuzz-mail-'))
  const make = createMailMaker(folder, random)
  const received = new Map<string, ReceivedMail[]>()
  const server = await startSmtpServer({
    onMessage(mail) {
      const id = /^Message-ID: (<[^>]*>)\r?$/im.exec(mail.raw.toString('latin1'))?.[1] ?? ''
      received.set(id, [...(received.get(id) ?? []), mail])
    },
  })
  const result: MailFuzzResult = {
    ...{ fields: 0, sent: 0, refused: {}, failures: [] },
    ...{ headerFaults: 0, recipientFaults: 0, otherFaults: 0 },
  }
  let number = 0

  /** One mail, told of in the result. */
  async function tryOne(mailer: ReturnType<typeof createSmtpMailer>): Promise<void> {
    const attempt = make(++number)
    const own = number
    result.fields += attempt.fields
    let message: MailMessage | undefined
    const blame = (kind: 'headerFaults' | 'recipientFaults' | 'otherFaults', faults: string[]): void => {
      result[kind] += 1
      result.failures.push(`mail ${own}: ${faults.join('; ')}; of ${JSON.stringify(message)}`)
    }
    try {
      await attempt.send(mailer, (given) => {
        message = given
      })
    } catch (error) {
      if (!(error instanceof JobsdError)) blame('otherFaults', [String((error as Error).stack)])
      else result.refused[error.code] = (result.refused[error.code] ?? 0) + 1
      if (message && received.has(message.messageId)) blame('otherFaults', ['refused, and yet it arrived'])
      return
    }
    result.sent += 1
    const mails = received.get(message!.messageId) ?? []
    if (mails.length !== 1) return blame('otherFaults', [`it arrived ${mails.length} times`])
    const { raw, to } = mails[0]!
    if (JSON.stringify(to.toSorted()) !== JSON.stringify(attempt.recipients.toSorted()))
      blame('recipientFaults', [`to ${JSON.stringify(to)}`])
    const faults = await scanMail(raw, message!)
    if (faults.length > 0) blame('headerFaults', faults)
  }

  async function work(): Promise<void> {
    while (result.fields < count) {
      result.fields += 1
      const mailer = createSmtpMailer(
        {
          ...{ apiVersion: 'jobsd/v1', kind: 'Connection', name: 'mail', type: 'smtp', security: 'none' },
          ...{ host: '127.0.0.1', port: server.port },
          ...{ from: 'reports@platform.example', fromName: makeHostile(random).slice(0, longestName) },
        },
        { secrets: { resolve: async () => new Secret('unused') }, hostname: 'fuzz.example' },
      )
      for (let mails = 0; mails < mailsOfAName && result.fields < count; mails++) await tryOne(mailer)
      await mailer.close()
    }
  }

  try {
    await Promise.all(Array.from({ length: atOnce }, work))
    if (server.messages.length > result.sent)
      result.failures.push(`${server.messages.length} mails arrived, ${result.sent} were sent`)
    return result
  } finally {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const { values } = parseOptions(import.meta.filename, {
    options: { count: { type: 'string' }, seed: { type: 'string' } },
  })
  const seed = Number(values.seed ?? 1)
  const result = await fuzzMails(Number(values.count ?? 10_000), seed)
  for (const failure of result.failures.slice(0, 20)) console.log(`${failure.slice(0, 3000)}\n`)
  const refused = Object.entries(result.refused).map(([code, mails]) => `${mails} ${code}`)
  console.log(
    `seed ${seed}: ${result.fields} fields, ${result.sent} mails sent, refused ${refused.join(', ') || 'none'}; ${result.headerFaults} with extra or broken headers, ${result.recipientFaults} with other recipients, ${result.otherFaults} that ended otherwise`,
  )
  process.exitCode = result.failures.length > 0 ? 1 : 0
}
