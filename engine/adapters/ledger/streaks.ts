/** Operations on failures in a row: counted in the transaction that ends the step, so that none is told twice or never. */
import type { StepAlert, Streak } from '../../core/contracts/alerts.ts'
import type { StepEnd } from '../../core/contracts/ledger.ts'
import { raiseAlerts, toOperators } from './alerts.ts'
import { all, change, db, first, type Operation } from './operation.ts'
import { prepare } from './prepared.ts'

interface StreakKey {
  job: string
  call_center: string
  /** '' for the runs themselves. */
  step: string
}

/** Counts a step's end and makes its alerts pending; true where there are any. */
export function tellStep(runId: string, alert: StepAlert, end: StepEnd): Operation<boolean> {
  return alert.failure ? tellFailure(runId, alert, alert.failure, end) : tellRecovery(runId, alert, end)
}

/** Makes what a step tells of itself pending; true where there is any. */
export function* tellNotice(runId: string, { notice, seq, now }: StepEnd): Operation<boolean> {
  if (!notice) return false
  const { facts, copies } = notice
  yield* raiseAlerts(`${runId}-${seq} notice`, runId, { notice: facts }, [toOperators, ...copies], now)
  return true
}

function* tellFailure(
  runId: string,
  { facts, everyNth, copies, countsInRow }: StepAlert,
  failure: NonNullable<StepAlert['failure']>,
  { seq, next, now }: StepEnd,
): Operation<boolean> {
  const step = 'step' in next ? facts.step.name : ''
  const streak = countsInRow ? yield* countFailure(keyOf(facts, step), runId, now) : null
  if (streak && streak.failures > 1 && streak.failures % everyNth !== 0) return false
  const about = { step: { ...facts, ...failure, streak } }
  yield* raiseAlerts(`${runId}-${seq}`, runId, about, [toOperators, ...copies], now)
  return true
}

function* countFailure(key: StreakKey, runId: string, now: string): Operation<Streak> {
  const before = yield* first(whereIs(key))
  const streak = { failures: Number(before?.failures ?? 0) + 1, since: before?.since ?? now }
  const row = { ...streak, last_run: runId }
  yield* change(
    db
      .insertInto('streak')
      .values({ ...key, ...row })
      .onConflict((conflict) => conflict.columns(['job', 'call_center', 'step']).doUpdateSet(row)),
  )
  return streak
}

/** A step that is fine ends its own failures, a run that ends well those of the runs. */
function* tellRecovery(
  runId: string,
  { facts, copies, countsInRow }: StepAlert,
  { seq, next, now }: StepEnd,
): Operation<boolean> {
  if (!countsInRow) return false
  const { job, call_center } = keyOf(facts, '')
  const ended = 'end' in next ? [facts.step.name, ''] : [facts.step.name]
  const streaks = yield* all(streaksOf({ job, call_center }))
  if (streaks.length === 0) return false
  const over = streaks.filter(({ step }) => ended.includes(step)).sort((a, b) => (a.step < b.step ? -1 : 1))
  for (const row of over) {
    yield* change(
      db
        .deleteFrom('streak')
        .where('job', '=', job)
        .where('call_center', '=', call_center)
        .where('step', '=', row.step),
    )
    const streak = { failures: Number(row.failures), since: row.since }
    const recovery = { ...facts, streak, isStep: row.step !== '' }
    const id = `${runId}-${seq} over ${row.step}`
    yield* raiseAlerts(id, runId, { recovery }, [toOperators, ...copies], now)
  }
  return over.length > 0
}

/** In no order: with one SQLite plans the query anew each time, which takes ten times as long as the answer. */
const streaksOf = prepare(({ job, call_center }: Omit<StreakKey, 'step'>) =>
  db.selectFrom('streak').selectAll().where('job', '=', job).where('call_center', '=', call_center),
)

/** Each row of a fan-out has failures of its own: among a hundred one that never fits would end the others'. */
function keyOf({ job, callCenter, row }: StepAlert['facts'], step: string): StreakKey {
  const whose = row === undefined ? '' : `#${row}`
  return { job: job.id, call_center: `${callCenter ?? ''}${whose}`, step }
}

function whereIs({ job, call_center, step }: StreakKey) {
  return db
    .selectFrom('streak')
    .selectAll()
    .where('job', '=', job)
    .where('call_center', '=', call_center)
    .where('step', '=', step)
}
