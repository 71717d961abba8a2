/** Deleting what is old of the history of the config: versions of jobs, their snapshots, syncs. */
import type { Hold } from '../../core/contracts/sync.ts'
import { all, change, db, first, type Operation } from './operation.ts'
import type { Budget } from './prune.ts'

/** These stay however old they are. */
const keptSyncs = 1_000

/** Versions that another one followed before that moment, but for one to which a job is pinned. */
export function* pruneVersions(before: string, budget: Budget): Operation<number> {
  const rows = yield* all(
    db
      .selectFrom('job_version')
      .select(['job', 'sync', 'snapshot'])
      .where('at', '<', before)
      .where((where) =>
        where.exists(
          where
            .selectFrom('job_version as later')
            .select('later.sync')
            .whereRef('later.job', '=', 'job_version.job')
            .whereRef('later.sync', '>', 'job_version.sync')
            .where('later.at', '<', before),
        ),
      )
      .limit(Math.max(0, budget.rows)),
  )
  if (rows.length === 0) return 0
  const pinned = yield* readPinned()
  let deleted = 0
  for (const { job, sync, snapshot } of rows) {
    if (pinned.has(snapshot)) continue
    deleted += yield* change(db.deleteFrom('job_version').where('job', '=', job).where('sync', '=', sync))
  }
  budget.rows -= deleted
  return deleted
}

function* readPinned(): Operation<Set<string | undefined>> {
  const rows = yield* all(db.selectFrom('hold').select('pin').where('pin', 'is not', null))
  return new Set(rows.map(({ pin }) => (JSON.parse(pin as string) as Hold['pin'])?.snapshot))
}

/** Snapshots that no job, no version and no run names. */
export function* pruneSnapshots(before: string, budget: Budget): Operation<number> {
  const rows = yield* all(
    db
      .selectFrom('snapshot')
      .select('digest')
      .where('created_at', '<', before)
      .where((where) =>
        where.not(
          where.exists(where.selectFrom('job').select('id').whereRef('job.snapshot', '=', 'snapshot.digest')),
        ),
      )
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom('job_version')
              .select('sync')
              .whereRef('job_version.job', '=', 'snapshot.job')
              .whereRef('job_version.snapshot', '=', 'snapshot.digest'),
          ),
        ),
      )
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom('run')
              .select('id')
              .whereRef('run.job', '=', 'snapshot.job')
              .whereRef('run.snapshot', '=', 'snapshot.digest'),
          ),
        ),
      )
      .limit(Math.max(0, budget.rows)),
  )
  if (rows.length === 0) return 0
  const pinned = yield* readPinned()
  let deleted = 0
  for (const { digest } of rows) {
    if (!pinned.has(digest)) deleted += yield* change(db.deleteFrom('snapshot').where('digest', '=', digest))
  }
  budget.rows -= deleted
  return deleted
}

/**
 * Syncs but for the last thousand, and for those whose revision was in force later than that moment: runs and jobs
 * name it.
 */
export function* pruneSyncs(before: string, budget: Budget): Operation<number> {
  const last = yield* first(db.selectFrom('sync').select('seq').orderBy('seq', 'desc').limit(1))
  const rows = yield* all(
    db
      .selectFrom('sync')
      .select('seq')
      .where('seq', '<=', Number(last?.seq ?? 0) - keptSyncs)
      .where('ended_at', '<', before)
      .where((where) =>
        where.exists(
          where
            .selectFrom('sync as later')
            .select('later.seq')
            .whereRef('later.seq', '>', 'sync.seq')
            .where('later.outcome', 'in', ['applied', 'partly'])
            .where('later.ended_at', '<', before),
        ),
      )
      .where((where) =>
        where.not(
          where.exists(
            where.selectFrom('job').select('id').whereRef('job.applied_revision', '=', 'sync.revision'),
          ),
        ),
      )
      .orderBy('seq')
      .limit(Math.max(0, budget.rows)),
  )
  let deleted = 0
  for (const { seq } of rows) deleted += yield* change(db.deleteFrom('sync').where('seq', '=', seq))
  budget.rows -= deleted
  return deleted
}
