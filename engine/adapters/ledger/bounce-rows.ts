/** Rows to mails that came back and to flagged recipients, and the reads that need them. */
import { sql } from 'kysely'
import type { BounceRecord, ReturnedRecipient } from '../../core/contracts/bounces.ts'
import type { Delivery, JobId } from '../../core/model.ts'
import { all, db, type Operation } from './operation.ts'
import type { Tables } from './tables.ts'

/** Newest first. */
export function* readBounces(limit: number): Operation<BounceRecord[]> {
  const rows = yield* all(
    db.selectFrom('bounce').selectAll().orderBy('at', 'desc').orderBy('id').limit(limit),
  )
  return rows.map(toBounce)
}

/** Those of a run that flagged somebody, oldest first. */
export function* readReturnedOf(runId: string): Operation<BounceRecord[]> {
  const rows = yield* all(
    db
      .selectFrom('bounce')
      .selectAll()
      .where('run_id', '=', runId)
      .where('outcome', '=', sql.lit('returned'))
      .orderBy('at')
      .orderBy('id'),
  )
  return rows.map(toBounce)
}

/** The delivery with those of its recipients that it came back from. */
export function withReturned(delivery: Delivery, bounces: readonly BounceRecord[]): Delivery {
  const recipients = delivery.target.toLowerCase().split(':')[2]?.split(',') ?? []
  const own = bounces.filter(
    ({ step, recipient }) => step === delivery.step && recipients.includes(recipient),
  )
  if (own.length === 0) return delivery
  const returned = own.map(({ recipient: address, status, diagnostic, at }) => {
    return { address, status, diagnostic, at }
  })
  return { ...delivery, returned }
}

function toBounce(row: Tables['bounce']): BounceRecord {
  return {
    at: row.at,
    connection: row.connection,
    source: row.source as BounceRecord['source'],
    outcome: row.outcome as BounceRecord['outcome'],
    reason: row.reason,
    messageId: row.message_id,
    recipient: row.recipient,
    action: (row.action || null) as BounceRecord['action'],
    status: row.status,
    diagnostic: row.diagnostic,
    runId: row.run_id || null,
    job: (row.job || null) as JobId | null,
    step: row.step || null,
  }
}

/** The one that came back last first. */
export function* readReturned(): Operation<ReturnedRecipient[]> {
  const rows = yield* all(
    db.selectFrom('returned_recipient').selectAll().orderBy('last_at', 'desc').orderBy('address'),
  )
  return rows.map(toRecipient)
}

export function toRecipient({
  first_at,
  last_at,
  count,
  ...row
}: Tables['returned_recipient']): ReturnedRecipient {
  return { ...row, count: Number(count), firstAt: first_at, lastAt: last_at }
}
