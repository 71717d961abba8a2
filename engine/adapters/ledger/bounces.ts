/** Operations on mails that came back: matched, recorded once, their recipients flagged and told of, all in one transaction. */
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type {
  BounceRecord,
  ClearRequest,
  GivenBounces,
  RecordedBounces,
  ReturnedRecipient,
  ReturnedReport,
} from '../../core/contracts/bounces.ts'
import type { RunGuard } from '../../core/contracts/ledger.ts'
import { judgeReport, type KnownMail, setAside } from '../../core/judge-bounce.ts'
import { deliveryKey, readMailId } from '../../core/mail-id.ts'
import type { DeliveryState, Instant, JobId } from '../../core/model.ts'
import { raiseReturned } from './bounce-alerts.ts'
import { toRecipient } from './bounce-rows.ts'
import { recordAction } from './holds.ts'
import { all, change, db, first, type Operation } from './operation.ts'

/** Whoever can write to the mailbox can make up as many: only the newest of those that flag nobody are kept. */
const mostSetAside = 1000

export function* recordBounces(given: GivenBounces, now: Instant): Operation<RecordedBounces> {
  const { connection, source, digest, mail } = given
  const seen = { at: now, connection, source }
  if (mail.kind !== 'report') {
    const record = { ...seen, ...setAside(mail) }
    const isNew = yield* insertBounce(`${digest} 0`, record)
    yield* forgetSetAside()
    return isNew ? { records: [record], known: 0 } : { records: [], known: 1 }
  }
  const records: BounceRecord[] = []
  for (const [index, report] of mail.reports.entries()) {
    const known = yield* findMail(report)
    const { address, flags, ...judged } = judgeReport(report, known, connection)
    const record = { ...seen, ...judged }
    const isMatched = known !== undefined && record.outcome !== 'unmatched'
    const key = isMatched ? `${known.id} ${address} ${record.action}` : `${digest} ${index}`
    if (!(yield* insertBounce(key, record))) continue
    records.push(record)
    if (!flags) continue
    const flagged = yield* flag(record, address, known)
    if (known?.run) yield* raiseReturned(key, record, flagged, known.run, now)
  }
  yield* forgetSetAside()
  return { records, known: mail.reports.length - records.length }
}

/** The mail of that Message-ID, if it is one that was sent. */
function* findMail({ messageId }: ReturnedReport): Operation<KnownMail | undefined> {
  const alert = yield* first(db.selectFrom('alert_mail').selectAll().where('message_id', '=', messageId))
  if (alert) {
    const recipients = JSON.parse(alert.recipients) as string[]
    return { id: messageId, connection: alert.connection, recipients, state: 'confirmed', run: null }
  }
  const id = readMailId(messageId)
  if (!id) return undefined
  const row = yield* first(
    db
      .selectFrom('delivery')
      .innerJoin('run', 'run.id', 'delivery.run_id')
      .select(['delivery.run_id', 'delivery.step', 'delivery.target', 'delivery.state'])
      .select(['run.job', 'run.client', 'run.call_center', 'run.slot', 'run.snapshot'])
      .where('delivery.id', '=', id.delivery),
  )
  if (!row || !isDigestOf(id.digits, deliveryKey(row.run_id, row.step, row.target))) return undefined
  const [kind, connection = '', recipients = ''] = row.target.split(':')
  if (kind !== 'mail') return undefined
  return {
    id: id.delivery,
    connection,
    recipients: recipients.split(','),
    state: row.state as DeliveryState,
    run: {
      id: row.run_id,
      job: row.job as JobId,
      client: row.client,
      callCenter: row.call_center || null,
      slot: row.slot,
      step: row.step,
      snapshot: row.snapshot,
    },
  }
}

function isDigestOf(digits: string, key: string): boolean {
  return createHash('sha256').update(key).digest('hex').startsWith(digits)
}

