/** The rule about where returned mails come in. */
import { formatDuration, parseDuration } from '../../core/duration.ts'
import type { SmtpConnection } from '../../core/manifest.ts'
import { suggestWord } from '../../core/suggest.ts'
import type { Manifests } from '../config.ts'
import { connectionFile } from '../layout.ts'
import { placeOf } from '../places.ts'
import { quote } from '../problems.ts'
import { namesIn, type Rule } from './rule.ts'

type Mailbox = NonNullable<NonNullable<SmtpConnection['bounces']>['mailbox']>
type Fault = [pointer: string, message: string]

const [leastMs, mostMs] = [1000, 86_400_000]
const connectionNames = /^jobs\.d\/platform\/connections\/(.+)\.yaml$/

const bounceMailbox: Rule = {
  name: 'bounce-mailbox',
  check(manifests, report) {
    const known = new Map<string, string>()
    for (const [name, document] of manifests.connections) {
      if (document.value.type !== 'smtp') continue
      const mailbox = document.value.bounces?.mailbox
      if (!mailbox) continue
      const tell = ([pointer, message]: Fault) =>
        report(placeOf(document, `/bounces/mailbox/${pointer}`), message)
      for (const fault of faultsOf(mailbox, manifests)) tell(fault)
      const place = `${mailbox.connection}:${mailbox.folder.replace(/\/+$/, '')}`
      const other = known.get(place)
      if (other !== undefined)
        tell([
          'folder',
          `${connectionFile(other)} takes the returned mails of this folder already; name another one`,
        ])
      else known.set(place, name)
    }
  },
}

function faultsOf({ connection, every }: Mailbox, manifests: Manifests): Fault[] {
  const faults: Fault[] = []
  if (!manifests.files.has(connectionFile(connection))) {
    const hint = suggestWord(connection, namesIn(manifests, connectionNames))
    faults.push(['connection', `there is no connection ${quote(connection)}${hint}`])
  }
  // One that is there but broken is told at its own place.
  const type = manifests.connections.get(connection)?.value.type
  if (type !== undefined && type !== 'folder' && type !== 'sftp')
    faults.push([
      'connection',
      `connection ${quote(connection)} is of type ${quote(type)}; allowed for a mailbox: "sftp" or "folder"`,
    ])
  const everyMs = every === undefined ? undefined : parseDuration(every)
  if (everyMs !== undefined && (everyMs < leastMs || everyMs > mostMs))
    faults.push([
      'every',
      `${quote(every)} is not between ${formatDuration(leastMs)} and ${formatDuration(mostMs)}`,
    ])
  return faults
}

export const bounceRules: Rule[] = [bounceMailbox]
