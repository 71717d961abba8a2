/** Operations on what people do by hand: holds, and the record of every action. */
import type { Action, Audit, Hold } from '../../core/contracts/sync.ts'
import type { Instant, JobId } from '../../core/model.ts'
import { all, change, db, first, type Operation } from './operation.ts'

const begins = { suspended: 'suspend', pinned: 'pin' } as const
const ends = { suspended: 'resume', pinned: 'unpin' } as const

export function* hold({ job, kind, pin, who, why, at }: Hold): Operation<void> {
  const row = { job, kind, pin: pin ? JSON.stringify(pin) : null, who, why, at }
  yield* change(
    db
      .insertInto('hold')
      .values(row)
      .onConflict((conflict) => conflict.columns(['job', 'kind']).doUpdateSet(row)),
  )
  yield* recordAction(begins[kind], job, { who, why, at })
}

export function* letGo(job: JobId, kind: Hold['kind'], audit: Audit): Operation<boolean> {
  const held = yield* change(db.deleteFrom('hold').where('job', '=', job).where('kind', '=', kind))
  if (held === 0) return false
  yield* recordAction(ends[kind], job, audit)
  return true
}

/** Ends exactly that pin: one that was set anew meanwhile stays. */
export function* endPin({ job, kind, at }: Hold, now: Instant): Operation<void> {
  const held = yield* change(
    db.deleteFrom('hold').where('job', '=', job).where('kind', '=', kind).where('at', '=', at),
  )
  const why = 'a newer commit touched the job'
  if (held > 0) yield* recordAction(ends[kind], job, { who: 'jobsd', why, at: now })
}

export function* readHolds(): Operation<Hold[]> {
  const rows = yield* all(db.selectFrom('hold').selectAll().orderBy('job').orderBy('kind'))
  return rows.map((row) => ({
    job: row.job as JobId,
    kind: row.kind as Hold['kind'],
    pin: row.pin ? (JSON.parse(row.pin) as Hold['pin']) : null,
    who: row.who,
    why: row.why,
    at: row.at,
  }))
}

export function* recordAction(name: string, subject: string, { who, why, at }: Audit): Operation<void> {
  const last = yield* first(db.selectFrom('action').select('seq').orderBy('seq', 'desc').limit(1))
  const row = { seq: Number(last?.seq ?? 0) + 1, name, subject, who, why, at }
  yield* change(db.insertInto('action').values(row))
}

export function* readActions(filter: { subject?: string; limit: number }): Operation<Action[]> {
  let query = db.selectFrom('action').selectAll().orderBy('seq', 'desc').limit(filter.limit)
  if (filter.subject) query = query.where('subject', '=', filter.subject)
  const rows = yield* all(query)
  return rows.map(({ name, subject, who, why, at }) => ({ name, subject, who, why, at }))
}
