/** A renamed job keeps its history and what it owes. */
import type { JobId } from '../../core/model.ts'
import { change, db, first, type Operation } from './operation.ts'

/** Gives the new name everything of the old one, where the old one is known and the new one never ran. Run ids stay. */
export function* renameJob(from: JobId, to: JobId): Operation<void> {
  const known = yield* first(db.selectFrom('job').select('id').where('id', '=', from))
  const taken = yield* first(db.selectFrom('job').select('snapshot').where('id', '=', to))
  if (!known || taken?.snapshot) return
  yield* giveWay(from, to)
  yield* change(db.deleteFrom('job').where('id', '=', to))
  yield* change(db.updateTable('job').set({ id: to }).where('id', '=', from))
  yield* change(db.updateTable('schedule').set({ job: to }).where('job', '=', from))
  yield* change(db.updateTable('job_version').set({ job: to }).where('job', '=', from))
  // What was held under the new name, before there was such a job, gives way.
  yield* change(db.deleteFrom('hold').where('job', '=', to))
  yield* change(db.updateTable('hold').set({ job: to }).where('job', '=', from))
  yield* change(db.updateTable('due').set({ job: to }).where('job', '=', from))
  yield* change(db.updateTable('dropped_file').set({ job: to }).where('job', '=', from))
  yield* change(db.updateTable('slot').set({ job: to }).where('job', '=', from))
  yield* change(db.updateTable('run').set({ job: to }).where('job', '=', from))
  // Retention looks for a snapshot's runs by its job.
  yield* change(db.updateTable('snapshot').set({ job: to }).where('job', '=', from))
  yield* change(db.updateTable('streak').set({ job: to }).where('job', '=', from))
  yield* change(db.updateTable('expectation').set({ job: to }).where('job', '=', from))
}

/** The new name may have had another job long ago: of its rows go those that would stand in the way. */
function* giveWay(from: JobId, to: JobId): Operation<void> {
  yield* change(
    db
      .deleteFrom('job_version')
      .where('job', '=', to)
      .where('sync', 'in', (of) =>
        of.selectFrom('job_version as own').select('own.sync').where('own.job', '=', from),
      ),
  )
  yield* change(
    db
      .deleteFrom('due')
      .where('job', '=', to)
      .where((where) =>
        where.exists(
          where
            .selectFrom('due as own')
            .select('own.key')
            .where('own.job', '=', from)
            .whereRef('own.type', '=', 'due.type')
            .whereRef('own.key', '=', 'due.key'),
        ),
      ),
  )
  yield* change(
    db
      .deleteFrom('dropped_file')
      .where('job', '=', to)
      .where('key', 'in', (of) =>
        of.selectFrom('dropped_file as own').select('own.key').where('own.job', '=', from),
      ),
  )
  yield* change(
    db
      .deleteFrom('slot')
      .where('job', '=', to)
      .where((where) =>
        where.exists(
          where
            .selectFrom('slot as own')
            .select('own.at')
            .where('own.job', '=', from)
            .whereRef('own.schedule', '=', 'slot.schedule')
            .whereRef('own.at', '=', 'slot.at')
            .whereRef('own.call_center', '=', 'slot.call_center'),
        ),
      ),
  )
  for (const table of ['schedule', 'streak', 'expectation'] as const)
    yield* change(db.deleteFrom(table).where('job', '=', to))
}