/** false where it was recorded before. */
function* insertBounce(id: string, record: BounceRecord): Operation<boolean> {
  const { messageId, runId, job, step, action, ...rest } = record
  const row = {
    ...rest,
    id,
    message_id: messageId,
    action: action ?? '',
    run_id: runId ?? '',
    job: job ?? '',
    step: step ?? '',
  }
  const inserted = yield* change(
    db
      .insertInto('bounce')
      .values(row)
      .onConflict((conflict) => conflict.doNothing()),
  )
  return inserted > 0
}

function* flag(
  { at, connection, status, diagnostic }: BounceRecord,
  address: string,
  known: KnownMail | undefined,
): Operation<ReturnedRecipient> {
  const key = { connection, address, client: known?.run?.client ?? '' }
  const before = yield* first(whereIs(key))
  const count = Number(before?.count ?? 0) + 1
  const flagged = { ...key, count, first_at: before?.first_at ?? at, last_at: at, status, diagnostic }
  yield* change(
    db
      .insertInto('returned_recipient')
      .values(flagged)
      .onConflict((conflict) => conflict.columns(['connection', 'address', 'client']).doUpdateSet(flagged)),
  )
  return toRecipient(flagged)
}

function whereIs({ connection, address, client }: { connection: string; address: string; client: string }) {
  return db
    .selectFrom('returned_recipient')
    .selectAll()
    .where('connection', '=', connection)
    .where('address', '=', address)
    .where('client', '=', client)
}

function* forgetSetAside(): Operation<void> {
  const last = yield* first(
    db
      .selectFrom('bounce')
      .select('at')
      .where(isSetAside)
      .orderBy('at', 'desc')
      .limit(1)
      .offset(mostSetAside),
  )
  if (last) yield* change(db.deleteFrom('bounce').where(isSetAside).where('at', '<=', last.at))
}

/** Written out, so that the partial index is used. */
const isSetAside = sql<boolean>`outcome in ('unmatched', 'other', 'unreadable')`

export function* clearReturned(
  { address, connection, who, why }: ClearRequest,
  now: Instant,
): Operation<boolean> {
  const cleared = yield* change(
    db
      .deleteFrom('returned_recipient')
      .where('connection', '=', connection)
      .where('address', '=', address.toLowerCase()),
  )
  if (cleared === 0) return false
  yield* recordAction('clear-bounces', `${connection}:${address.toLowerCase()}`, { who, why, at: now })
  return true
}

/** Before it is sent, so that it is known when it comes back. Tried again it may go to others, by another connection. */
export function* recordAlertMail(
  messageId: string,
  connection: string,
  recipients: string[],
  now: Instant,
): Operation<void> {
  const row = { message_id: messageId, connection, recipients: JSON.stringify(recipients), at: now }
  yield* change(
    db
      .insertInto('alert_mail')
      .values(row)
      .onConflict((conflict) => conflict.column('message_id').doUpdateSet(row)),
  )
}

/** Adds to the run's note what is not in it yet: several of its steps may have something to say. */
export function* noteRun({ runId, token }: RunGuard, note: string): Operation<void> {
  const run = yield* first(db.selectFrom('run').select('note').where('id', '=', runId))
  const parts = [run?.note ?? '', note].flatMap((text) => (text === '' ? [] : text.split('; ')))
  yield* change(
    db
      .updateTable('run')
      .set({ note: [...new Set(parts)].join('; ') })
      .where('id', '=', runId)
      .where('token', '=', token)
      .where('state', '=', 'running'),
  )
}

/** Flags stay until somebody clears them. */
export function* pruneBounces(before: Instant, budget: { rows: number }): Operation<number> {
  let deleted = 0
  const bounces = db.selectFrom('bounce').select('id').where('at', '<', before).orderBy('at')
  for (const { id } of yield* all(bounces.limit(Math.max(0, budget.rows))))
    deleted += yield* change(db.deleteFrom('bounce').where('id', '=', id))
  budget.rows -= deleted
  const mails = db.selectFrom('alert_mail').select('message_id').where('at', '<', before).orderBy('at')
  let forgotten = 0
  for (const { message_id } of yield* all(mails.limit(Math.max(0, budget.rows))))
    forgotten += yield* change(db.deleteFrom('alert_mail').where('message_id', '=', message_id))
  budget.rows -= forgotten
  return deleted + forgotten
}
