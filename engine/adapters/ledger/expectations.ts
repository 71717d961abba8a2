/** Operations on the moments of `expectBy`: each is judged once, and its row and what is told of it are one transaction. */
import type {
  DueWindow,
  DueWork,
  EndedExpectation,
  JudgedExpectation,
  OpenExpectation,
  RaisedNotice,
} from '../../core/contracts/alerts.ts'
import type { Instant, JobId } from '../../core/model.ts'
import { raiseAlerts } from './alerts.ts'
import { all, change, db, first, type Operation } from './operation.ts'
import { toRun } from './run-rows.ts'

export function* readExpectationsSince(jobs: JobId[], now: Instant): Operation<Instant[]> {
  const since: Instant[] = []
  for (const job of jobs) {
    const begun = yield* first(
      db.selectFrom('schedule').select('since').where('job', '=', job).where('name', '=', 'expectBy'),
    )
    const judged = yield* first(
      db
        .selectFrom('expectation')
        .select('at')
        .where('job', '=', job)
        // Recorded while the clock was ahead: it says nothing of the time until then.
        .where('at', '<=', now)
        .orderBy('at', 'desc')
        .limit(1),
    )
    const begunAt = begun?.since ?? now
    since.push(judged && judged.at > begunAt ? judged.at : begunAt)
  }
  return since
}

export function* readDueWork({ job, after, until, schedules }: DueWindow): Operation<DueWork> {
  const runs = yield* all(
    db
      .selectFrom('run')
      .selectAll()
      .where('job', '=', job)
      // A run is made at its slot or later: so the index is of use.
      .where('created_at', '>', after)
      .where('slot', '>', after)
      .where('slot', '<=', until)
      .where('dry_run', '=', 0)
      .orderBy('slot')
      .orderBy('created_at')
      .orderBy('id'),
  )
  if (schedules.length === 0) return { runs: runs.map(toRun), missed: [] }
  const missed = yield* all(
    db
      .selectFrom('slot')
      .selectAll()
      .where('job', '=', job)
      .where('schedule', 'in', schedules)
      .where('at', '>', after)
      .where('at', '<=', until)
      .where('outcome', '=', 'missed')
      .orderBy('at')
      .orderBy('call_center'),
  )
  return {
    runs: runs.map(toRun),
    missed: missed.map(({ schedule, at, call_center, note }) => ({
      schedule,
      at,
      callCenter: call_center || null,
      note,
    })),
  }
}

export function* recordExpectation(judged: JudgedExpectation): Operation<boolean> {
  const { job, at, outcome, note, isOpen, notices, now } = judged
  const isNew = yield* change(
    db
      .insertInto('expectation')
      .values({ job, at, outcome, note, ended_at: isOpen ? null : now })
      .onConflict((conflict) => conflict.doNothing()),
  )
  if (!isNew) return false
  // What an earlier moment waited for is this one's business now.
  yield* change(
    db
      .updateTable('expectation')
      .set({ ended_at: now })
      .where('job', '=', job)
      .where('at', '<', at)
      .where('ended_at', 'is', null),
  )
  yield* raiseAll(`expected ${job} ${at}`, notices, now)
  return true
}

export function* endExpectation({ job, at, note, notices, now }: EndedExpectation): Operation<boolean> {
  const ended = yield* change(
    db
      .updateTable('expectation')
      .set({ ended_at: now, note })
      .where('job', '=', job)
      .where('at', '=', at)
      .where('ended_at', 'is', null),
  )
  if (ended === 0) return false
  yield* raiseAll(`expected ${job} ${at} over`, notices, now)
  return true
}

function* raiseAll(id: string, notices: RaisedNotice[], now: Instant): Operation<void> {
  for (const { recipients, notice } of notices) {
    yield* raiseAlerts(id, null, { notice }, [recipients], now)
  }
}

export function* readOpenExpectations(): Operation<OpenExpectation[]> {
  const rows = yield* all(
    db.selectFrom('expectation').selectAll().where('ended_at', 'is', null).orderBy('at').orderBy('job'),
  )
  return rows.map(({ job, at, outcome }) => ({
    job: job as JobId,
    at,
    outcome: outcome as OpenExpectation['outcome'],
  }))
}
