import { createHash } from 'node:crypto'
import type { MailMessage, MailReceipt } from '../core/contracts/endpoints.ts'
import type { StepContext, StepType } from '../core/contracts/step.ts'
import { JobsdError } from '../core/errors.ts'
import { type MailData, mailData } from '../core/mail-data.ts'
import { deliveryKey, mailIdOf } from '../core/mail-id.ts'
import { mailCharts } from '../core/mail-report.ts'
import type { MailTemplate, RunFile, StepOf } from '../core/model.ts'
import { resolveRecipients } from '../core/recipients.ts'
import type { Chart } from '../core/report-overview.ts'
import { spellCount } from '../core/spell-count.ts'
import { fitFiles } from './mail-files.ts'
import { addLinks } from './mail-link-words.ts'
import { putLinkedFiles, signLinks } from './mail-links.ts'

type RenderMail = (
  template: MailTemplate,
  data: MailData,
) => Promise<{ subject: string; html: string; text: string }>
type DrawChart = (
  chart: Chart,
  options: { signal: AbortSignal },
) => Promise<{ png: Uint8Array } | { fault: string }>
type EmailStep = StepOf<'email'>

/** Sends one mail to all its recipients, with the files of `from` attached or, too large for that, in a zip or as links. */
export function createEmailStep(renderMail: RenderMail, drawChart: DrawChart): StepType<'email'> {
  return {
    type: 'email',
    async run(given, context) {
      const { parameters } = context.run
      const step = { ...given, ...resolveRecipients(given, parameters, context.snapshot.policy) }
      const files = step.from === undefined ? [] : context.inputs(step.from)
      const { attached, linked } = await fitFiles(step, files, context)
      const connection = context.connection(step.connection)
      const body = await fillMail(renderMail, step, files, context)
      const images = await drawImages(drawChart, body.html, files, context)
      const recipients = recipientSet(step)
      const target = `mail:${step.connection}:${recipients.join(',')}`
      const message = { ...addressMail(step, target, context), images }
      const only = context.resend?.targets ?? null
      const isMailWanted = linked.length === 0 || (only?.includes(target) ?? true)
      if (linked.length > 0) await putLinkedFiles(step, linked, context, isMailWanted ? null : only)
      if (!isMailWanted) return { ok: true, note: `put again at ${step.linkConnection}, without a mail` }
      const delivery = await context.deliver({
        target,
        file: attached[0] ?? null,
        onDoubt: step.onDoubt ?? 'hold',
        send: async ({ sending }) => {
          const attachments = await openAttachments(attached, context)
          const links = linked.length === 0 ? [] : await signLinks(step, linked, context)
          const told = addLinks(body, links, context.snapshot.client.locale)
          const mailer = context.endpoints.mailer(connection)
          const mail = { ...message, ...told, attachments }
          return describeReceipt(await mailer.send(mail, sending, context.signal))
        },
      })
      if (delivery.state === 'in-doubt')
        throw new JobsdError('MAIL_IN_DOUBT', { connection: step.connection })
      // Not ok, but no error: the others have the mail, so another attempt would give it to them twice. The step's
      // onFailure decides, by default `fail`, which tells the operators. Read from the delivery's note because that
      // is what is still known when the engine was killed right after the server had answered.
      const ok = !delivery.note.startsWith(partlyRefused)
      const did = context.run.dryRun ? 'would be mailed' : 'mailed'
      const note = ok
        ? `${did} to ${spellCount(recipients.length, 'recipient')}${tellFiles(files, attached, linked, step)}`
        : `${did}, but ${delivery.note}`
      return { ok, note }
    },
  }
}

const partlyRefused = 'refused for '

/** What became of files that were too large; nothing of those that go as always. */
function tellFiles(
  files: RunFile[],
  attached: RunFile[],
  linked: RunFile[],
  { linkConnection }: EmailStep,
): string {
  if (linked.length > 0) return `, with links to ${spellCount(linked.length, 'file')} at ${linkConnection}`
  return attached === files ? '' : `, as ${attached[0]!.fileName}`
}

function describeReceipt({ rejected, response }: MailReceipt): string {
  if (rejected.length === 0) return `accepted: ${response}`
  const refusals = rejected.map((refusal) => `${refusal.address} (${refusal.response})`)
  return `${partlyRefused}${refusals.join(', ')}; accepted for the others: ${response}`
}

function recipientSet({ to, cc = [], bcc = [] }: EmailStep): string[] {
  return [...new Set([...to, ...cc, ...bcc])].sort()
}

/** The parts that never change for a run, step and recipient set: a mail sent twice is known as one by its id. */
function addressMail(
  step: EmailStep,
  target: string,
  { run, resend, connection, snapshot: { manifest } }: StepContext,
): Omit<MailMessage, 'subject' | 'html' | 'text' | 'attachments' | 'images'> {
  const { from } = connection(step.connection) as { from: string }
  // Sent once more on purpose it is another mail: under its old id, mailboxes would drop it.
  const key = deliveryKey(resend?.runId ?? run.id, step.name, target)
  const digest = createHash('sha256').update(key).digest('hex')
  return {
    messageId: mailIdOf(digest, from.slice(from.lastIndexOf('@') + 1)),
    date: new Date(resend?.startedAt ?? run.startedAt ?? run.createdAt),
    to: step.to,
    cc: step.cc ?? [],
    bcc: step.bcc ?? [],
    replyTo: step.replyTo ?? null,
    ...(step.priority && { priority: step.priority }),
    headers: {
      'List-Id': `<${manifest.name}.${manifest.client}.${from.slice(from.lastIndexOf('@') + 1)}>`,
      ...(resend && { 'X-Jobsd-Resend': run.id }),
    },
  }
}

async function fillMail(
  renderMail: RenderMail,
  step: EmailStep,
  files: RunFile[],
  { run, snapshot, history, files: offered }: StepContext,
): Promise<{ subject: string; html: string; text: string }> {
  const template = snapshot.templates[step.template]
  if (template === undefined) {
    throw new JobsdError('TEMPLATE_FAILED', {
      template: step.template,
      reason: 'the job was compiled without it',
    })
  }
  const data = mailData(run, snapshot, files, history, offered)
  return await renderMail({ ...template, subject: step.subject ?? template.subject }, data)
}

/**
 * The charts that the mail names, drawn from the run's stored figures. The figures stand beside each one as its text,
 * so a mail goes out without a chart that cannot be drawn.
 */
async function drawImages(
  drawChart: DrawChart,
  html: string,
  files: RunFile[],
  { signal, log }: StepContext,
): Promise<NonNullable<MailMessage['images']>> {
  const images: NonNullable<MailMessage['images']> = []
  for (const { id, chart } of mailCharts(files)) {
    if (!html.includes(`cid:${id}`) || images.some((image) => image.id === id)) continue
    const drawn = await drawChart(chart, { signal })
    if ('fault' in drawn) log.warn({ chart: chart.title, reason: drawn.fault }, 'a chart could not be drawn')
    else images.push({ id, fileName: 'chart.png', mediaType: 'image/png', content: drawn.png })
  }
  return images
}

async function openAttachments(
  files: RunFile[],
  { artifacts }: StepContext,
): Promise<MailMessage['attachments']> {
  return await Promise.all(
    files.map(async ({ fileName, mediaType, sha256, size }) => {
      await artifacts.verify(sha256, size)
      return { fileName, mediaType, localPath: await artifacts.open(sha256, size) }
    }),
  )
}
