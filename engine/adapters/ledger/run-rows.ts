/** Rows to the model's runs, steps, files and deliveries, and the reads that need them. */
import type { Selectable } from 'kysely'
import type {
  Delivery,
  EventData,
  JobId,
  RecordedError,
  Run,
  RunDetail,
  RunFile,
  RunOrigin,
  RunParameters,
  RunRow,
  StepRecord,
} from '../../core/model.ts'
import { readReturnedOf, withReturned } from './bounce-rows.ts'
import { all, db, first, type Operation } from './operation.ts'
import type { Tables } from './tables.ts'

export function toRun(row: Selectable<Tables['run']>): Run {
  return {
    id: row.id,
    job: row.job as JobId,
    client: row.client,
    callCenter: row.call_center || null,
    state: row.state as Run['state'],
    trigger: { type: row.trigger_type as Run['trigger']['type'], key: row.trigger_key },
    slot: row.slot,
    schedule: row.schedule,
    event: row.event ? (JSON.parse(row.event) as EventData) : null,
    ...(row.parameters && { parameters: JSON.parse(row.parameters) as RunParameters }),
    ...(row.parent_run !== null && { row: toRunRow(row.parent_run, row.row_key, row.row_fault) }),
    snapshot: row.snapshot,
    revision: row.revision,
    position: row.position,
    token: Number(row.token),
    dryRun: Number(row.dry_run) === 1,
    ...(row.skipped_days !== null && { skippedDays: Number(row.skipped_days) }),
    origin: row.origin ? (JSON.parse(row.origin) as RunOrigin) : null,
    ...(row.note !== '' && { note: row.note }),
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  }
}

function toRunRow(parent: string, key: string | null, fault: string | null): RunRow {
  return { parent, key: key ?? '', ...(fault !== null && { fault }) }
}

export function toStep(row: Selectable<Tables['step']>): StepRecord {
  return {
    runId: row.run_id,
    seq: Number(row.seq),
    name: row.name,
    type: row.type as StepRecord['type'],
    outcome: row.outcome as StepRecord['outcome'],
    attempts: Number(row.attempts),
    note: row.note,
    error: row.error ? (JSON.parse(row.error) as RecordedError) : null,
    next: row.next,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  }
}

export function toDelivery(row: Selectable<Tables['delivery']>): Delivery {
  return {
    id: row.id,
    runId: row.run_id,
    step: row.step,
    target: row.target,
    artifact: row.artifact ? (JSON.parse(row.artifact) as Delivery['artifact']) : null,
    state: row.state as Delivery['state'],
    note: row.note,
    at: row.at,
  }
}

export function* readRun(id: string): Operation<RunDetail | undefined> {
  const row = yield* first(db.selectFrom('run').selectAll().where('id', '=', id))
  return row ? yield* withDetail(toRun(row)) : undefined
}

export function* readRuns(filter: { job?: JobId; client?: string; limit: number }): Operation<RunDetail[]> {
  let query = db.selectFrom('run').selectAll().orderBy('created_at', 'desc').orderBy('id').limit(filter.limit)
  if (filter.job) query = query.where('job', '=', filter.job)
  if (filter.client) query = query.where('client', '=', filter.client)
  const details: RunDetail[] = []
  for (const row of yield* all(query)) details.push(yield* withDetail(toRun(row)))
  return details
}

/** Old bytes that were sent once more say nothing of how a job is doing. */
const resent = '%"kind":"resend"%'

export function* readLatestRuns(): Operation<Run[]> {
  const newest = db
    .selectFrom('run')
    .select((select) => ['job', select.fn.max('created_at').as('created_at')])
    .where('dry_run', '=', 0)
    .where((where) => where.or([where('origin', 'is', null), where('origin', 'not like', resent)]))
    .groupBy('job')
    .as('newest')
  const rows = yield* all(
    db
      .selectFrom('run')
      .innerJoin(newest, (join) =>
        join.onRef('newest.job', '=', 'run.job').onRef('newest.created_at', '=', 'run.created_at'),
      )
      .selectAll('run')
      .where('run.dry_run', '=', 0)
      .where((where) => where.or([where('run.origin', 'is', null), where('run.origin', 'not like', resent)]))
      .orderBy('run.job')
      .orderBy('run.state'),
  )
  return rows.map(toRun)
}

export function* readUnfinishedRuns(): Operation<Run[]> {
  const rows = yield* all(
    db.selectFrom('run').selectAll().where('ended_at', 'is', null).orderBy('created_at').orderBy('id'),
  )
  return rows.map(toRun)
}

export function* withDetail(run: Run): Operation<RunDetail> {
  const steps = yield* all(db.selectFrom('step').selectAll().where('run_id', '=', run.id).orderBy('seq'))
  const files = yield* all(
    db.selectFrom('run_file').select('body').where('run_id', '=', run.id).orderBy('step').orderBy('ordinal'),
  )
  const deliveries = yield* all(
    db.selectFrom('delivery').selectAll().where('run_id', '=', run.id).orderBy('at').orderBy('id'),
  )
  const isMailed = deliveries.some(({ target }) => target.startsWith('mail:'))
  const returned = isMailed ? yield* readReturnedOf(run.id) : []
  return {
    ...run,
    steps: steps.map((row) => ({
      ...toStep(row),
      deliveries: deliveries
        .filter((each) => each.step === row.name)
        .map((each) => withReturned(toDelivery(each), returned)),
    })),
    files: files.map((row) => JSON.parse(row.body) as RunFile),
    ...(steps.some(({ type }) => type === 'fan-out') && { rowRuns: yield* readRowRuns(run.id) }),
  }
}

/** Those that the rows came to; what a person had repeated of them is no row of its own. */
function* readRowRuns(parent: string): Operation<string[]> {
  const rows = yield* all(
    db
      .selectFrom('run')
      .select('id')
      .where('parent_run', '=', parent)
      .where('origin', 'is', null)
      .orderBy('id'),
  )
  return rows.map(({ id }) => id)
}
