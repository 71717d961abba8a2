/** Tells of a recipient whose mail came back, in the transaction that flags it. */
import { alertCopies } from '../../core/alert-facts.ts'
import { describeReturned } from '../../core/bounce-words.ts'
import type { BounceRecord, ReturnedRecipient } from '../../core/contracts/bounces.ts'
import type { MailedRun } from '../../core/judge-bounce.ts'
import type { Instant, Snapshot } from '../../core/model.ts'
import { raiseAlerts, toOperators } from './alerts.ts'
import { db, first, type Operation } from './operation.ts'

/** Of the mails that come back from a recipient in a row the first is told, and then every so many. */
const everyNth = 10

/** A row of failures ends when somebody clears the flag. */
export function* raiseReturned(
  key: string,
  record: BounceRecord,
  flagged: ReturnedRecipient,
  run: MailedRun,
  now: Instant,
): Operation<void> {
  if (flagged.count > 1 && flagged.count % everyNth !== 0) return
  const row = yield* first(db.selectFrom('snapshot').select('body').where('digest', '=', run.snapshot))
  const snapshot = row ? (JSON.parse(row.body) as Snapshot) : undefined
  const id = `returned ${key}`
  const tell = (isOperators: boolean) => ({
    notice: describeReturned({ record, flagged, run, snapshot, isOperators }),
  })
  yield* raiseAlerts(id, run.id, tell(true), [toOperators], now)
  if (snapshot) yield* raiseAlerts(id, run.id, tell(false), alertCopies(snapshot), now)
}
