/** An alert's words: what its template may name, and the plain text that goes where the template fails. */
import { peopleDay } from '../core/civil.ts'
import type { AlertFacts, AlertRecord, NoticeFacts, RecoveryFacts } from '../core/contracts/alerts.ts'
import { explainError } from '../core/explain-error.ts'
import { maskAddress } from '../core/mail-address.ts'
import type { Instant } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'
import { formatLocal, localDayAt } from '../core/zone.ts'

export interface PlainMail {
  subject: string
  html: string
  text: string
}

/** A mail to be written: by the template of that name, or else plainly. */
export interface AlertMail {
  template: 'alert' | 'notice'
  facts: object
  plain: PlainMail
}

const maxListed = 100
const colors = { late: '#bf8700', missing: '#cf222e', recovered: '#1a7f37', warning: '#bf8700' }
const kindWords = { late: 'Late', missing: 'Missing', recovered: 'Recovered', warning: 'Warning' }
const blue = '#0969da'

/** One alert as itself, several as one list. All of them are of one route. */
export function describeAlerts(alerts: readonly AlertRecord[], everyNth: number): AlertMail {
  const [first] = alerts
  if (!first) throw new Error('there is nothing to tell')
  const isOperators = first.recipients.to === null
  if (alerts.length > 1) return describeNotice(describeDigest(alerts, isOperators))
  if ('notice' in first.about) return describeNotice(first.about.notice)
  if ('recovery' in first.about)
    return describeNotice(describeRecovery(first.about.recovery, first.createdAt, isOperators))
  return describeFailure(first.about.step, isOperators, everyNth)
}

/**
 * A copy leaves the house: of the error it has the code and what the customers' pages say of it. The error's own
 * message and hint may name hosts, paths, accounts and what a server answered, the revision moves with other clients.
 */
export function redactFacts(facts: AlertFacts): AlertFacts {
  const { code } = facts.error
  return {
    ...facts,
    ...(facts.row !== undefined && { row: maskAddress(facts.row) }),
    run: { ...facts.run, revision: '' },
    error: { code, message: explainError(code), hint: '' },
  }
}

function describeFailure(told: AlertFacts, isOperators: boolean, everyNth: number): AlertMail {
  const facts = isOperators ? told : redactFacts(told)
  const { job, client, callCenter, row, run, step, error, next, streak } = facts
  const zone = client.timezone ?? 'UTC'
  const failures = streak && streak.failures > 1 ? streak.failures : 0
  const inARow = failures ? `Failure ${failures} in a row since ${sayMoment(zone, streak!.since)}.` : ''
  const command = isOperators ? `jobsd runs ${run.id}` : ''
  const due = sayMoment(zone, run.slot)
  const why = `${
    isOperators ? 'You get this as an operator' : "You get this because of the job's or the client's alerts"
  }. Of failures in a row the first is told and every ${sayNth(everyNth)}, and when it works again.`
  const lines = [
    ...(inARow ? [inARow] : []),
    `job          ${job.id}`,
    ...(callCenter === null ? [] : [`call center  ${callCenter}`]),
    ...(row === undefined ? [] : [`row          ${row}`]),
    `run          ${run.id}, due ${due}`,
    `step         ${step.name} (${step.type})`,
    `error        ${error.code}: ${error.message}`,
    error.hint,
    next,
  ]
  return {
    template: 'alert',
    facts: { ...facts, run: { ...run, slot: due }, failures, inARow, command, why },
    plain: toPlainMail(`${job.id} failed: ${error.code}`, lines),
  }
}

