/** Reads that tell why a job did or did not run. */
import type { SlotFacts, SlotRecord, TakenFile } from '../../core/contracts/ledger.ts'
import type { DroppedFile, Instant, JobId, RunDetail, Sha256 } from '../../core/model.ts'
import { all, db, type Operation } from './operation.ts'
import { toRun, withDetail } from './run-rows.ts'

const mostFiles = 20

export function* readSlotFacts(job: JobId, at: Instant): Operation<SlotFacts> {
  const slots = yield* all(
    db
      .selectFrom('slot')
      .selectAll()
      .where('job', '=', job)
      .where('at', '=', at)
      .orderBy('schedule')
      .orderBy('call_center'),
  )
  const rows = yield* all(
    db
      .selectFrom('run')
      .selectAll()
      .where('job', '=', job)
      .where('slot', '=', at)
      .orderBy('created_at')
      .orderBy('call_center'),
  )
  const runs: RunDetail[] = []
  for (const row of rows) runs.push(yield* withDetail(toRun(row)))
  const schedules = yield* all(db.selectFrom('schedule').select(['name', 'since']).where('job', '=', job))
  return {
    slots: slots.map((row) => ({
      job,
      schedule: row.schedule,
      at: row.at,
      callCenter: row.call_center || null,
      outcome: row.outcome as SlotRecord['outcome'],
      note: row.note,
      runId: row.run_id,
    })),
    runs,
    since: Object.fromEntries(schedules.map(({ name, since }) => [name, since])),
  }
}

export function* readTakenFiles(
  job: JobId,
  by: { path: string } | { sha256: Sha256 },
): Operation<TakenFile[]> {
  const ofJob = db.selectFrom('due').select(['key', 'body', 'created_at']).where('job', '=', job)
  const dropped = ofJob.where('type', '=', 'ftp-in').where('path', 'is not', null)
  const wanted =
    'path' in by
      ? dropped.where('path', '=', by.path)
      : dropped.where('body', 'like', `%"sha256":"${by.sha256}"%`)
  const rows = yield* all(wanted.orderBy('created_at', 'desc').limit(mostFiles))
  const taken: TakenFile[] = []
  for (const row of rows) {
    const { file } = JSON.parse(row.body) as { file: DroppedFile }
    taken.push({ file, at: row.created_at, runs: yield* runsOf(job, row.key) })
  }
  return taken
}

function* runsOf(job: JobId, key: string): Operation<RunDetail[]> {
  const rows = yield* all(
    db
      .selectFrom('run')
      .selectAll()
      .where('job', '=', job)
      .where('trigger_type', '=', 'ftp-in')
      .where('trigger_key', '=', key)
      .orderBy('call_center'),
  )
  const runs: RunDetail[] = []
  for (const row of rows) runs.push(yield* withDetail(toRun(row)))
  return runs
}
