/** Where returned mails come in, of the mail connections that are sound. */
import type { BounceWatch } from '../core/contracts/bounces.ts'
import type { Config } from './config.ts'
import { connectionFile } from './layout.ts'

/** A broken document keeps what `before` has, one that is gone is gone. */
export function compileBounceWatches(config: Config, before: readonly BounceWatch[]): BounceWatch[] {
  const isBroken = (name: string) => config.firstErrors.has(connectionFile(name))
  const watches: BounceWatch[] = []
  for (const [name, { value: connection }] of config.connections) {
    if (connection.type !== 'smtp' || !connection.bounces || isBroken(name)) continue
    const { mailbox } = connection.bounces
    const place = mailbox && config.connections.get(mailbox.connection)?.value
    if (!mailbox) watches.push({ connection, mailbox: null })
    else if (place && !isBroken(mailbox.connection)) watches.push({ connection, mailbox: place })
  }
  const known = new Set(watches.map(({ connection }) => connection.name))
  const isKept = ({ connection: { name }, mailbox }: BounceWatch): boolean =>
    !known.has(name) &&
    config.files.has(connectionFile(name)) &&
    (isBroken(name) || (mailbox !== null && isBroken(mailbox.name)))
  return [...watches, ...before.filter(isKept)]
}
