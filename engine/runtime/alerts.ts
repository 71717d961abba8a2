/** Tells the operators and who gets copies. An alert was made durable with what it tells of; here it is sent, until it is. */
import { createHash } from 'node:crypto'
import type { AlertRecord } from '../core/contracts/alerts.ts'
import type { Endpoints } from '../core/contracts/endpoints.ts'
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Clock, Log } from '../core/contracts/services.ts'
import type { AlertRoute } from '../core/contracts/sync.ts'
import { parseDuration } from '../core/duration.ts'
import type { MailTemplate } from '../core/model.ts'
import { type AlertMail, describeAlerts } from './alert-mails.ts'

const retryMs = 60_000
/** While alerts are held back, new ones are looked at no more often than this. */
const pauseMs = 1_000

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
  /** Gives what is pending, collected or not, one more try of at most `timeoutMs`, and then sends no more. */
  finish(timeoutMs: number): Promise<void>
}

export function createAlerts(parts: AlertParts): Alerts {
  const { ledger, clock, log } = parts
  const stopping = new AbortController()
  const hurry = new AbortController()
  let wake = new AbortController()
  /** Sent, but not marked so: only the mark is tried again. */
  const sent = new Set<string>()
  const failures = new Map<string, number>()
  const triedMs = new Map<string, number>()
  let working: Promise<void> | undefined
  let again = false
  let finishing = false

  async function work(): Promise<void> {
    while (again && !stopping.signal.aborted) {
      again = false
      const waitMs = await sendDue()
      if (finishing || waitMs === Number.POSITIVE_INFINITY) continue
      await rest(Math.min(waitMs, pauseMs))
      if (!again && waitMs > pauseMs) await rest(waitMs - pauseMs, wake.signal)
      again = true
    }
    // In the turn of the last look at `again`, so that no notice falls between.
    working = undefined
  }

  async function rest(ms: number, ...also: AbortSignal[]): Promise<void> {
    const signal = AbortSignal.any([stopping.signal, hurry.signal, ...also])
    await clock.sleep(ms, signal).catch(() => undefined)
  }

  /** Sends what is to be sent now; the ms until there may be more to send, infinite where nothing is pending. */
  async function sendDue(): Promise<number> {
    try {
      const pending = await ledger.pendingAlerts()
      const routes = Map.groupBy(pending, ({ recipients }) => JSON.stringify(recipients))
      let waitMs = Number.POSITIVE_INFINITY
      for (const [route, alerts] of routes) {
        if (stopping.signal.aborted) break
        waitMs = Math.min(waitMs, await sendRoute(route, alerts))
      }
      return waitMs
    } catch (error) {
      log.error({ reason: (error as Error).message }, 'alerts cannot be read')
      return retryMs
    }
  }

  async function sendRoute(route: string, alerts: AlertRecord[]): Promise<number> {
    const digestMs = digestOf(parts.route())
    const heldMs = finishing ? 0 : Math.max(restOf(triedMs.get(route), retryMs), collectMs(alerts, digestMs))
    if (heldMs > 0) return heldMs
    // One that fails again and again holds up no other.
    const tried = ({ id }: AlertRecord): number => failures.get(id) ?? 0
    const mails =
      digestMs > 0 ? [alerts] : alerts.toSorted((a, b) => tried(a) - tried(b)).map((each) => [each])
    for (const mail of mails) {
      if (stopping.signal.aborted || (await trySend(mail))) continue
      triedMs.set(route, clock.now().getTime())
      return retryMs
    }
    triedMs.delete(route)
    return Number.POSITIVE_INFINITY
  }

  /** How much longer a route collects; 0 where that is over. */
  function collectMs(alerts: AlertRecord[], digestMs: number): number {
    const [first] = alerts
    return first && digestMs > 0 ? restOf(Date.parse(first.createdAt), digestMs) : 0
  }

  /** What is left of a wait that began then; the whole of it at most, also where the clock was set back. */
  function restOf(sinceMs: number | undefined, forMs: number): number {
    if (sinceMs === undefined) return 0
    return Math.min(Math.max(0, sinceMs + forMs - clock.now().getTime()), forMs)
  }

  async function trySend(alerts: AlertRecord[]): Promise<boolean> {
    const ids = alerts.map(({ id }) => id)
    try {
      // What was sent before goes with nothing else.
      const unsent = alerts.filter(({ id }) => !sent.has(id))
      if (unsent.length > 0) await sendMail(unsent)
      for (const id of ids) sent.add(id)
      await ledger.markAlerts(ids, 'sent', clock.now().toISOString())
      for (const id of ids) sent.delete(id)
      for (const id of ids) failures.delete(id)
      return true
    } catch (error) {
      const reason = (error as Error).message
      for (const id of ids) failures.set(id, (failures.get(id) ?? 0) + 1)
      log.error({ alert: ids[0], count: ids.length, reason }, 'an alert could not be sent; it is tried again')
      return false
    }
  }

  async function sendMail(alerts: AlertRecord[]): Promise<void> {
    const route = parts.route()
    if (route?.connection.type !== 'smtp')
      throw new Error('no settings were valid yet, so there is no alert route')
    const { settings, connection, templates } = route
    const to = recipientsOf(alerts, settings.alerts.to)
    if (to.length === 0) return
    const domain = connection.from.slice(connection.from.indexOf('@') + 1)
    // A notice's id may name anything; a Message-ID may not.
    const name = createHash('sha256').update(alerts.map(({ id }) => id).join('\n'))
    const mail = describeAlerts(alerts, settings.alerts.everyNth ?? defaultEveryNth)
    const message = {
      messageId: `<alert-${name.digest('hex').slice(0, 24)}@${domain}>`,
      date: new Date(alerts.at(-1)!.createdAt),
      to,
      cc: [],
      bcc: [],
      replyTo: null,
      attachments: [],
      ...(await write(mail, templates[mail.template])),
    }
    // Before it can come back: what does is told by no other mail.
    await ledger.recordAlertMail(message.messageId, connection.name, to, clock.now().toISOString())
    // An alert that may have been sent is sent again: twice is better than never.
    await parts.endpoints.mailer(connection).send(message, async () => undefined, stopping.signal)
  }

  /** By the template; an alert never fails for its template, it is then told plainly. */
  async function write({ facts, plain }: AlertMail, template: MailTemplate | undefined) {
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
    wake.abort()
    wake = new AbortController()
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

const defaultEveryNth = 10

function digestOf(route: AlertRoute | null): number {
  const { digest } = route?.settings.alerts ?? {}
  return digest === undefined ? 0 : parseDuration(digest)
}

/** Who gets a copy and is an operator as well has it already. */
function recipientsOf([first]: AlertRecord[], operators: string[]): string[] {
  const copies = first?.recipients.to
  if (!copies) return operators
  const known = new Set(operators.map((address) => address.toLowerCase()))
  return copies.filter((address) => !known.has(address.toLowerCase()))
}
