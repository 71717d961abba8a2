/** Whom a mail goes to: addresses as the manifest has them, and those that a run's parameters bring. */
import { JobsdError } from './errors.ts'
import { domainOf, isPlainAddress } from './mail-address.ts'
import type { ClientPolicy } from './manifest.ts'
import type { RunParameters, StepOf } from './model.ts'

/** What a mail server is given at most: a longer list is for a mailing list of the client's own. */
export const maxRecipients = 50

export interface Recipients {
  to: string[]
  cc: string[]
  bcc: string[]
}

type Fields = Pick<StepOf<'email'>, 'to' | 'cc' | 'bcc'>

/** The parameter that `{param.name}` names; undefined for anything else. */
export function recipientParameter(text: string): string | undefined {
  return /^\{param\.([a-z][A-Za-z0-9]*)\}$/.exec(text)?.[1]
}

/**
 * Fills in the addresses of a run. Throws RECIPIENT_NOT_ALLOWED for one that a parameter brings and that is no plain
 * address of the policy's domains, for more than `maxRecipients`, and where nobody is left to mail to.
 */
export function resolveRecipients(
  { to, cc = [], bcc = [] }: Fields,
  parameters: RunParameters | undefined,
  policy: ClientPolicy,
): Recipients {
  const fill = (items: readonly string[]) => [
    ...new Set(items.flatMap((item) => addressesOf(item, parameters ?? {}, policy))),
  ]
  const found = { to: fill(to), cc: fill(cc), bcc: fill(bcc) }
  if (found.to.length === 0) throw refuse(to.join(', '), 'it holds no address, so nobody is left to mail to')
  const all = new Set(Object.values(found).flatMap((list) => list.map((address) => address.toLowerCase())))
  if (all.size > maxRecipients)
    throw refuse('so many', `the mail has ${all.size} recipients; ${maxRecipients} are allowed`)
  return found
}

function addressesOf(item: string, parameters: RunParameters, policy: ClientPolicy): string[] {
  const name = recipientParameter(item)
  if (name === undefined) return [item]
  const value = Object.hasOwn(parameters, name) ? String(parameters[name]) : ''
  const addresses = value
    .split(/[,;]/)
    .map((text) => text.trim())
    .filter(Boolean)
  for (const address of addresses) {
    if (!isPlainAddress(address)) throw refuse(show(address), 'it is not one plain e-mail address')
    if (policy.recipientDomains.includes(domainOf(address))) continue
    throw refuse(
      show(address),
      `the client's policy allows ${policy.recipientDomains.join(', ') || 'nobody'}`,
    )
  }
  return addresses
}

function show(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text)
}

function refuse(recipient: string, reason: string): JobsdError {
  return new JobsdError('RECIPIENT_NOT_ALLOWED', { recipient, reason })
}
