/** Operations on what is told: made pending with what it tells of, in one transaction, and marked once it was sent. */
import type { AlertRecipients, AlertRecord, NoticeFacts } from '../../core/contracts/alerts.ts'
import type { Instant } from '../../core/model.ts'
import { all, change, db, type Operation } from './operation.ts'
import type { Tables } from './tables.ts'

export const toOperators: AlertRecipients = { route: 'operators', to: null }

export function* readPendingAlerts(): Operation<AlertRecord[]> {
  const rows = yield* all(
    db.selectFrom('alert').selectAll().where('state', '=', 'pending').orderBy('created_at').orderBy('id'),
  )
  return rows.map(toAlert)
}

function toAlert(row: Tables['alert']): AlertRecord {
  return {
    id: row.id,
    runId: row.run_id || null,
    recipients: {
      route: row.route,
      to: row.recipients === null ? null : (JSON.parse(row.recipients) as string[]),
    },
    about: { [row.kind]: JSON.parse(row.body) } as AlertRecord['about'],
    state: row.state as AlertRecord['state'],
    createdAt: row.created_at,
  }
}

export function* markAlerts(ids: string[], state: 'sent', now: Instant): Operation<void> {
  for (const id of ids) {
    yield* change(db.updateTable('alert').set({ state, ended_at: now }).where('id', '=', id))
  }
}

/** Makes an alert pending for each route; one that is there is told only once. */
export function* raiseAlerts(
  id: string,
  runId: string | null,
  about: AlertRecord['about'],
  routes: readonly AlertRecipients[],
  now: Instant,
): Operation<void> {
  const [kind = 'notice', facts] = Object.entries(about)[0] ?? []
  const body = JSON.stringify(facts)
  for (const { route, to } of routes) {
    const row = {
      // The operators' is named as it always was: one that is told already stays told.
      id: to === null ? id : `${id} ${route}`,
      run_id: runId ?? '',
      kind,
      body,
      route,
      recipients: to === null ? null : JSON.stringify(to),
      state: 'pending',
      created_at: now,
      ended_at: null,
    }
    yield* change(
      db
        .insertInto('alert')
        .values(row)
        .onConflict((conflict) => conflict.doNothing()),
    )
  }
}

export function* raiseNotice(id: string, notice: NoticeFacts, now: Instant): Operation<void> {
  yield* raiseAlerts(id, null, { notice }, [toOperators], now)
}
