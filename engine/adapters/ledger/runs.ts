/** Operations that move a run on. Each write is guarded by the run's fencing token. */

import { sql, type Updateable } from 'kysely'
import type { RunGuard, StepEnd, StepName } from '../../core/contracts/ledger.ts'
import { JobsdError } from '../../core/errors.ts'
import type {
  Delivery,
  DeliveryState,
  Instant,
  RecordedError,
  Run,
  RunDetail,
  RunFile,
  StepRecord,
} from '../../core/model.ts'
import { change, db, first, type Operation } from './operation.ts'
import { prepare, prepareUsualInsert } from './prepared.ts'
import { toDelivery, toRun, toStep, withDetail } from './run-rows.ts'
import { tellNotice, tellStep } from './streaks.ts'
import type { Tables } from './tables.ts'

export function* claimRun(runId: string, now: Instant, attempt?: StepName): Operation<RunDetail | undefined> {
  const row = yield* first(claim({ runId, now }))
  if (!row) return undefined
  const run = toRun(row)
  const isFirst = run.token === 1
  const begun =
    attempt && attempt.name === run.position ? yield* begin(runId, attempt, 1, now, isFirst) : undefined
  return isFirst && !comesWithFiles(run) ? detailNew(run, begun) : yield* withDetail(run)
}

/** Begins the first step of a run whose row was made just now, as begun. */
export function* beginNew(run: Run, attempt: StepName, now: Instant): Operation<RunDetail> {
  const row = newStep(run.id, 1, attempt, 1, now)
  yield insertStep(row).compile()
  return comesWithFiles(run) ? yield* withDetail(run) : detailNew(run, toStep(row))
}

function comesWithFiles(run: Run): boolean {
  return run.trigger.type === 'ftp-in' || run.origin !== null
}

/** What nobody held before has no steps, and files only where it came with some. */
function detailNew(run: Run, begun: StepRecord | undefined): RunDetail {
  return { ...run, steps: begun ? [{ ...begun, deliveries: [] }] : [], files: [] }
}

const claim = prepare((value: { runId: string; now: Instant }) =>
  db
    .updateTable('run')
    .set((row) => ({
      state: 'running',
      token: row('token', '+', 1),
      started_at: row.fn.coalesce('started_at', row.val(value.now)),
    }))
    .where('id', '=', value.runId)
    .where('ended_at', 'is', null)
    .returningAll(),
)

/** Touches the run's row so that nobody else can move it before this transaction ends. */
function* hold({ runId, token }: RunGuard): Operation<void> {
  const held = yield* change(touch({ runId, token }))
  if (held !== 1) throw new JobsdError('RUN_LOST', { run: runId })
}

const touch = prepare(({ runId, token }: { runId: string; token: number }) =>
  db
    .updateTable('run')
    .set({ token })
    .where('id', '=', runId)
    .where('token', '=', token)
    .where('state', '=', 'running'),
)

export function* beginStep(
  guard: RunGuard,
  name: string,
  type: StepRecord['type'],
  now: Instant,
): Operation<StepRecord> {
  yield* hold(guard)
  return yield* begin(guard.runId, { name, type }, 0, now)
}

export function* beginAttempt(guard: RunGuard, step: StepName, now: Instant): Operation<StepRecord> {
  yield* hold(guard)
  return yield* begin(guard.runId, step, 1, now)
}

/** Begins the step, or goes on with the one that had not ended, and counts so many attempts more. */
function* begin(
  runId: string,
  { name, type }: StepName,
  attempts: number,
  now: Instant,
  isFirst = false,
): Operation<StepRecord> {
  const last = isFirst ? undefined : yield* first(lastStep({ runId }))
  if (last?.outcome === 'running' && last.name === name) {
    const counted = { ...last, attempts: Number(last.attempts) + attempts }
    if (attempts > 0) yield* updateStep({ runId }, Number(last.seq), { attempts: counted.attempts })
    return toStep(counted)
  }
  const row = newStep(runId, Number(last?.seq ?? 0) + 1, { name, type }, attempts, now)
  yield insertStep(row).compile()
  return toStep(row)
}

function newStep(runId: string, seq: number, { name, type }: StepName, attempts: number, now: Instant) {
  return { run_id: runId, seq, name, type, attempts, ...open, started_at: now }
}

const open = { outcome: 'running', note: '', error: null, next: null, ended_at: null }
const insertStep = prepareUsualInsert('step', open)

const lastStep = prepare(({ runId }: { runId: string }) =>
  db.selectFrom('step').selectAll().where('run_id', '=', runId).orderBy('seq', 'desc').limit(1),
)

