/** Operations on what becomes due: slots, files, and the runs that they start. */
import { hash } from 'node:crypto'
import type { DueRecord, SlotRecord } from '../../core/contracts/ledger.ts'
import type { DroppedFile, JobId } from '../../core/model.ts'
import { hasTaken, insertSeen, knowsSeen } from './drops.ts'
import { settleConflict } from './groups.ts'
import { change, db, first, type Operation } from './operation.ts'
import { prepareInsert } from './prepared.ts'
import { takeOver } from './repeats.ts'

/**
 * The same due thing has the same run id for ever. The second of its slot leads: so what runs at about the same time lies
 * together in every table, and a commit changes half as many pages. The rest tells the runs of one second apart: of ten
 * thousand two are the same once in five million times.
 */
export function runIdOf(due: Pick<DueRecord, 'job' | 'trigger' | 'slot'>, callCenter: string | null): string {
  const { type, key } = due.trigger
  const second = Math.floor(Date.parse(due.slot) / 1000)
  const leading = Math.min(Math.max(second, 0), 2 ** 32 - 1)
    .toString(16)
    .padStart(8, '0')
  return leading + hash('sha256', JSON.stringify([due.job, type, key, callCenter])).slice(0, 12)
}

const insertDue = prepareInsert('due', true)
const insertRunRow = prepareInsert('run')

export function* recordDue(due: DueRecord): Operation<string[]> {
  const seen = due.seen ?? []
  if (yield* hasTaken(due.job, seen)) return []
  const row = {
    job: due.job,
    type: due.trigger.type,
    key: due.trigger.key,
    slot: due.slot,
    path: due.file?.origin.path ?? null,
    body: JSON.stringify({ event: due.event, file: due.file, files: due.files }),
    created_at: due.now,
    // Of a run that repeats another one no file waits anywhere.
    // Those of a batch, and one that was claimed, are known each by its own row.
    gone_at: mayComeAgain(due) ? null : due.now,
  }
  const isNew = yield* change(insertDue(row))
  if (!isNew) return []
  yield* insertSeen(due.job, due.trigger.key, seen, due.now)
  const runIds: string[] = []
  const skipped = due.passedOver ?? (yield* settleConflict(due, runIdOf(due, due.callCenters[0] ?? null)))
  for (const callCenter of due.callCenters) {
    const id = runIdOf(due, callCenter)
    yield* insertRun(due, id, callCenter, skipped)
    const files = due.files ?? (due.file ? [due.file] : [])
    for (const [ordinal, file] of files.entries()) yield* insertTriggerFile(id, file, ordinal)
    if (due.repeats) yield* takeOver(due.repeats, id, due.now)
    // The slot is told by the run that asked for the rows.
    if (due.schedule && due.trigger.type === 'scheduled' && !due.repeats && !due.row) {
      const slot = { job: due.job, schedule: due.schedule, at: due.slot, callCenter, runId: id }
      const outcome = skipped === null ? 'ran' : 'skipped'
      yield* recordSlots([{ ...slot, outcome, note: skipped ?? '' }])
    }
    runIds.push(id)
  }
  return runIds
}

/** A file that was left where it was posted is seen there again and again. */
function mayComeAgain({ trigger, repeats, files, seen = [] }: DueRecord): boolean {
  if (trigger.type !== 'ftp-in' || repeats || files) return false
  return seen.every(({ lies, path }) => lies === path)
}

function* insertRun(
  due: DueRecord,
  id: string,
  callCenter: string | null,
  skipped: string | null,
): Operation<void> {
  yield* change(
    insertRunRow({
      id,
      job: due.job,
      client: due.job.slice(0, due.job.indexOf('/')),
      call_center: callCenter ?? '',
      state: skipped === null ? 'queued' : 'skipped',
      trigger_type: due.trigger.type,
      trigger_key: due.trigger.key,
      slot: due.slot,
      schedule: due.schedule,
      event: due.event ? JSON.stringify(due.event) : null,
      parameters: isEmpty(due.parameters) ? null : JSON.stringify(due.parameters),
      parent_run: due.row?.parent ?? null,
      row_key: due.row?.key ?? null,
      row_fault: due.row?.fault ?? null,
      snapshot: due.snapshot,
      revision: due.revision,
      position: skipped === null ? due.firstStep : null,
      token: 0,
      dry_run: due.dryRun ? 1 : 0,
      skipped_days: due.skippedDays ?? null,
      origin: due.repeats ? JSON.stringify(due.repeats.origin) : null,
      origin_run: due.repeats?.origin.runId ?? null,
      note: skipped ?? '',
      group_name: due.group?.name ?? '',
      group_limit: due.group?.limit ?? 0,
      created_at: due.now,
      started_at: null,
      ended_at: skipped === null ? null : due.now,
    }),
  )
}

function isEmpty(values: object | undefined): boolean {
  return values === undefined || Object.keys(values).length === 0
}

function* insertTriggerFile(runId: string, dropped: DroppedFile, ordinal: number): Operation<void> {
  const file = { ...dropped, step: 'trigger' }
  const row = { run_id: runId, step: 'trigger', ordinal, sha256: dropped.sha256 }
  yield* change(db.insertInto('run_file').values({ ...row, body: JSON.stringify(file) }))
}

export function* recordSlots(slots: SlotRecord[]): Operation<void> {
  for (const { job, schedule, at, callCenter, outcome, note, runId } of slots) {
    yield* change(
      db
        .insertInto('slot')
        .values({ job, schedule, at, call_center: callCenter ?? '', outcome, note, run_id: runId })
        .onConflict((conflict) =>
          outcome === 'ran'
            ? conflict
                .columns(['job', 'schedule', 'at', 'call_center'])
                .doUpdateSet({ outcome, note, run_id: runId })
            : conflict.doNothing(),
        ),
    )
  }
}

export function* knowsFile(job: JobId, key: string): Operation<boolean> {
  const row = yield* first(
    db
      .selectFrom('due')
      .select('key')
      .where('job', '=', job)
      .where('type', '=', 'ftp-in')
      .where('key', '=', key),
  )
  return (yield* knowsSeen(job, key)) || row !== undefined
}
