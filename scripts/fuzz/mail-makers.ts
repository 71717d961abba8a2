/** Mails with hostile values in some of their fields, by the mailer alone and by the whole email step. */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mailer, MailMessage } from '../../engine/core/contracts/endpoints.ts'
import type { StepOf } from '../../engine/core/model.ts'
import { createEmailStep } from '../../engine/steps/email.ts'
import { createMemoryEndpoints } from '../../test/fakes/endpoints.ts'
import { createStep } from '../../test/fakes/snapshot.ts'
import { createStepContext, type TestContext } from '../../test/fakes/step-context.ts'
import { makeAddress, makeHostile } from './mail-values.ts'
import type { Random } from './mutate.ts'

export interface Attempt {
  /** Hostile values in it. */
  fields: number
  /** Sends it, throws where it is refused. The mail that the mailer was given is told before. */
  send(mailer: Mailer, told: (message: MailMessage) => void): Promise<void>
  /** Everyone who was asked for, each once. */
  recipients: string[]
}

const never = new AbortController().signal
const file = 'a;b\n1;2\n'
const sha256 = createHash('sha256').update(file).digest('hex')

/** `folder` is for the files that are attached. */
export function createMailMaker(folder: string, random: Random): (number: number) => Attempt {
  mkdirSync(folder, { recursive: true })
  const localPath = join(folder, sha256)
  writeFileSync(localPath, file)
  return (number) => {
    // An address is nearly always refused, so such a mail has nothing else to try.
    const kind = random(10)
    if (kind < 3) return makeAddressed(number, localPath, random)
    return kind < 6 ? makeByStep(number, folder, random) : makeWorded(number, localPath, random)
  }
}

function plainMessage(number: number): MailMessage {
  return {
    messageId: `<${number}@platform.example>`,
    date: new Date('2026-11-22T18:30:00.000Z'),
    ...{ to: ['ann@acme.example'], cc: [], bcc: [], replyTo: null },
    ...{ subject: 'Report', html: '<p>Hello</p>', text: 'Hello', attachments: [] },
  }
}

function byMailer(message: MailMessage, fields: number): Attempt {
  return {
    fields,
    recipients: [...new Set([...message.to, ...message.cc, ...message.bcc])],
    async send(mailer, told) {
      told(message)
      await mailer.send(message, async () => undefined, never)
    },
  }
}

function makeAddressed(number: number, localPath: string, random: Random): Attempt {
  const message = plainMessage(number)
  const address = makeAddress(random)
  const place = random(4)
  if (place === 0) message.to = random(2) ? [address] : ['ann@acme.example', address]
  if (place === 1) message.cc = [address]
  if (place === 2) message.bcc = [address, 'audit@acme.example']
  if (place === 3) message.replyTo = address
  message.attachments = [{ fileName: 'calls.csv', mediaType: 'text/csv', localPath }]
  return byMailer(message, 1)
}

function makeWorded(number: number, localPath: string, random: Random): Attempt {
  const hostile = () => makeHostile(random)
  const message = {
    ...plainMessage(number),
    ...{ subject: hostile(), html: hostile(), text: hostile() },
    ...{ cc: ['bob@acme.example'], bcc: ['audit@acme.example'], replyTo: 'care@platform.example' },
    headers: { 'List-Id': hostile(), 'X-Jobsd-Resend': hostile() },
    attachments: [
      { fileName: hostile(), mediaType: 'text/csv', localPath },
      { fileName: 'x.csv', mediaType: hostile(), localPath },
    ],
  }
  return byMailer(message, 7)
}

/** The same from a job: a run's parameters, names of offered files, and whatever a template turned out. */
function makeByStep(number: number, folder: string, random: Random): Attempt {
  const addressed = random(2) === 0
  const recipients = addressed ? makeAddress(random) : 'ann@acme.example'
  const body = addressed
    ? { subject: 'Report', html: '<p>Hello</p>', text: 'Hello' }
    : { subject: makeHostile(random), html: makeHostile(random), text: makeHostile(random) }
  const fileName = addressed ? 'calls.csv' : makeHostile(random)
  const job: StepOf<'email'> = createStep({
    ...{ name: 'mail', type: 'email', from: 'build', connection: 'mail', template: 'report-ready' },
    ...{ to: ['{param.recipients}'], bcc: ['audit@acme.example'] },
  } as const)
  const step = createEmailStep(
    async () => body,
    async () => ({ fault: 'no picture is wanted' }),
  )
  const parted = recipients.split(/[,;]/).map((part) => part.trim())
  return {
    fields: addressed ? 1 : 4,
    recipients: [...new Set([...parted.filter(Boolean), 'audit@acme.example'])],
    async send(mailer, told) {
      const mail: Mailer = {
        async send(message, transmitting, signal) {
          told(message)
          return await mailer.send(message, transmitting, signal)
        },
      }
      const context: TestContext = createStepContext('mail', folder, {
        run: { id: `run-${number}`, parameters: { recipients } },
        endpoints: createMemoryEndpoints({ mailers: { mail } }),
        files: [
          {
            ...{ step: 'build', fileName, mediaType: 'text/csv', sha256, size: file.length },
            ...{ rows: 1, period: null, origin: null },
          },
        ],
      })
      const from = { ...context.connection('mail'), from: 'reports@platform.example' }
      await step.run(job, { ...context, connection: () => from as ReturnType<TestContext['connection']> })
    },
  }
}
