/** Mails that come back: mailboxes are watched, hooks are heard, and who is flagged is known to whoever sends. */
import { checkAuditText } from '../core/audit-text.ts'
import type {
  BounceOutcome,
  BounceRecord,
  BounceWatch,
  ClearRequest,
  GivenBounces,
  RecordedBounces,
  ReturnedRecipient,
} from '../core/contracts/bounces.ts'
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Clock } from '../core/contracts/services.ts'
import { parseDuration } from '../core/duration.ts'
import { JobsdError } from '../core/errors.ts'
import { type MailboxParts, openMailbox, type WatchedMailbox } from './bounce-mailbox.ts'

const defaultEvery = '1m'
/** Looks in a row that fail before the operators are told. */
const toldFailures = 3
const shownBounces = 50

export interface BounceParts extends Omit<MailboxParts, 'take' | 'readReturnedMail'> {
  ledger: Ledger
  clock: Clock
  /** Without it mailboxes are left alone, and hooks refused. */
  readReturnedMail?: MailboxParts['readReturnedMail'] | undefined
  /** Called when alerts may be pending. */
  onNotice(): void
}

/** What `jobsd bounces` shows. */
export interface BounceList {
  /** Flagged, the one of the newest return first. */
  recipients: ReturnedRecipient[]
  /** What came in last, newest first. */
  last: BounceRecord[]
}

export interface Bounces {
  /** Reads who is flagged. */
  restore(): Promise<void>
  /** Watches exactly the mailboxes of these from now on, and hears their hooks. */
  use(watches: readonly BounceWatch[]): void
  /** Resolves once no mailbox is being read any more. */
  stop(): Promise<void>
  /** The name of the secret that a connection's hook is signed with; undefined where it has none. */
  hookSecret(connection: string): string | undefined
  /** Records what came by a hook. Throws BAD_REQUEST for what is unreadable. */
  takeMail(connection: string, digest: string, bytes: Uint8Array): Promise<RecordedBounces>
  takeReports(given: GivenBounces): Promise<RecordedBounces>
  /** Flagged recipients of a mail of that client. `target` as in Delivery. */
  flagged(client: string, target: string): ReturnedRecipient[]
  list(): Promise<BounceList>
  /** Takes a flag away. Throws BAD_REQUEST where there is none. */
  clear(request: ClearRequest): Promise<void>
  /** What came in since the engine started. */
  counts(): Record<BounceOutcome, number>
}