export function* takeBackAttempt(guard: RunGuard, seq: number): Operation<void> {
  yield* hold(guard)
  const at = db.selectFrom('step').select('attempts').where('run_id', '=', guard.runId).where('seq', '=', seq)
  const attempts = Math.max(0, Number((yield* first(at))?.attempts ?? 0) - 1)
  yield* updateStep(guard, seq, { attempts })
}

export function* noteError(guard: RunGuard, seq: number, error: RecordedError): Operation<void> {
  yield* hold(guard)
  yield* updateStep(guard, seq, { error: JSON.stringify(error) })
}

export function* noteWait(guard: RunGuard, seq: number, note: string): Operation<void> {
  yield* hold(guard)
  yield* updateStep(guard, seq, { note, attempts: 0, error: null })
}

function* updateStep(
  { runId }: Pick<RunGuard, 'runId'>,
  seq: number,
  columns: Updateable<Tables['step']>,
): Operation<void> {
  yield* change(db.updateTable('step').set(columns).where('run_id', '=', runId).where('seq', '=', seq))
}

export function* endStep(guard: RunGuard, end: StepEnd): Operation<boolean> {
  const moved =
    'step' in end.next
      ? { position: end.next.step, state: 'running', ended_at: null }
      : { position: null, state: end.next.end, ended_at: end.now }
  const { changes: held } = yield moveOn({ ...guard, ...moved }).compile()
  if (held !== 1) throw new JobsdError('RUN_LOST', { run: guard.runId })
  const next = 'step' in end.next ? end.next.step : end.next.end === 'failed' ? 'fail' : 'end'
  const ended = {
    outcome: end.outcome,
    note: end.note,
    error: end.error ? JSON.stringify(end.error) : null,
    next,
    ended_at: end.now,
  }
  yield closeStep({ runId: guard.runId, seq: end.seq, ...ended }).compile()
  if (end.files.length > 0) yield* insertFiles(guard.runId, end.files)
  const isTold = end.alert ? yield* tellStep(guard.runId, end.alert, end) : false
  return (end.notice && (yield* tellNotice(guard.runId, end))) || isTold
}

function* insertFiles(runId: string, files: readonly RunFile[]): Operation<void> {
  for (const [ordinal, file] of files.entries()) {
    const row = { run_id: runId, step: file.step, ordinal, sha256: file.sha256 }
    yield* change(db.insertInto('run_file').values({ ...row, body: JSON.stringify(file) }))
  }
}

/** Moves the run and is its guard at once: nothing is moved for who does not hold it. */
const moveOn = prepare(
  ({
    runId,
    token,
    position,
    state,
    ended_at,
  }: RunGuard & Pick<Tables['run'], 'position' | 'state' | 'ended_at'>) =>
    db
      .updateTable('run')
      .set({ position, state, ended_at })
      .where('id', '=', runId)
      .where('token', '=', token)
      .where('state', '=', sql.lit('running')),
)

type StepClose = Pick<Tables['step'], 'seq' | 'outcome' | 'note' | 'error' | 'next' | 'ended_at'> & {
  runId: string
}

const closeStep = prepare(({ runId, seq, outcome, note, error, next, ended_at }: StepClose) =>
  db
    .updateTable('step')
    .set({ outcome, note, error, next, ended_at })
    .where('run_id', '=', runId)
    .where('seq', '=', seq),
)

export function* intendDelivery(
  guard: RunGuard,
  delivery: Omit<Delivery, 'state' | 'note' | 'at'>,
  now: Instant,
): Operation<Delivery> {
  yield* hold(guard)
  const { id, runId, step, target, artifact } = delivery
  const before = yield* first(
    db
      .selectFrom('delivery')
      .selectAll()
      .where('run_id', '=', runId)
      .where('step', '=', step)
      .where('target', '=', target),
  )
  if (before) return toDelivery(before)
  const row = {
    id,
    run_id: runId,
    step,
    target,
    artifact: artifact ? JSON.stringify(artifact) : null,
    state: 'intended',
    note: '',
    at: now,
  }
  yield* change(db.insertInto('delivery').values(row))
  return toDelivery(row)
}

export function* markDelivery(
  guard: RunGuard,
  id: string,
  state: DeliveryState,
  note: string,
  now: Instant,
): Operation<Delivery> {
  yield* hold(guard)
  yield* change(db.updateTable('delivery').set({ state, note, at: now }).where('id', '=', id))
  const row = yield* first(db.selectFrom('delivery').selectAll().where('id', '=', id))
  if (!row) throw new Error(`delivery ${id} was marked before it was intended`)
  return toDelivery(row)
}
