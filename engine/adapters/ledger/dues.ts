/** Operations on what becomes due: slots, events, files, and the runs that they start. */
import { createHash } from 'node:crypto'
import type { DueRecord, EventRecord, SlotRecord } from '../../core/contracts/ledger.ts'
import type { JobId } from '../../core/model.ts'
import { settleConflict } from './groups.ts'
import { change, db, first, type Operation } from './operation.ts'
import { insertRow } from './prepared.ts'
import { takeOver } from './repeats.ts'

/** The same due thing has the same run id for ever. */
export function runIdOf(due: Pick<DueRecord, 'job' | 'trigger'>, callCenter: string | null): string {
  const { type, key } = due.trigger
  return createHash('sha256')
    .update(JSON.stringify([due.job, type, key, callCenter]))
    .digest('hex')
    .slice(0, 16)
}

export function* recordDue(due: DueRecord): Operation<string[]> {
  const row = {
    job: due.job,
    type: due.trigger.type,
    key: due.trigger.key,
    slot: due.slot,
    path: due.file?.origin.path ?? null,
    body: JSON.stringify({ event: due.event, file: due.file }),
    created_at: due.now,
    // Of a run that repeats another one no file waits anywhere.
    gone_at: due.trigger.type === 'ftp-in' && !due.repeats ? null : due.now,
  }
  const isNew = yield* change(insertRow('due', row, true))
  if (!isNew) return []
  const runIds: string[] = []
  const skipped = yield* settleConflict(due, runIdOf(due, due.callCenters[0] ?? null))
  for (const callCenter of due.callCenters) {
    const id = runIdOf(due, callCenter)
    yield* insertRun(due, id, callCenter, skipped)
    if (due.file) yield* insertTriggerFile(id, due)
    if (due.repeats) yield* takeOver(due.repeats, id, due.now)
    if (due.schedule && due.trigger.type === 'scheduled' && !due.repeats) {
      const slot = { job: due.job, schedule: due.schedule, at: due.slot, callCenter, runId: id }
      const outcome = skipped === null ? 'ran' : 'skipped'
      yield* recordSlots([{ ...slot, outcome, note: skipped ?? '' }])
    }
    runIds.push(id)
  }
  return runIds
}

function* insertRun(
  due: DueRecord,
  id: string,
  callCenter: string | null,
  skipped: string | null,
): Operation<void> {
  yield* change(
    insertRow('run', {
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
      snapshot: due.snapshot,
      revision: due.revision,
      position: skipped === null ? due.firstStep : null,
      token: 0,
      dry_run: due.dryRun ? 1 : 0,
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

function* insertTriggerFile(runId: string, due: DueRecord): Operation<void> {
  const file = { ...due.file, step: 'trigger' }
  const row = { run_id: runId, step: 'trigger', ordinal: 0, sha256: due.file?.sha256 ?? '' }
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

export function* recordEvent(
  event: EventRecord,
  dues: DueRecord[],
): Operation<{ known: boolean; sameBody: boolean; runIds: string[] }> {
  const before = yield* first(
    db
      .selectFrom('event')
      .selectAll()
      .where('client', '=', event.client)
      .where('source', '=', event.source)
      .where('id', '=', event.id),
  )
  if (before) {
    const sameBody = before.body_sha256 === event.bodySha256
    return { known: true, sameBody, runIds: sameBody ? (JSON.parse(before.run_ids) as string[]) : [] }
  }
  const runIds: string[] = []
  for (const due of dues) runIds.push(...(yield* recordDue(due)))
  yield* change(
    db.insertInto('event').values({
      client: event.client,
      source: event.source,
      id: event.id,
      type: event.type,
      body: JSON.stringify(event.data),
      body_sha256: event.bodySha256,
      received_at: event.receivedAt,
      run_ids: JSON.stringify(runIds),
    }),
  )
  return { known: false, sameBody: true, runIds }
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
  return row !== undefined
}
