/** Operations on revisions, jobs and their snapshots. */
import { createHash } from 'node:crypto'
import type { LastRevision } from '../../core/contracts/ledger.ts'
import type { Applied, JobChange } from '../../core/contracts/sync.ts'
import type { Instant, JobId, JobRecord, Sha256, Snapshot } from '../../core/model.ts'
import { endPin } from './holds.ts'
import { all, change, db, first, type Operation } from './operation.ts'
import { renameJob } from './rename.ts'
import { saveOperators, saveSync } from './syncs.ts'

export function* applyRevision(applied: Applied): Operation<void> {
  const { revision, changes, removed, ended, operators, sync } = applied
  const now = sync.endedAt
  for (const { job, renamedFrom } of changes) {
    if (renamedFrom) yield* renameJob(renamedFrom, job)
  }
  const seq = yield* saveSync(sync)
  for (const pin of ended) yield* endPin(pin, now)
  for (const change of changes) yield* saveJob(change, revision, seq, now)
  for (const job of removed) {
    yield* change(db.updateTable('job').set({ removed_at: now }).where('id', '=', job))
    yield* change(db.deleteFrom('schedule').where('job', '=', job))
    yield* change(db.deleteFrom('streak').where('job', '=', job))
    yield* saveVersion(job, seq, revision, '', now)
    yield* change(db.deleteFrom('hold').where('job', '=', job).where('kind', '=', 'pinned'))
  }
  const present = db.updateTable('job').where('removed_at', 'is', null)
  yield* change(present.set({ attempted_revision: revision }))
  yield* change(present.set({ applied_revision: revision }).where('sync', '=', 'Synced'))
  yield* saveOperators(operators)
  const invalid = yield* first(
    db.selectFrom('job').select('id').where('sync', '=', 'Invalid').where('removed_at', 'is', null).limit(1),
  )
  const before = yield* readLastRevision()
  const row = {
    id: 'last',
    attempted: revision,
    applied: invalid ? (before?.applied ?? null) : revision,
    at: now,
  }
  yield* change(
    db
      .insertInto('revision')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row)),
  )
}

export function* applyHolds(changes: JobChange[], now: Instant): Operation<void> {
  const last = yield* readLastRevision()
  const sync = yield* first(db.selectFrom('sync').select('seq').orderBy('seq', 'desc').limit(1))
  for (const each of changes) yield* saveJob(each, last?.attempted ?? '', Number(sync?.seq ?? 0), now)
}

/** `snapshot` is '' where the job ends; the same as the last one is no new version. */
function* saveVersion(
  job: JobId,
  sync: number,
  revision: string,
  snapshot: string,
  at: Instant,
): Operation<void> {
  const last = yield* first(
    db.selectFrom('job_version').select('snapshot').where('job', '=', job).orderBy('sync', 'desc').limit(1),
  )
  if (last?.snapshot === snapshot) return
  const row = { job, sync, revision, snapshot, at }
  yield* change(
    db
      .insertInto('job_version')
      .values(row)
      .onConflict((conflict) => conflict.columns(['job', 'sync']).doUpdateSet(row)),
  )
}

function* saveJob(
  { job, snapshot, sync, message }: JobChange,
  revision: string,
  seq: number,
  now: Instant,
): Operation<void> {
  const before = yield* first(db.selectFrom('job').selectAll().where('id', '=', job))
  if (snapshot) {
    yield* keepSnapshot(snapshot, now)
    yield* saveSchedules(snapshot, now)
    // What is pinned was a version before.
    if (sync === 'Synced') yield* saveVersion(job, seq, revision, snapshot.digest, now)
  }
  const last = before?.removed_at ? undefined : before
  const row = {
    id: job,
    client: job.slice(0, job.indexOf('/')),
    // What a job ran before it was removed is not the last good version of one that comes back broken.
    snapshot: snapshot?.digest ?? last?.snapshot ?? null,
    applied_revision: snapshot && sync === 'Synced' ? revision : (last?.applied_revision ?? null),
    attempted_revision: revision,
    sync,
    message,
    // A job that was gone and came back starts anew: it owes nothing for the time between.
    first_applied_at: last?.first_applied_at ?? (snapshot ? now : null),
    removed_at: null,
  }
  yield* change(
    db
      .insertInto('job')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row)),
  )
}

