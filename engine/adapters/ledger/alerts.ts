/** Operations on alerts to the operators. */
import type { AlertFacts, AlertRecord, NoticeFacts } from '../../core/contracts/ledger.ts'
import type { Instant } from '../../core/model.ts'
import { all, change, db, type Operation } from './operation.ts'

export function* readPendingAlerts(): Operation<AlertRecord[]> {
  const rows = yield* all(
    db.selectFrom('alert').selectAll().where('state', '=', 'pending').orderBy('created_at').orderBy('id'),
  )
  return rows.map((row) => ({
    id: row.id,
    runId: row.run_id || null,
    about:
      row.kind === 'notice'
        ? { notice: JSON.parse(row.body) as NoticeFacts }
        : { step: JSON.parse(row.body) as AlertFacts },
    state: row.state as AlertRecord['state'],
    createdAt: row.created_at,
  }))
}

export function* markAlert(id: string, state: 'sent', now: Instant): Operation<void> {
  yield* change(db.updateTable('alert').set({ state, ended_at: now }).where('id', '=', id))
}

export function* raiseNotice(id: string, notice: NoticeFacts, now: Instant): Operation<void> {
  const row = {
    id,
    run_id: '',
    kind: 'notice',
    body: JSON.stringify(notice),
    route: 'operators',
    recipients: null,
  }
  yield* change(
    db
      .insertInto('alert')
      .values({ ...row, state: 'pending', created_at: now, ended_at: null })
      .onConflict((conflict) => conflict.doNothing()),
  )
}
