/** Operations on posted files: what was decided on each, and what is still to be done with it. */
import { sql } from 'kysely'
import type { EndedFile, SeenFile, SeenRecord } from '../../core/contracts/drops.ts'
import type { Ledger, LedgerDrops } from '../../core/contracts/ledger.ts'
import type { Instant, JobId, RecordedError, RunState } from '../../core/model.ts'
import { readSameContent } from './drop-contents.ts'
import { toRow, toSeen, upsert } from './drop-rows.ts'
import { all, change, db, first, type Operation } from './operation.ts'

type Durable = <A extends unknown[], T>(operation: (...args: A) => Operation<T>) => (...args: A) => Promise<T>

// Written out: an index over some rows only is not used for a value that is filled in later.
const ofFile = sql.lit('ftp-in')
const mostClaims = 1_000
const mostSeen = 20
/** Keys a statement: far below what any database takes. */
const keysAtOnce = 200

export function createDrops(durable: Durable): Ledger['drops'] {
  const drops: LedgerDrops = {
    record: durable(recordSeen),
    arrival: durable(findArrival),
    unclaim: durable(unclaim),
    claims: durable(readClaims),
    everyClaim: durable(readClaims),
    sameContent: durable(readSameContent),
    ended: durable(readEnded),
    intendMove: durable(intendMove),
    settle: durable(settle),
    lying: durable(readLying),
    markGone: durable(markGone),
  }
  return drops
}

/** Whether one of them started a run before. */
export function* hasTaken(job: JobId, seen: readonly SeenFile[]): Operation<boolean> {
  for (const { key } of seen) {
    const row = yield* first(
      db.selectFrom('dropped_file').select('outcome').where('job', '=', job).where('key', '=', key),
    )
    if (row?.outcome === 'taken') return true
  }
  return false
}

export function* insertSeen(
  job: JobId,
  dueKey: string,
  seen: readonly SeenFile[],
  now: Instant,
): Operation<void> {
  for (const file of seen) yield* upsert(toRow(job, dueKey, file, now))
}

/** Whether a file was decided on for good; one that had gone and is back is not forgotten. */
export function* knowsSeen(job: JobId, key: string): Operation<boolean> {
  const row = yield* first(
    db.selectFrom('dropped_file').selectAll().where('job', '=', job).where('key', '=', key),
  )
  if (!row || row.outcome === 'claiming' || row.outcome === 'incomplete') return false
  // One that was claimed has not come back: see findArrival.
  if (row.gone_at !== null && toSeen(row).lies === toSeen(row).path)
    yield* change(
      db.updateTable('dropped_file').set({ gone_at: null }).where('job', '=', job).where('key', '=', key),
    )
  return true
}

export function* pathsSeen(job: JobId, path: string): Operation<SeenRecord[]> {
  const rows = yield* all(
    db
      .selectFrom('dropped_file')
      .selectAll()
      .where('job', '=', job)
      .where('path', '=', path)
      .orderBy('at', 'desc')
      .limit(mostSeen),
  )
  return rows.map(toSeen)
}

function* recordSeen(job: JobId, file: SeenFile, now: Instant): Operation<void> {
  if (yield* hasTaken(job, [file])) return
  yield* upsert(toRow(job, '', file, now))
}

function* findArrival(job: JobId, key: string): Operation<string | null> {
  for (let count = 1; ; count++) {
    const found = count === 1 ? key : `${key}#${count}`
    const row = yield* first(
      db.selectFrom('dropped_file').selectAll().where('job', '=', job).where('key', '=', found),
    )
    if (!row) {
      const isDue =
        count === 1 &&
        (yield* first(
          db
            .selectFrom('due')
            .select('key')
            .where('job', '=', job)
            .where('type', '=', 'ftp-in')
            .where('key', '=', found),
        ))
      return isDue ? null : found
    }
    if (row.outcome === 'claiming' || row.outcome === 'incomplete') return found
    const { lies, path } = toSeen(row)
    if (lies === path) return null
  }
}

function* unclaim(job: JobId, key: string): Operation<void> {
  const row = db.deleteFrom('dropped_file').where('job', '=', job).where('key', '=', key)
  yield* change(row.where('outcome', '=', 'claiming'))
}