export function* keepSnapshot(snapshot: Snapshot, now: Instant): Operation<void> {
  const { digest, job } = snapshot
  yield* change(
    db
      .insertInto('snapshot')
      .values({ digest, job, body: JSON.stringify(snapshot), created_at: now })
      .onConflict((conflict) => conflict.doNothing()),
  )
}

/** A schedule that is new, or due at other moments than before, owes nothing for the time before now. */
function* saveSchedules(snapshot: Snapshot, now: Instant): Operation<void> {
  const { job } = snapshot
  const known = yield* all(db.selectFrom('schedule').selectAll().where('job', '=', job))
  // The moments of `expectBy` are owed in the same way. No schedule can have its name: it is not kebab-case.
  const owed = [...snapshot.schedules, ...(snapshot.expectBy ? [snapshot.expectBy] : [])]
  const wanted = snapshot.manifest.enabled ? owed : []
  for (const schedule of wanted) {
    const { fields, timezone, calendar, onHoliday, fromMs, untilMs, onBlackout } = schedule
    // Only where there are some: as it was written before there were such keys.
    const rest = [fromMs, untilMs, onBlackout].some(Boolean) ? [fromMs, untilMs, onBlackout] : []
    const digest = createHash('sha256')
      .update(JSON.stringify([fields, timezone, calendar, onHoliday, ...rest]))
      .digest('hex')
    if (known.some((row) => row.name === schedule.name && row.digest === digest)) continue
    const row = { job, name: schedule.name, digest, since: now }
    yield* change(
      db
        .insertInto('schedule')
        .values(row)
        .onConflict((conflict) => conflict.columns(['job', 'name']).doUpdateSet(row)),
    )
  }
  for (const row of known) {
    if (wanted.some((schedule) => schedule.name === row.name)) continue
    yield* change(db.deleteFrom('schedule').where('job', '=', job).where('name', '=', row.name))
  }
}

export function* readJobs(): Operation<JobRecord[]> {
  const rows = yield* all(db.selectFrom('job').selectAll().orderBy('id'))
  return rows.map((row) => ({
    job: row.id as JobId,
    client: row.client,
    snapshot: row.snapshot,
    appliedRevision: row.applied_revision,
    attemptedRevision: row.attempted_revision,
    sync: row.sync as JobRecord['sync'],
    message: row.message,
    firstAppliedAt: row.first_applied_at,
    removedAt: row.removed_at,
  }))
}

export function* readSnapshots(digests: Sha256[]): Operation<Snapshot[]> {
  const snapshots: Snapshot[] = []
  for (const digest of digests) {
    const row = yield* first(db.selectFrom('snapshot').select('body').where('digest', '=', digest))
    if (row) snapshots.push(JSON.parse(row.body) as Snapshot)
  }
  return snapshots
}

export function* readLastRevision(): Operation<LastRevision | null> {
  const row = yield* first(db.selectFrom('revision').selectAll().where('id', '=', 'last'))
  return row ? { attempted: row.attempted, applied: row.applied, at: row.at } : null
}

export function* readSchedulesSince(job: JobId, now: Instant): Operation<Record<string, Instant>> {
  const rows = yield* all(
    db
      .selectFrom('schedule')
      .leftJoin('slot', (join) =>
        join
          .onRef('slot.job', '=', 'schedule.job')
          .onRef('slot.schedule', '=', 'schedule.name')
          // Recorded while the clock was ahead: it says nothing of the time until then.
          .on('slot.at', '<=', now),
      )
      .select((select) => ['schedule.name', 'schedule.since', select.fn.max('slot.at').as('last')])
      .where('schedule.job', '=', job)
      .groupBy(['schedule.name', 'schedule.since']),
  )
  return Object.fromEntries(
    rows.map((row) => [row.name, row.last && row.last > row.since ? row.last : row.since]),
  )
}