export function createBounces(parts: BounceParts): Bounces {
  const { ledger, clock, log, readReturnedMail } = parts
  const counts = { returned: 0, noted: 0, alert: 0, unmatched: 0, other: 0, unreadable: 0 }
  const running = new Map<string, { stop: AbortController; ended: Promise<void> }>()
  const ending = new Set<Promise<void>>()
  let hooks = new Map<string, string>()
  let recipients: ReturnedRecipient[] = []

  async function restore(): Promise<void> {
    recipients = await ledger.returnedRecipients()
  }

  async function take(given: GivenBounces): Promise<RecordedBounces> {
    const recorded = await ledger.recordBounces(given, clock.now().toISOString())
    for (const record of recorded.records) tell(record)
    if (recorded.records.some(({ action }) => action === 'failed')) {
      await restore()
      parts.onNotice()
    }
    return recorded
  }

  function tell({ outcome, connection, runId, recipient, status, diagnostic, reason }: BounceRecord): void {
    counts[outcome] += 1
    const about = { connection, outcome, run: runId ?? undefined, recipient, status, diagnostic, reason }
    const isBad = outcome === 'returned' || outcome === 'alert' || outcome === 'unreadable'
    log[isBad ? 'warn' : 'info'](about, 'a mail came back')
  }

  async function watch(watched: WatchedMailbox, signal: AbortSignal): Promise<void> {
    if (!readReturnedMail) return
    const mailbox = openMailbox(watched, { ...parts, readReturnedMail, take })
    const everyMs = parseDuration(watched.connection.bounces?.mailbox?.every ?? defaultEvery)
    let failures = 0
    while (!signal.aborted) {
      let isMore = false
      try {
        isMore = await mailbox.look(signal)
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        failures += 1
        await tellTrouble(watched, error, failures)
      }
      if (!isMore) await clock.sleep(everyMs, signal).catch(() => undefined)
    }
  }

  async function tellTrouble(
    { connection, mailbox }: WatchedMailbox,
    error: unknown,
    failures: number,
  ): Promise<void> {
    const isKnown = error instanceof JobsdError
    const reason = isKnown ? error.message : String((error as Error).stack)
    const about = { connection: connection.name, mailbox: mailbox.name, reason }
    if (failures === 1) log.error(about, 'the mailbox of returned mails cannot be read')
    if (failures !== toldFailures) return
    const at = clock.now().toISOString()
    const notice = {
      kind: 'warning' as const,
      title: `the mailbox of returned mails of ${connection.name} cannot be read`,
      message: `${isKnown ? reason : 'An error inside jobsd: the log has its stack.'} Mails that come back may not be heard of until this is over.`,
      facts: [{ name: 'Mailbox', value: `${mailbox.name}:${connection.bounces?.mailbox?.folder}` }],
      list: [],
      next: 'It is tried again at every look.',
    }
    // What fails here is the storage, which is told by itself; the next failing looks tell again.
    await ledger.raiseNotice(`bounce-mailbox ${connection.name} ${at}`, notice, at).catch(() => undefined)
    parts.onNotice()
  }

  function end(key: string): void {
    const one = running.get(key)
    if (!one) return
    running.delete(key)
    one.stop.abort(new Error('the mailbox is watched no more'))
    ending.add(one.ended)
    void one.ended.finally(() => ending.delete(one.ended))
  }

  function use(watches: readonly BounceWatch[]): void {
    hooks = new Map(
      watches.flatMap(({ connection: { name, bounces } }) =>
        bounces?.hook ? [[name, bounces.hook.secret.secret] as const] : [],
      ),
    )
    const wanted = new Map(
      watches.flatMap((each) => (each.mailbox ? [[JSON.stringify(each), each as WatchedMailbox]] : [])) as [
        string,
        WatchedMailbox,
      ][],
    )
    for (const key of [...running.keys()]) if (!wanted.has(key)) end(key)
    for (const [key, watched] of wanted) {
      if (running.has(key)) continue
      const stop = new AbortController()
      // The one before it has nothing in its hands by then.
      const before = [...ending]
      const ended = Promise.allSettled(before).then(() => watch(watched, stop.signal))
      running.set(key, { stop, ended })
    }
  }

  return {
    restore,
    use,
    async stop() {
      for (const key of [...running.keys()]) end(key)
      await Promise.allSettled([...ending])
    },
    hookSecret: (connection) => (readReturnedMail ? hooks.get(connection) : undefined),
    async takeMail(connection, digest, bytes) {
      if (!readReturnedMail)
        throw new JobsdError('BAD_REQUEST', { reason: 'nobody reads returned mails here' })
      const mail = await readReturnedMail(bytes)
      const recorded = await take({ connection, source: 'hook', digest, mail })
      if (mail.kind === 'unreadable') throw new JobsdError('BAD_REQUEST', { reason: mail.why })
      return recorded
    },
    takeReports: take,
    flagged(client, target) {
      const [kind, connection = '', addresses = ''] = target.split(':')
      if (kind !== 'mail' || recipients.length === 0) return []
      const among = new Set(addresses.toLowerCase().split(','))
      return recipients.filter(
        (each) => each.connection === connection && each.client === client && among.has(each.address),
      )
    },
    async list() {
      return readBounceList(ledger)
    },
    async clear({ address, connection, who, why }) {
      const request = {
        address,
        connection,
        who: checkAuditText('who', who),
        why: checkAuditText('why', why),
      }
      const wasFlagged = await ledger.clearReturned(request, clock.now().toISOString())
      if (!wasFlagged)
        throw new JobsdError('BAD_REQUEST', {
          reason: `${address} is not flagged at connection ${connection}: jobsd bounces lists who is`,
        })
      await restore()
    },
    counts: () => counts,
  }
}

export async function readBounceList(
  ledger: Pick<Ledger, 'returnedRecipients' | 'bounces'>,
): Promise<BounceList> {
  const [recipients, last] = await Promise.all([ledger.returnedRecipients(), ledger.bounces(shownBounces)])
  return { recipients, last }
}
