/**
 * Deleting what is old, a few rows at a time. What may never happen is that something fires again because its key is
 * gone, so a key goes only when the thing itself cannot come again:
 * - a slot: its schedule first says that it owes nothing at or before it, in the same transaction;
 * - a posted file: only once it lies in its folder no more. One that was left there keeps its key for ever;
 * - an event: its sender's signature is good for five minutes, its id for as long as the settings say;
 * - what a person started: its key is made up once and never comes again.
 * The newest run of each job stays, as what the job's health is told by.
 */
import type { Pruned, PruneLimits } from '../../core/contracts/retention.ts'
import { tellsOf } from '../../core/files-in-place.ts'
import { pruneBounces } from './bounces.ts'
import { pruneDrops } from './drops.ts'
import { all, change, db, first, type Operation } from './operation.ts'
import { pruneSnapshots, pruneSyncs, pruneVersions } from './prune-versions.ts'

/** How many rows may still go in this call. */
export interface Budget {
  rows: number
}

export function* prune(limits: PruneLimits): Operation<Pruned> {
  const budget = { rows: limits.rows }
  const { runs, parts } = yield* pruneRuns(limits.runsBefore, budget)
  const counts = {
    runs,
    parts,
    dues: (yield* pruneDues(limits.duesBefore, budget)) + (yield* pruneDrops(limits.duesBefore, budget)),
    slots: yield* pruneSlots(limits.runsBefore, budget),
    events: yield* pruneEvents(limits.eventsBefore, budget),
    alerts: yield* pruneAlerts(limits.runsBefore, budget),
    bounces: yield* pruneBounces(limits.runsBefore, budget),
    expectations: yield* pruneExpectations(limits.runsBefore, budget),
    versions: yield* pruneVersions(limits.runsBefore, budget),
    snapshots: yield* pruneSnapshots(limits.runsBefore, budget),
    syncs: yield* pruneSyncs(limits.runsBefore, budget),
  }
  return { ...counts, more: budget.rows <= 0 }
}

function* pruneRuns(before: string, budget: Budget): Operation<{ runs: number; parts: number }> {
  const rows = yield* all(
    db
      .selectFrom('run')
      .select(['id', 'job', 'trigger_type', 'trigger_key', 'ended_at'])
      .where('ended_at', '<', before)
      .where((where) =>
        where.or([
          where('dry_run', '=', 1),
          where.exists(
            where
              .selectFrom('run as later')
              .select('later.id')
              .whereRef('later.job', '=', 'run.job')
              .whereRef('later.created_at', '>', 'run.created_at')
              .where('later.dry_run', '=', 0),
          ),
        ]),
      )
      // What a run repeats is looked up while it is worked on, and when it is repeated itself.
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom('run as repeat')
              .select('repeat.id')
              .whereRef('repeat.origin_run', '=', 'run.id'),
          ),
        ),
      )
      .orderBy('ended_at')
      .limit(Math.max(0, budget.rows)),
  )
  let runs = 0
  let parts = 0
  for (const row of rows) {
    if (budget.rows <= 0) break
    if (row.trigger_type === 'ftp-in') yield* markGone(row)
    parts += yield* pruneParts(row.id, budget)
    // Some may be left: the run goes with the last of them, by the next call.
    if (budget.rows <= 0) break
    runs += yield* change(db.deleteFrom('run').where('id', '=', row.id))
    budget.rows -= 1
  }
  return { runs, parts }
}

function* pruneParts(runId: string, budget: Budget): Operation<number> {
  let parts = 0
  const count = (deleted: number): void => {
    parts += deleted
    budget.rows -= deleted
  }
  const deliveries = db.selectFrom('delivery').select('id').where('run_id', '=', runId)
  for (const { id } of yield* all(deliveries.limit(Math.max(0, budget.rows))))
    count(yield* change(db.deleteFrom('delivery').where('id', '=', id)))
  const files = db.selectFrom('run_file').select(['step', 'ordinal']).where('run_id', '=', runId)
  for (const { step, ordinal } of yield* all(files.limit(Math.max(0, budget.rows)))) {
    const file = db.deleteFrom('run_file').where('run_id', '=', runId)
    count(yield* change(file.where('step', '=', step).where('ordinal', '=', ordinal)))
  }
  // The last ones, so that a file that was moved away is known as such until its run goes.
  const steps = db.selectFrom('step').select('seq').where('run_id', '=', runId)
  for (const { seq } of yield* all(steps.limit(Math.max(0, budget.rows))))
    count(yield* change(db.deleteFrom('step').where('run_id', '=', runId).where('seq', '=', seq)))
  return parts
}

