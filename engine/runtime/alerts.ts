/** Tells the operators. An alert was made durable with the failure it tells of; here it is only sent, until it is. */
import type { Endpoints } from '../core/contracts/endpoints.ts'
import type { AlertFacts, AlertRecord, Ledger } from '../core/contracts/ledger.ts'
import type { Clock, Log } from '../core/contracts/services.ts'
import type { MailTemplate, Snapshot } from '../core/model.ts'

const retryMs = 60_000

/** Fills a mail's template. Rejects where it cannot. */
export type RenderMail = (
  template: MailTemplate,
  data: unknown,
) => Promise<{ subject: string; html: string; text: string }>

export interface AlertParts {
  ledger: Ledger
  endpoints: Endpoints
  clock: Clock
  log: Log
  renderMail: RenderMail
  /** Any current snapshot: the alert route is the same in all; undefined while no job ever compiled. */
  route(): Pick<Snapshot, 'settings' | 'connections' | 'templates'> | undefined
}

/** Returns `notify`, to be called when there may be new alerts; what could not be sent is tried again each minute. */
export function createAlerts(
  parts: AlertParts,
  signal: AbortSignal,
): { notify(): void; settled(): Promise<void> } {
  const { ledger, clock, log } = parts
  let working: Promise<void> | undefined
  let again = false

  async function sendPending(): Promise<void> {
    do {
      again = false
      let failed = false
      for (const alert of await ledger.pendingAlerts()) {
        if (signal.aborted) return
        try {
          await sendAlert(alert)
          await ledger.markAlert(alert.id, 'sent', clock.now().toISOString())
        } catch (error) {
          failed = true
          const reason = (error as Error).message
          log.error({ alert: alert.id, reason }, 'an alert could not be sent; it is tried again')
        }
      }
      if (failed) {
        await clock.sleep(retryMs, signal).then(
          () => {
            again = true
          },
          () => undefined, // The engine stops; the alert is pending in the ledger.
        )
      }
    } while (again && !signal.aborted)
  }

  async function sendAlert({ id, facts, createdAt }: AlertRecord): Promise<void> {
    const route = parts.route()
    const connection = route?.connections[route.settings.alerts.connection]
    if (!route || connection?.type !== 'smtp')
      throw new Error('no job has compiled yet, so there is no alert route')
    const domain = connection.from.slice(connection.from.indexOf('@') + 1)
    const addressed = {
      messageId: `<alert-${id}@${domain}>`,
      date: new Date(createdAt),
      to: route.settings.alerts.to,
      cc: [],
      bcc: [],
      replyTo: null,
      attachments: [],
    }
    const body = await writeAlert(route.templates.alert, facts)
    // An alert that may have been sent is sent again: twice is better than never.
    await parts.endpoints.mailer(connection).send({ ...addressed, ...body }, async () => undefined, signal)
  }

  /** By the template; an alert never fails for its template, it is then told plainly. */
  async function writeAlert(template: MailTemplate | undefined, facts: AlertFacts) {
    const plain = describeAlert(facts)
    if (!template) return plain
    try {
      return await parts.renderMail(template, facts)
    } catch (error) {
      log.error(
        { template: template.name, reason: (error as Error).message },
        'an alert is sent as plain text',
      )
      return plain
    }
  }

  return {
    notify() {
      again = true
      working ??= sendPending()
        .catch((error: unknown) => log.error({ reason: (error as Error).message }, 'alerts cannot be read'))
        .finally(() => {
          working = undefined
        })
    },
    async settled() {
      await working
    },
  }
}

function describeAlert({ job, callCenter, run, step, error, next }: AlertFacts) {
  const lines = [
    `job          ${job.id}`,
    ...(callCenter === null ? [] : [`call center  ${callCenter}`]),
    `run          ${run.id}, due ${run.slot}`,
    `step         ${step.name} (${step.type})`,
    `error        ${error.code}: ${error.message}`,
    error.hint,
    next,
  ]
  const text = lines.join('\n')
  const escaped = text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
  return { subject: `[jobsd] ${job.id} failed: ${error.code}`, text, html: `<pre>${escaped}</pre>` }
}
