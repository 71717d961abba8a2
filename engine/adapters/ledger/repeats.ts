/** Operations on runs that repeat others by hand. */
import type { DueRecord, Repeat, Repeats } from '../../core/contracts/ledger.ts'
import type { Instant, RunOrigin } from '../../core/model.ts'
import { recordAction } from './holds.ts'
import { all, change, db, first, type Operation } from './operation.ts'

/** Gives a new run the files of the one it repeats, and records who asked for it and why. */
export function* takeOver(
  { origin, filesOf, audit }: NonNullable<DueRecord['repeats']>,
  runId: string,
  now: Instant,
): Operation<void> {
  const files = yield* all(db.selectFrom('run_file').selectAll().where('run_id', '=', origin.runId))
  for (const file of files) {
    if (!filesOf.includes(file.step)) continue
    yield* change(db.insertInto('run_file').values({ ...file, run_id: runId }))
  }
  // At the run's own moment: that is how the action of a repeat is found again.
  yield* recordAction(origin.kind, origin.runId, { ...audit, at: now })
  if (origin.kind === 'resend') yield* settleDoubts(origin, runId, audit.who)
}

/** Nobody will ever know whether a delivery in doubt arrived; what a person decided about it is known from now on. */
function* settleDoubts(origin: RunOrigin, runId: string, who: string): Operation<void> {
  const doubtful = yield* all(
    db
      .selectFrom('delivery')
      .select(['id', 'target', 'note'])
      .where('run_id', '=', origin.runId)
      .where('state', 'in', ['in-doubt', 'sending']),
  )
  for (const { id, target, note } of doubtful) {
    if (origin.targets && !origin.targets.includes(target)) continue
    const settled = `${note}${note ? '; ' : ''}${who} has it sent again by run ${runId}`
    yield* change(db.updateTable('delivery').set({ note: settled }).where('id', '=', id))
  }
}

export function* readRepeats(runId: string): Operation<Repeats> {
  const run = yield* first(
    db.selectFrom('run').select(['job', 'origin', 'created_at']).where('id', '=', runId),
  )
  if (!run) return { of: null, by: [] }
  const later = yield* all(
    db
      .selectFrom('run')
      .select(['id', 'origin', 'created_at'])
      .where('job', '=', run.job)
      .where('created_at', '>=', run.created_at)
      .where('origin', 'is not', null)
      .orderBy('created_at')
      .orderBy('id'),
  )
  const by: Repeat[] = []
  for (const row of later) {
    const origin = toOrigin(row.origin)
    if (origin?.runId === runId) by.push(yield* toRepeat(origin, row.id, row.created_at))
  }
  const own = toOrigin(run.origin)
  return { of: own && (yield* toRepeat(own, own.runId, run.created_at)), by }
}

function toOrigin(text: string | null): RunOrigin | null {
  return text === null ? null : (JSON.parse(text) as RunOrigin)
}

function* toRepeat({ kind, runId: original }: RunOrigin, runId: string, at: Instant): Operation<Repeat> {
  const action = yield* first(
    db
      .selectFrom('action')
      .select(['who', 'why'])
      .where('subject', '=', original)
      .where('name', '=', kind)
      .where('at', '=', at)
      .orderBy('seq')
      .limit(1),
  )
  return { kind, runId, who: action?.who ?? '', why: action?.why ?? '', at }
}