function* readClaims(job: JobId, connection?: string, folder?: string): Operation<SeenRecord[]> {
  let query = db.selectFrom('dropped_file').selectAll().where('job', '=', job).where('settled', 'is', null)
  if (connection !== undefined) query = query.where('connection', '=', connection)
  if (folder !== undefined) query = query.where('folder', '=', folder)
  const rows = yield* all(query.where('outcome', '=', 'claiming').orderBy('at').limit(mostClaims))
  return rows.map(toSeen)
}

function* readEnded(job: JobId, connection: string, folder: string, limit: number): Operation<EndedFile[]> {
  const rows = yield* all(
    db
      .selectFrom('dropped_file')
      .selectAll()
      .where('job', '=', job)
      .where('connection', '=', connection)
      .where('folder', '=', folder)
      .where('settled', 'is', null)
      .where('outcome', 'in', ['taken', 'skipped', 'refused'])
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom('run')
              .select('run.id')
              .whereRef('run.job', '=', 'dropped_file.job')
              .where('run.trigger_type', '=', ofFile)
              .whereRef('run.trigger_key', '=', 'dropped_file.due_key')
              .where('run.state', 'in', ['queued', 'running']),
          ),
        ),
      )
      .orderBy('at')
      .limit(limit),
  )
  const ended: EndedFile[] = []
  for (const row of rows) ended.push({ ...toSeen(row), runs: yield* readOutcomes(job, row.due_key) })
  return ended
}

function* readOutcomes(job: JobId, dueKey: string): Operation<EndedFile['runs']> {
  if (dueKey === '') return []
  const rows = yield* all(
    db
      .selectFrom('run')
      .select(['id', 'state', 'ended_at'])
      .where('job', '=', job)
      .where('trigger_type', '=', ofFile)
      .where('trigger_key', '=', dueKey)
      .where('origin', 'is', null)
      .orderBy('call_center'),
  )
  const runs: EndedFile['runs'] = []
  for (const { id, state, ended_at } of rows) {
    const failed = yield* first(
      db
        .selectFrom('step')
        .select('error')
        .where('run_id', '=', id)
        .where('error', 'is not', null)
        .orderBy('seq', 'desc')
        .limit(1),
    )
    const error = failed?.error ? (JSON.parse(failed.error) as RecordedError) : null
    runs.push({ id, state: state as RunState, endedAt: ended_at, error })
  }
  return runs
}

function* intendMove(job: JobId, key: string, target: string): Operation<void> {
  yield* change(db.updateTable('dropped_file').set({ target }).where('job', '=', job).where('key', '=', key))
}

function* settle(job: JobId, key: string, note: string, isGone: boolean, now: Instant): Operation<void> {
  yield* change(
    db.updateTable('dropped_file').set({ settled: note }).where('job', '=', job).where('key', '=', key),
  )
  if (isGone) yield* markGone(job, [key], now)
}

function* readLying(
  job: JobId,
  connection: string,
  folder: string,
): Operation<{ key: string; path: string }[]> {
  return yield* all(
    db
      .selectFrom('dropped_file')
      .select(['key', 'path'])
      .where('job', '=', job)
      .where('connection', '=', connection)
      .where('folder', '=', folder)
      .where('gone_at', 'is', null)
      .where('outcome', 'in', ['taken', 'skipped', 'refused']),
  )
}

function* markGone(job: JobId, keys: string[], now: Instant): Operation<void> {
  for (let at = 0; at < keys.length; at += keysAtOnce) {
    const some = keys.slice(at, at + keysAtOnce)
    yield* change(
      db
        .updateTable('dropped_file')
        .set({ gone_at: now })
        .where('job', '=', job)
        .where('key', 'in', some)
        .where('gone_at', 'is', null),
    )
    yield* change(
      db
        .updateTable('due')
        .set({ gone_at: now })
        .where('job', '=', job)
        .where('type', '=', 'ftp-in')
        .where('key', 'in', some)
        .where('gone_at', 'is', null),
    )
  }
}

/** Deletes what has gone before that moment and is not waiting to be moved. */
export function* pruneDrops(before: Instant, budget: { rows: number }): Operation<number> {
  const rows = yield* all(
    db
      .selectFrom('dropped_file')
      .select(['job', 'key'])
      .where('gone_at', '<', before)
      .where((where) => where.or([where('settled', 'is not', null), where('outcome', '=', 'incomplete')]))
      .orderBy('gone_at')
      .limit(Math.max(0, budget.rows)),
  )
  let deleted = 0
  for (const { job, key } of rows)
    deleted += yield* change(db.deleteFrom('dropped_file').where('job', '=', job).where('key', '=', key))
  budget.rows -= deleted
  return deleted
}
