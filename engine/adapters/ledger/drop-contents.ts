/** Which contents were posted before. */
import { sql } from 'kysely'
import type { Instant, JobId, Sha256 } from '../../core/model.ts'
import { all, db, type Operation } from './operation.ts'

// Written out, as the index of these runs is.
const ofFile = sql.lit('ftp-in')
const mostFiles = 20
const inVain = ['failed', 'cancelled']

/** The newest file with that content that started a run which may count as done. */
export function* readSameContent(
  job: JobId,
  sha256: Sha256,
): Operation<{ path: string; at: Instant } | undefined> {
  const rows = yield* all(
    db
      .selectFrom('dropped_file')
      .select(['path', 'at', 'due_key'])
      .where('job', '=', job)
      .where('sha256', '=', sha256)
      .where('outcome', '=', 'taken')
      .orderBy('at', 'desc')
      .limit(mostFiles),
  )
  for (const row of rows) if (!(yield* isInVain(job, row.due_key))) return { path: row.path, at: row.at }
  return undefined
}

/** Whether every run that a file started failed or was cancelled, those that repeat them too. */
function* isInVain(job: JobId, dueKey: string): Operation<boolean> {
  const runs = yield* all(
    db
      .selectFrom('run')
      .select(['id', 'state'])
      .where('job', '=', job)
      .where('trigger_type', '=', ofFile)
      .where('trigger_key', '=', dueKey),
  )
  for (const { id, state } of runs) {
    const repeats = yield* all(db.selectFrom('run').select('state').where('origin_run', '=', id))
    if ([state, ...repeats.map((repeat) => repeat.state)].some((each) => !inVain.includes(each))) return false
  }
  // Without a run it is not known any more: it did start one.
  return runs.length > 0
}
