/** Operations on syncs, on the versions that jobs had, and on the operators' documents in force. */
import type { Selectable } from 'kysely'
import type { CommitFacts } from '../../core/contracts/config-source.ts'
import type { JobVersion, OperatorFacts, Sync } from '../../core/contracts/sync.ts'
import type { JobId } from '../../core/model.ts'
import { all, change, db, first, type Operation } from './operation.ts'
import type { Tables } from './tables.ts'

/** Saves a sync and returns its number; the same as the last one, again, only counts up. */
export function* saveSync(sync: Sync): Operation<number> {
  const last = yield* first(db.selectFrom('sync').selectAll().orderBy('seq', 'desc').limit(1))
  const { revision, outcome, reason, message, startedAt, endedAt, durationMs } = sync
  const isSame =
    last?.revision === revision && last.outcome === outcome && last.reason === reason && !changesJobs(sync)
  if (last && isSame) {
    // The words of a git that cannot reach its server tell how many milliseconds it tried.
    const again = { ended_at: endedAt, duration_ms: durationMs, message, times: Number(last.times) + 1 }
    yield* change(db.updateTable('sync').set(again).where('seq', '=', last.seq))
    return Number(last.seq)
  }
  const seq = Number(last?.seq ?? 0) + 1
  yield* change(
    db.insertInto('sync').values({
      seq,
      revision,
      outcome,
      reason,
      message,
      counts: JSON.stringify(sync.counts),
      commit_facts: sync.commit ? JSON.stringify(sync.commit) : null,
      started_at: startedAt,
      ended_at: endedAt,
      duration_ms: durationMs,
      times: 1,
    }),
  )
  return seq
}

function changesJobs({ counts }: Sync): boolean {
  return counts.added + counts.changed + counts.renamed + counts.removed > 0
}

export function* recordSync(sync: Sync): Operation<void> {
  yield* saveSync(sync)
}

export function* readSyncs(limit: number): Operation<Sync[]> {
  const rows = yield* all(db.selectFrom('sync').selectAll().orderBy('seq', 'desc').limit(limit))
  return rows.map(toSync)
}

function toSync(row: Selectable<Tables['sync']>): Sync {
  return {
    revision: row.revision,
    outcome: row.outcome as Sync['outcome'],
    reason: row.reason as Sync['reason'],
    message: row.message,
    counts: JSON.parse(row.counts) as Sync['counts'],
    commit: row.commit_facts ? (JSON.parse(row.commit_facts) as CommitFacts) : null,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    durationMs: Number(row.duration_ms),
    times: Number(row.times),
  }
}

export function* readCommit(revision: string): Operation<CommitFacts | null> {
  const row = yield* first(
    db
      .selectFrom('sync')
      .select('commit_facts')
      .where('revision', '=', revision)
      .where('outcome', 'in', ['applied', 'partly'])
      .orderBy('seq')
      .limit(1),
  )
  return row?.commit_facts ? (JSON.parse(row.commit_facts) as CommitFacts) : null
}

export function* saveOperators(operators: OperatorFacts): Operation<void> {
  const row = { id: 'last', body: JSON.stringify(operators) }
  yield* change(
    db
      .insertInto('operators')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row)),
  )
}

export function* readOperators(): Operation<OperatorFacts | null> {
  const row = yield* first(db.selectFrom('operators').select('body').where('id', '=', 'last'))
  return row ? (JSON.parse(row.body) as OperatorFacts) : null
}

export function* readJobVersions(job: JobId): Operation<JobVersion[]> {
  const rows = yield* all(
    db
      .selectFrom('job_version')
      .selectAll()
      .where('job', '=', job)
      .where('snapshot', '<>', '')
      .orderBy('sync', 'desc'),
  )
  return rows.map(({ revision, snapshot, at }) => ({ job, revision, snapshot, at }))
}

export function* readLastApplied(): Operation<Sync | null> {
  const row = yield* first(
    db
      .selectFrom('sync')
      .selectAll()
      .where('outcome', 'in', ['applied', 'partly'])
      .orderBy('seq', 'desc')
      .limit(1),
  )
  return row ? toSync(row) : null
}

export function* readLastSyncNotice(): Operation<string | null> {
  const row = yield* first(
    db
      .selectFrom('alert')
      .select('id')
      .where((where) => where.or([where('id', 'like', 'sync:%'), where('id', 'like', 'recovered:%')]))
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(1),
  )
  return row?.id ?? null
}

export function* readRevisionsLike(beginning: string): Operation<string[]> {
  const rows = yield* all(
    db
      .selectFrom('sync')
      .select(['revision', (select) => select.fn.max('seq').as('seq')])
      .where('revision', '>=', beginning)
      .where('revision', '<', `${beginning}\uffff`)
      .where('outcome', 'in', ['applied', 'partly'])
      .groupBy('revision')
      .orderBy('seq', 'desc'),
  )
  return rows.flatMap(({ revision }) => revision ?? [])
}

/** A revision that changed nothing of the job has the version that was in force then. */
export function* readVersionAt(job: JobId, revision: string): Operation<JobVersion | undefined> {
  const sync = yield* first(
    db
      .selectFrom('sync')
      .select('seq')
      .where('revision', '=', revision)
      .where('outcome', 'in', ['applied', 'partly'])
      .orderBy('seq', 'desc')
      .limit(1),
  )
  if (!sync) return undefined
  const row = yield* first(
    db
      .selectFrom('job_version')
      .selectAll()
      .where('job', '=', job)
      .where('sync', '<=', sync.seq)
      .orderBy('sync', 'desc')
      .limit(1),
  )
  // The job had ended then.
  if (!row?.snapshot) return undefined
  return { job, revision: row.revision, snapshot: row.snapshot, at: row.at }
}
