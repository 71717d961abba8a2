/** Mails that came back, in words: for operators with the server's own, for others without. */
import { peopleDay } from './civil.ts'
import type { NoticeFacts } from './contracts/alerts.ts'
import type { BounceRecord, ReturnedRecipient } from './contracts/bounces.ts'
import type { MailedRun } from './judge-bounce.ts'
import { maskAddress } from './mail-address.ts'
import type { Instant, Snapshot } from './model.ts'
import { spellCount } from './spell-count.ts'
import { formatLocal, localDayAt } from './zone.ts'

interface Returned {
  record: BounceRecord
  flagged: ReturnedRecipient
  run: MailedRun
  /** undefined where it was forgotten. */
  snapshot: Snapshot | undefined
  /** A copy leaves the house: no whole address and no server's words are in it. */
  isOperators: boolean
}

export function describeReturned({ record, flagged, run, snapshot, isOperators }: Returned): NoticeFacts {
  const { status, diagnostic, at } = record
  const address = isOperators ? flagged.address : maskAddress(flagged.address)
  const zone = snapshot?.client.timezone ?? 'UTC'
  const title = snapshot ? `${run.job}, ${snapshot.client.title}` : run.job
  const again = flagged.count > 1 ? ` That makes ${spellCount(flagged.count, 'mail')} in a row.` : ''
  return {
    kind: 'warning',
    title: `${run.job}: a mail to ${address} came back`,
    message: `The mail was accepted, and refused later: ${explainStatus(status)}${again}`,
    facts: [
      { name: 'Job', value: title },
      ...(run.callCenter === null ? [] : [{ name: 'Call center', value: run.callCenter }]),
      { name: 'Run', value: `${run.id}, due ${sayMoment(zone, run.slot)}` },
      { name: 'Came back', value: sayMoment(zone, at) },
      ...(isOperators
        ? [
            { name: 'Step', value: run.step },
            { name: 'Server', value: diagnostic || status || 'it said nothing' },
          ]
        : []),
    ],
    list: [],
    next: isOperators
      ? 'Mails to it are sent as before. `jobsd bounces` lists such recipients, and clears them once they are well again.'
      : 'Mails to it are sent as before: see that the address is right.',
  }
}

/** By the class of a status (RFC 3463), for customers. */
export function explainStatus(status: string): string {
  if (/^\d\.2\.2$/.test(status)) return 'the mailbox is full.'
  if (/^\d\.1\./.test(status) || /^\d\.2\.1$/.test(status))
    return 'the address is not known there, or not in use.'
  if (/^\d\.3\.4$/.test(status) || /^\d\.2\.3$/.test(status)) return 'the mail is too large for it.'
  if (/^\d\.4\./.test(status)) return 'the server of the address could not be reached.'
  if (/^\d\.7\./.test(status)) return 'the server of the address does not take such mails.'
  return 'the server of the address did not take it.'
}

/** `ann@acme.example returned 3 mails since 2026-11-01T18:30:00.000Z`, one after the other. */
export function noteReturned(flagged: readonly ReturnedRecipient[]): string {
  return flagged
    .map(({ address, count, firstAt }) => `${address} returned ${spellCount(count, 'mail')} since ${firstAt}`)
    .join('; ')
}

function sayMoment(zone: string, at: Instant): string {
  const ms = Date.parse(at)
  return `${peopleDay(localDayAt(zone, ms))} ${formatLocal(zone, ms, 'HH:mm')} ${zone}`
}
