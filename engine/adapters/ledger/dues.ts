/** Operations on what becomes due: slots, files, and the runs that they start. */
import { hash } from 'node:crypto'
import type { ChooseAttempt, DueRecord, SlotRecord } from '../../core/contracts/ledger.ts'
import type { DroppedFile, JobId, RunDetail } from '../../core/model.ts'
import { hasTaken, insertSeen, knowsSeen } from './drops.ts'
import { settleConflict } from './groups.ts'
import { change, db, first, type Operation } from './operation.ts'
import { prepareInsert, prepareUsualInsert } from './prepared.ts'
import { takeOver } from './repeats.ts'
import { toRun } from './run-rows.ts'
import { beginNew } from './runs.ts'
import type { Tables } from './tables.ts'

/**
 * The same due thing has the same run id for ever. The millisecond of its slot leads: so what is recorded at about the same
 * time lies together in every table, and a commit changes half as many pages. The rest tells the runs of one slot apart: of
 * ten thousand two are the same once in five million times.
 */
export function runIdOf(due: Pick<DueRecord, 'job' | 'trigger' | 'slot'>, callCenter: string | null): string {
  const { type, key } = due.trigger
  const leading = Math.min(Math.max(Date.parse(due.slot), 0), 2 ** 44 - 1)
    .toString(16)
    .padStart(11, '0')
  return leading + hash('sha256', JSON.stringify([due.job, type, key, callCenter])).slice(0, 12)
}

const insertDue = prepareInsert('due', true)
const insertRun = prepareUsualInsert('run', {
  event: null,
  parameters: null,
  parent_run: null,
  row_key: null,
  row_fault: null,
  skipped_days: null,
  origin: null,
  origin_run: null,
  note: '',
  group_name: '',
  group_limit: 0,
  dry_run: 0,
  ended_at: null,
})

export function* recordDue(due: DueRecord): Operation<string[]> {
  return (yield* recordAndBegin(due)).runIds
}

export function* recordAndBegin(
  due: DueRecord,
  choose?: ChooseAttempt,
): Operation<{ runIds: string[]; begun: RunDetail[] }> {
  const seen = due.seen ?? []
  if (seen.length > 0 && (yield* hasTaken(due.job, seen))) return { runIds: [], begun: [] }
  const { changes: isNew } = yield insertDue(toDueRow(due)).compile()
  if (!isNew) return { runIds: [], begun: [] }
  if (seen.length > 0) yield* insertSeen(due.job, due.trigger.key, seen, due.now)
  const runIds = due.callCenters.map((callCenter) => runIdOf(due, callCenter))
  const skipped =
    due.passedOver ?? (due.group ? yield* settleConflict(due.group, runIds[0] ?? '', due.now) : null)
  const begun: RunDetail[] = []
  for (let index = 0; index < runIds.length; index += 1) {
    const id = runIds[index]!
    const callCenter = due.callCenters[index] ?? null
    const attempt = skipped === null ? choose?.(id) : undefined
    const row = toRow(due, id, callCenter, skipped, attempt !== undefined)
    yield insertRun(row).compile()
    if (due.files ?? due.file) yield* insertTriggerFiles(id, due.files ?? [due.file!])
    if (due.repeats) yield* takeOver(due.repeats, id, due.now)
    if (due.schedule) yield* recordOwnSlot(due, due.schedule, id, callCenter, skipped)
    if (attempt) begun.push(yield* beginNew(toRun(row), attempt, due.now))
  }
  return { runIds, begun }
}

function toDueRow(due: DueRecord): Tables['due'] {
  return {
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
}

function* recordOwnSlot(
  { job, trigger, slot: at, repeats, row }: DueRecord,
  schedule: string,
  runId: string,
  callCenter: string | null,
  skipped: string | null,
): Operation<void> {
  // The slot is told by the run that asked for the rows.
  if (trigger.type !== 'scheduled' || repeats || row) return
  const outcome = skipped === null ? 'ran' : 'skipped'
  yield* recordSlots([{ job, schedule, at, callCenter, outcome, note: skipped ?? '', runId }])
}

/** A file that was left where it was posted is seen there again and again. */
function mayComeAgain({ trigger, repeats, files, seen = [] }: DueRecord): boolean {
  if (trigger.type !== 'ftp-in' || repeats || files) return false
  return seen.every(({ lies, path }) => lies === path)
}

function toRow(
  due: DueRecord,
  id: string,
  callCenter: string | null,
  skipped: string | null,
  isBegun: boolean,
): Tables['run'] {
  return {
    id,
    job: due.job,
    client: due.job.slice(0, due.job.indexOf('/')),
    call_center: callCenter ?? '',
    state: skipped !== null ? 'skipped' : isBegun ? 'running' : 'queued',
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
    token: isBegun ? 1 : 0,
    dry_run: due.dryRun ? 1 : 0,
    skipped_days: due.skippedDays ?? null,
    origin: due.repeats ? JSON.stringify(due.repeats.origin) : null,
    origin_run: due.repeats?.origin.runId ?? null,
    note: skipped ?? '',
    group_name: due.group?.name ?? '',
    group_limit: due.group?.limit ?? 0,
    created_at: due.now,
    started_at: isBegun ? due.now : null,
    ended_at: skipped === null ? null : due.now,
  }
}

function isEmpty(values: object | undefined): boolean {
  return values === undefined || Object.keys(values).length === 0
}

function* insertTriggerFiles(runId: string, files: readonly DroppedFile[]): Operation<void> {
  for (const [ordinal, dropped] of files.entries()) {
    const row = { run_id: runId, step: 'trigger', ordinal, sha256: dropped.sha256 }
    const body = JSON.stringify({ ...dropped, step: 'trigger' })
    yield* change(db.insertInto('run_file').values({ ...row, body }))
  }
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