function describeRecovery(facts: RecoveryFacts, at: Instant, isOperators: boolean): NoticeFacts {
  const { job, client, callCenter, run, step, streak, isStep } = facts
  const zone = client.timezone ?? 'UTC'
  const row = facts.row === undefined || isOperators ? facts.row : maskAddress(facts.row)
  const where = spellPlace({ job, callCenter, row })
  return {
    kind: 'recovered',
    title: isStep ? `${where}: step ${step.name} works again` : `${where} works again`,
    message: `${job.title}: after ${spellCount(streak.failures, 'failure')} in a row ${
      isStep ? 'it was fine' : 'a run has ended well'
    }.`,
    facts: [
      { name: 'Job', value: `${job.id}, ${client.title}` },
      ...(callCenter === null ? [] : [{ name: 'Call center', value: callCenter }]),
      ...(row === undefined ? [] : [{ name: 'Row', value: row }]),
      { name: 'Failing since', value: sayMoment(zone, streak.since) },
      { name: 'Well again', value: sayMoment(zone, at) },
      { name: 'Run', value: run.id },
    ],
    list: [],
    next: isOperators
      ? 'What failed meanwhile is not made up for by itself: `jobsd rerun` does that.'
      : 'Nothing to do.',
  }
}

function describeDigest(alerts: readonly AlertRecord[], isOperators: boolean): NoticeFacts {
  const lines = alerts.slice(0, maxListed).map(toLine)
  const failures = alerts.filter(({ about }) => 'step' in about).length
  const rest = alerts.length - failures
  const counts = [
    ...(failures > 0 ? [spellCount(failures, 'failure')] : []),
    ...(rest > 0 ? [spellCount(rest, failures > 0 ? 'other notice' : 'notice')] : []),
  ]
  const [first, last] = [alerts[0]!, alerts.at(-1)!]
  return {
    title: counts.join(' and '),
    message: `Collected from ${sayMoment('UTC', first.createdAt)} to ${sayMoment('UTC', last.createdAt)}.`,
    facts: [],
    list: alerts.length > maxListed ? [...lines, `and ${alerts.length - maxListed} more`] : lines,
    next: isOperators ? '`jobsd runs ID` shows what a run did.' : '',
  }
}

/** `acme/eod, dallas, row north` */
function spellPlace({
  job,
  callCenter,
  row,
}: Pick<AlertFacts, 'job' | 'callCenter'> & { row: string | undefined }): string {
  return [
    job.id,
    ...(callCenter === null ? [] : [callCenter]),
    ...(row === undefined ? [] : [`row ${row}`]),
  ].join(', ')
}

function toLine({ about, createdAt }: AlertRecord): string {
  const at = formatLocal('UTC', Date.parse(createdAt), 'HH:mm')
  if ('notice' in about) return `${at} ${about.notice.title}`
  if ('recovery' in about) return `${at} ${describeRecovery(about.recovery, createdAt, false).title}`
  const { job, callCenter, row, run, step, error, streak } = about.step
  const where = spellPlace({ job, callCenter, row: row === undefined ? row : maskAddress(row) })
  const inARow = streak && streak.failures > 1 ? `, ${streak.failures} in a row` : ''
  return `${at} ${where}: ${step.name} failed, ${error.code}${inARow} (run ${run.id})`
}

function describeNotice(notice: NoticeFacts): AlertMail {
  const { kind, title, message, facts, list, next } = notice
  const told = facts.map(({ name, value }) => `${name}: ${value}`)
  return {
    template: 'notice',
    facts: {
      ...notice,
      kind: kind ? kindWords[kind] : '',
      color: kind ? colors[kind] : blue,
      nextParts: markCode(next),
    },
    plain: toPlainMail(title, [message, ...list.map((line) => `- ${line}`), ...told, next]),
  }
}

/** A sentence in which `commands` are marked, for HTML. */
function markCode(text: string): { text: string; isCode: boolean }[] {
  const parts = text.split('`').map((part, index) => ({ text: part, isCode: index % 2 === 1 }))
  return parts.filter((part) => part.text !== '')
}

function toPlainMail(title: string, lines: string[]): PlainMail {
  const text = lines.filter((line) => line !== '').join('\n')
  const escaped = text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
  return { subject: `[jobsd] ${title}`, text, html: `<pre>${escaped}</pre>` }
}

function sayMoment(zone: string, at: Instant): string {
  const ms = Date.parse(at)
  return `${peopleDay(localDayAt(zone, ms))} ${formatLocal(zone, ms, 'HH:mm')} ${zone}`
}

function sayNth(count: number): string {
  if (count === 1) return 'further one'
  const tail = count % 100 > 10 && count % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th')
  return `${count}${tail}`
}