/** The file lies where it was posted no more once a step moved or deleted it. */
function* markGone(run: {
  id: string
  job: string
  trigger_key: string
  ended_at: string | null
}): Operation<void> {
  const due = db.selectFrom('due').select('path').where('type', '=', 'ftp-in')
  const posted = yield* first(due.where('job', '=', run.job).where('key', '=', run.trigger_key))
  const moves = yield* all(
    db
      .selectFrom('step')
      .select('note')
      .where('run_id', '=', run.id)
      .where('type', 'in', ['move-file', 'delete-file'])
      .where('outcome', '=', 'succeeded')
      // A move to where it is says so, and is none.
      .where('note', 'not like', '%stays where it is')
      .where('note', 'not like', '%stays: another file has that name by now'),
  )
  // Such a step may have done it to other files, which the run waited for.
  const path = posted?.path
  if (!path || !moves.some(({ note }) => tellsOf(note, path))) return
  yield* change(
    db
      .updateTable('due')
      .set({ gone_at: run.ended_at })
      .where('job', '=', run.job)
      .where('type', '=', 'ftp-in')
      .where('key', '=', run.trigger_key)
      .where('gone_at', 'is', null),
  )
}

function* pruneDues(before: string, budget: Budget): Operation<number> {
  const rows = yield* all(
    db
      .selectFrom('due')
      .select(['job', 'type', 'key', 'slot'])
      .where('gone_at', '<', before)
      .orderBy('gone_at')
      .limit(Math.max(0, budget.rows)),
  )
  let deleted = 0
  for (const { job, type, key, slot } of rows) {
    if (type === 'scheduled') yield* settleSchedule(job, key.slice(0, key.lastIndexOf('@')), slot)
    deleted += yield* change(
      db.deleteFrom('due').where('job', '=', job).where('type', '=', type).where('key', '=', key),
    )
  }
  budget.rows -= deleted
  return deleted
}

function* pruneSlots(before: string, budget: Budget): Operation<number> {
  const rows = yield* all(
    db
      .selectFrom('slot')
      .select(['job', 'schedule', 'at', 'call_center'])
      .where('at', '<', before)
      .orderBy('at')
      .limit(Math.max(0, budget.rows)),
  )
  let deleted = 0
  for (const { job, schedule, at, call_center } of rows) {
    yield* settleSchedule(job, schedule, at)
    const slot = db.deleteFrom('slot').where('job', '=', job).where('schedule', '=', schedule)
    deleted += yield* change(slot.where('at', '=', at).where('call_center', '=', call_center))
  }
  budget.rows -= deleted
  return deleted
}

/** From now on nothing at or before that moment is due, whether its row and its key are there or not. */
function* settleSchedule(job: string, name: string, at: string): Operation<void> {
  yield* change(
    db
      .updateTable('schedule')
      .set({ since: at })
      .where('job', '=', job)
      .where('name', '=', name)
      .where('since', '<', at),
  )
}

function* pruneEvents(before: string, budget: Budget): Operation<number> {
  const rows = yield* all(
    db
      .selectFrom('event')
      .select(['client', 'source', 'id'])
      .where('received_at', '<', before)
      .orderBy('received_at')
      .limit(Math.max(0, budget.rows)),
  )
  let deleted = 0
  for (const { client, source, id } of rows) {
    const event = db.deleteFrom('event').where('client', '=', client).where('source', '=', source)
    deleted += yield* change(event.where('id', '=', id))
  }
  budget.rows -= deleted
  return deleted
}

/** Only those that were told. */
function* pruneAlerts(before: string, budget: Budget): Operation<number> {
  const old = db.selectFrom('alert').select('id').where('ended_at', '<', before).orderBy('ended_at')
  let deleted = 0
  for (const { id } of yield* all(old.limit(Math.max(0, budget.rows))))
    deleted += yield* change(db.deleteFrom('alert').where('id', '=', id))
  budget.rows -= deleted
  return deleted
}

/** The newest of each job stays: judging goes on behind it. */
function* pruneExpectations(before: string, budget: Budget): Operation<number> {
  const rows = yield* all(
    db
      .selectFrom('expectation')
      .select(['job', 'at'])
      .where('at', '<', before)
      .where('ended_at', 'is not', null)
      .where((where) =>
        where.exists(
          where
            .selectFrom('expectation as later')
            .select('later.at')
            .whereRef('later.job', '=', 'expectation.job')
            .whereRef('later.at', '>', 'expectation.at'),
        ),
      )
      .limit(Math.max(0, budget.rows)),
  )
  let deleted = 0
  for (const { job, at } of rows)
    deleted += yield* change(db.deleteFrom('expectation').where('job', '=', job).where('at', '=', at))
  budget.rows -= deleted
  return deleted
}
