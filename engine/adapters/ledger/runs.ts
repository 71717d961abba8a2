/** Operations that move a run on. Each write is guarded by the run's fencing token. */

import type { Updateable } from 'kysely'
import type { RunGuard, StepEnd } from '../../core/contracts/ledger.ts'
import { JobsdError } from '../../core/errors.ts'
import type {
  Delivery,
  DeliveryState,
  Instant,
  RecordedError,
  RunDetail,
  StepRecord,
} from '../../core/model.ts'
import { change, db, first, type Operation } from './operation.ts'
import { toDelivery, toRun, toStep, withDetail } from './run-rows.ts'
import type { Tables } from './tables.ts'

export function* claimRun(runId: string, now: Instant): Operation<RunDetail | undefined> {
  const row = yield* first(
    db.selectFrom('run').selectAll().where('id', '=', runId).where('state', 'in', ['queued', 'running']),
  )
  if (!row) return undefined
  const claimed = {
    state: 'running',
    token: Number(row.token) + 1,
    started_at: row.started_at ?? now,
  }
  yield* change(db.updateTable('run').set(claimed).where('id', '=', runId))
  return yield* withDetail(toRun({ ...row, ...claimed }))
}

/** Touches the run's row so that nobody else can move it before this transaction ends. */
function* hold({ runId, token }: RunGuard): Operation<void> {
  const held = yield* change(
    db
      .updateTable('run')
      .set({ token })
      .where('id', '=', runId)
      .where('token', '=', token)
      .where('state', '=', 'running'),
  )
  if (held !== 1) throw new JobsdError('RUN_LOST', { run: runId })
}

export function* beginStep(
  guard: RunGuard,
  name: string,
  type: StepRecord['type'],
  now: Instant,
): Operation<StepRecord> {
  yield* hold(guard)
  const last = yield* first(
    db.selectFrom('step').selectAll().where('run_id', '=', guard.runId).orderBy('seq', 'desc').limit(1),
  )
  if (last?.outcome === 'running' && last.name === name) return toStep(last)
  const row = {
    run_id: guard.runId,
    seq: Number(last?.seq ?? 0) + 1,
    name,
    type,
    outcome: 'running',
    attempts: 0,
    note: '',
    error: null,
    next: null,
    started_at: now,
    ended_at: null,
  }
  yield* change(db.insertInto('step').values(row))
  return toStep(row)
}

export function* countAttempt(guard: RunGuard, seq: number): Operation<number> {
  yield* hold(guard)
  const at = db.selectFrom('step').select('attempts').where('run_id', '=', guard.runId).where('seq', '=', seq)
  const attempts = Number((yield* first(at))?.attempts ?? 0) + 1
  yield* updateStep(guard, seq, { attempts })
  return attempts
}

export function* noteError(guard: RunGuard, seq: number, error: RecordedError): Operation<void> {
  yield* hold(guard)
  yield* updateStep(guard, seq, { error: JSON.stringify(error) })
}

function* updateStep({ runId }: RunGuard, seq: number, columns: Updateable<Tables['step']>): Operation<void> {
  yield* change(db.updateTable('step').set(columns).where('run_id', '=', runId).where('seq', '=', seq))
}

export function* endStep(guard: RunGuard, end: StepEnd): Operation<void> {
  yield* hold(guard)
  const next = 'step' in end.next ? end.next.step : end.next.end === 'failed' ? 'fail' : 'end'
  yield* updateStep(guard, end.seq, {
    outcome: end.outcome,
    note: end.note,
    error: end.error ? JSON.stringify(end.error) : null,
    next,
    ended_at: end.now,
  })
  for (const [ordinal, file] of end.files.entries()) {
    const row = { run_id: guard.runId, step: file.step, ordinal, sha256: file.sha256 }
    yield* change(db.insertInto('run_file').values({ ...row, body: JSON.stringify(file) }))
  }
  const moved =
    'step' in end.next
      ? { position: end.next.step }
      : { position: null, state: end.next.end, ended_at: end.now }
  yield* change(db.updateTable('run').set(moved).where('id', '=', guard.runId))
  if (end.alert) {
    const told = { kind: 'step', body: JSON.stringify(end.alert), route: 'operators', recipients: null }
    const alert = { id: `${guard.runId}-${end.seq}`, run_id: guard.runId, ...told }
    yield* change(
      db.insertInto('alert').values({ ...alert, state: 'pending', created_at: end.now, ended_at: null }),
    )
  }
}

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
