/** Tells the operators. An alert was made durable with the failure it tells of; here it is only sent, until it is. */
import { createHash } from 'node:crypto'
import type { Endpoints } from '../core/contracts/endpoints.ts'
import type { AlertFacts, AlertRecord, Ledger, NoticeFacts } from '../core/contracts/ledger.ts'
import type { Clock, Log } from '../core/contracts/services.ts'
import type { AlertRoute } from '../core/contracts/sync.ts'
import type { MailTemplate } from '../core/model.ts'

const retryMs = 60_000

/** Fills a mail's template. Rejects where it cannot. */
export type RenderMail = (
  template: MailTemplate,
  data: unknown,
  options: { signal: AbortSignal },
) => Promise<{ subject: string; html: string; text: string }>

export interface AlertParts {
  ledger: Ledger
  endpoints: Endpoints
  clock: Clock
  log: Log
  renderMail: RenderMail
  /** Where alerts go now; null while no settings were ever valid. */
  route(): AlertRoute | null
}

export interface Alerts {
  /** To be called when there may be new alerts; what could not be sent is tried again each minute. */
  notify(): void
  /** Gives what is pending one more try of at most `timeoutMs`, and then sends no more. */
  finish(timeoutMs: number): Promise<void>
}

export function createAlerts(parts: AlertParts): Alerts {
  const { ledger, clock, log } = parts
  const stopping = new AbortController()
  /** Sent, but not marked so: only the mark is tried again. */
  const sent = new Set<string>()
  let working: Promise<void> | undefined
  let again = false
  let finishing = false

  async function work(): Promise<void> {
    while (again && !stopping.signal.aborted) {
      again = false
      const isDone = await sendPending()
      if (isDone || finishing) continue
      await clock.sleep(retryMs, AbortSignal.any([stopping.signal, hurry.signal])).catch(() => undefined)
      again = true
    }
    // In the turn of the last look at `again`, so that no notice falls between.
    working = undefined
  }
  const hurry = new AbortController()

  /** Sends what is pending; false where something could not be sent. */
  async function sendPending(): Promise<boolean> {
    let isDone = true
    try {
      for (const alert of await ledger.pendingAlerts()) {
        if (stopping.signal.aborted) return false
        isDone = (await tryAlert(alert)) && isDone
      }
      return isDone
    } catch (error) {
      log.error({ reason: (error as Error).message }, 'alerts cannot be read')
      return false
    }
  }

  async function tryAlert(alert: AlertRecord): Promise<boolean> {
    try {
      if (!sent.has(alert.id)) await sendAlert(alert)
      sent.add(alert.id)
      await ledger.markAlert(alert.id, 'sent', clock.now().toISOString())
      sent.delete(alert.id)
      return true
    } catch (error) {
      const reason = (error as Error).message
      log.error({ alert: alert.id, reason }, 'an alert could not be sent; it is tried again')
      return false
    }
  }

  async function sendAlert({ id, about, createdAt }: AlertRecord): Promise<void> {
    const route = parts.route()
    if (route?.connection.type !== 'smtp')
      throw new Error('no settings were valid yet, so there is no alert route')
    const { settings, connection, templates } = route
    const domain = connection.from.slice(connection.from.indexOf('@') + 1)
    // A notice's id may name anything; a Message-ID may not.
    const name = createHash('sha256').update(id).digest('hex').slice(0, 24)
    const addressed = {
      messageId: `<alert-${name}@${domain}>`,
      date: new Date(createdAt),
      to: settings.alerts.to,
      cc: [],
      bcc: [],
      replyTo: null,
      attachments: [],
    }
    const body =
      'step' in about
        ? await writeAlert(templates.alert, about.step, describeAlert(about.step))
        : await writeAlert(templates.notice, about.notice, describeNotice(about.notice))
    // An alert that may have been sent is sent again: twice is better than never.
    await parts.endpoints
      .mailer(connection)
      .send({ ...addressed, ...body }, async () => undefined, stopping.signal)
  }

  /** By the template; an alert never fails for its template, it is then told plainly. */
  async function writeAlert(template: MailTemplate | undefined, facts: object, plain: PlainMail) {
    if (!template) return plain
    try {
      return await parts.renderMail(template, facts, { signal: stopping.signal })
    } catch (error) {
      stopping.signal.throwIfAborted()
      log.error(
        { template: template.name, reason: (error as Error).message },
        'an alert is sent as plain text',
      )
      return plain
    }
  }

  function notify(): void {
    again = true
    working ??= work()
  }

  return {
    notify,
    async finish(timeoutMs) {
      finishing = true
      hurry.abort()
      notify()
      const patience = new AbortController()
      const late = clock.sleep(timeoutMs, patience.signal).catch(() => undefined)
      await Promise.race([working, late])
      stopping.abort(new Error('the engine stops'))
      patience.abort()
      await working
    },
  }
}

interface PlainMail {
  subject: string
  html: string
  text: string
}

function describeAlert({ job, callCenter, run, step, error, next }: AlertFacts): PlainMail {
  return toPlainMail(`${job.id} failed: ${error.code}`, [
    `job          ${job.id}`,
    ...(callCenter === null ? [] : [`call center  ${callCenter}`]),
    `run          ${run.id}, due ${run.slot}`,
    `step         ${step.name} (${step.type})`,
    `error        ${error.code}: ${error.message}`,
    error.hint,
    next,
  ])
}

function describeNotice({ title, message, facts, list, next }: NoticeFacts): PlainMail {
  const told = facts.map(({ name, value }) => `${name}: ${value}`)
  return toPlainMail(title, [message, ...list.map((line) => `- ${line}`), ...told, next])
}

function toPlainMail(title: string, lines: string[]): PlainMail {
  const text = lines.join('\n')
  const escaped = text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
  return { subject: `[jobsd] ${title}`, text, html: `<pre>${escaped}</pre>` }
}
