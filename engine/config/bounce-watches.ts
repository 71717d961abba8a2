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
  /** Of one that is sound, what it says now counts: it may have given its mailbox up. */
  const isKept = ({ connection: { name } }: BounceWatch): boolean => {
    if (known.has(name) || !config.files.has(connectionFile(name))) return false
    if (isBroken(name)) return true
    const now = config.connections.get(name)?.value
    const mailbox = now?.type === 'smtp' ? now.bounces?.mailbox : undefined
    return mailbox !== undefined && isBroken(mailbox.connection)
  }
  return [...watches, ...before.filter(isKept)]
}
