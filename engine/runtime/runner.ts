/** Walks a run's step graph. Each transition is one durable transaction, so a walk goes on where the last one ended. */

import { stepAlert } from '../core/alert-facts.ts'
import type { FanOutRow } from '../core/contracts/fan-out.ts'
import type { DueRecord, RunGuard, StepEnd } from '../core/contracts/ledger.ts'
import { JobsdError } from '../core/errors.ts'
import { findStep } from '../core/fan-out.ts'
import type { EndState } from '../core/follow-ups.ts'
import type { Instant, RunDetail, RunStep, Snapshot, StepRecord } from '../core/model.ts'
import { stepConnections } from '../core/step-connections.ts'
import { findAttempt, type KnownRun } from './queued-run.ts'
import { stepAfter } from './repeat-context.ts'
import { dueOfRows } from './row-runs.ts'
import {
  createTryStep,
  failedWith,
  leftMs,
  runTimeout,
  stepMsOf,
  type TryParts,
  type Waits,
} from './try-step.ts'

export interface RunnerParts extends TryParts {
  snapshot(digest: string): Promise<Snapshot>
  /** Whether the run may go on to a step of these connections now; otherwise it comes back when there is room. */
  enter?(runId: string, connections: string[]): boolean
  /** Called when all that is left of a run is to record its end. */
  onEnding?(runId: string): void
  /** What becomes due when the run ends so, recorded with its end. Without it nothing follows. */
  dueAfter?(run: RunDetail, snapshot: Snapshot, state: EndState): DueRecord[]
  /** Called with runs that were recorded so. */
  onFollow?(runIds: string[]): void
  /** Called when a step's end made alerts pending. */
  onAlert?(): void
  /** Of failures in a row the first is told and then every so many; see Settings.alerts. */
  everyNth?(): number | undefined
}

/** What an attempt may take beside the step itself. */
const slackMs = 60_000

/**
 * Works on one run until it has ended or waits; rejects with the signal's reason. `begun`: it was taken and its attempt
 * begun already, as its last step shows.
 */
export type WalkRun = (
  runId: string,
  signal: AbortSignal,
  known?: KnownRun,
  begun?: RunDetail,
) => Promise<Waits | undefined>

export function createRunner(parts: RunnerParts): WalkRun {
  const { ledger, clock, log } = parts
  const now = () => clock.now().toISOString()
  const tryStep = createTryStep(parts)

  /** The run, and the attempt that was begun with it. */
  async function claim(runId: string, known: KnownRun | undefined) {
    const attempt = known && findAttempt(known, await parts.snapshot(known.snapshot), parts)
    const run = await ledger.claimRun(runId, now(), attempt)
    const begun = attempt && run?.position === attempt.name ? run.steps.at(-1) : undefined
    return { run, begun }
  }

  return async (runId, signal, known, taken) => {
    let { run, begun } = taken ? { run: taken, begun: taken.steps.at(-1) } : await claim(runId, known)
    if (!run) return undefined
    const snapshot = await parts.snapshot(run.snapshot)
    const guard: RunGuard = { runId, token: run.token }
    log.info(
      { run: runId, job: run.job, callCenter: run.callCenter ?? undefined, step: run.position },
      'run begins',
    )
    while (run?.position) {
      signal.throwIfAborted()
      const step = findStep(snapshot.manifest, run.position)
      if (!step)
        throw new Error(`run ${runId} stands at step ${run.position}, which its snapshot does not have`)
      const stop = await walkStep(run, step, snapshot, guard, begun, signal)
      begun = undefined
      parts.onProgress(runId)
      if ('forMs' in stop) return stop
      if ('end' in stop) {
        log.info({ run: runId, job: run.job, state: stop.end }, 'run ended')
        return undefined
      }
      run = await ledger.run(runId)
    }
    log.info({ run: runId, job: run?.job, state: run?.state }, 'run ended')
    return undefined
  }

  /** What is left of the job's timeout. */
  async function walkStep(
    run: RunDetail,
    step: RunStep,
    snapshot: Snapshot,
    guard: RunGuard,
    begun: StepRecord | undefined,
    signal: AbortSignal,
  ): Promise<Waits | StepEnd['next']> {
    const isLate = leftMs(run.startedAt, snapshot, clock) <= 0 && begun === undefined
    const late = isLate ? runTimeout(run, snapshot) : undefined
    // Nothing is done with values that do not fit, whatever the graph says.
    const stopped = late ?? refusedRow(run)
    const record =
      begun ??
      (stopped
        ? await ledger.beginStep(guard, step.name, step.type, now())
        : await enter(run, step, snapshot, guard))
    if ('forMs' in record) return record
    const tried = stopped
      ? { ...failedWith(stopped), attempts: record.attempts }
      : await tryStep(run, step, snapshot, guard, record, signal)
    if ('forMs' in tried) return tried
    const { attempts, rows = [], ...ended } = tried
    // Out of time there is no time for another step either.
    const isOver = stopped !== undefined || ended.error?.code === 'RUN_TIMEOUT'
    const target = isOver ? 'fail' : stepAfter(run, step, ended.outcome)
    const next: StepEnd['next'] =
      ended.outcome === 'skipped' && target === 'end'
        ? { end: 'skipped' }
        : target === 'end'
          ? { end: 'succeeded' }
          : target === 'fail'
            ? { end: 'failed' }
            : { step: target }
    const isBad = ended.outcome === 'failed' || ('end' in next && next.end === 'failed')
    const alert = stepAlert(run, snapshot, { step, attempts, ...ended, isBad, next }, parts.everyNth?.())
    const end: StepEnd = { seq: record.seq, ...ended, next, alert, now: now() }
    const follows = 'end' in next ? followsOf(run, snapshot, next.end, rows, end.now) : []
    if ('end' in next) parts.onEnding?.(run.id)
    if (await endStep(guard, end, follows)) parts.onAlert?.()
    log[isBad ? 'error' : 'info'](
      {
        run: run.id,
        job: run.job,
        step: step.name,
        outcome: ended.outcome,
        code: ended.error?.code,
        next: target,
      },
      ended.error?.message ?? ended.note,
    )
    return next
  }

  /** What follows a job follows each row of its fan-out, not the run that only asked for them. */
  function followsOf(
    run: RunDetail,
    snapshot: Snapshot,
    state: EndState,
    rows: FanOutRow[],
    at: Instant,
  ): DueRecord[] {
    if (rows.length > 0) return dueOfRows(run, snapshot, rows, at)
    return parts.dueAfter?.(run, snapshot, state) ?? []
  }

  /** Ends a step, and has what follows the run worked on; true where there are new alerts. */
  async function endStep(guard: RunGuard, end: StepEnd, follows: DueRecord[]): Promise<boolean> {
    if (follows.length === 0) return ledger.endStep(guard, end)
    const { isTold, runIds } = await ledger.endStepAndFollow(guard, end, follows)
    parts.onFollow?.(runIds)
    return isTold
  }

  /** Begins an attempt of a step, unless its connections are full or left alone: then it counts as none. */
  async function enter(
    run: RunDetail,
    step: RunStep,
    snapshot: Snapshot,
    guard: RunGuard,
  ): Promise<StepRecord | Waits> {
    const names = stepConnections(snapshot, step, run.files)
    if (parts.enter?.(run.id, names) === false) return { forMs: 0 }
    const held = parts.breakers?.ask(run.id, snapshot, names, stepMsOf(step) + slackMs)
    if (!held) return ledger.beginAttempt(guard, { name: step.name, type: step.type }, now())
    const { seq, error } = await ledger.beginStep(guard, step.name, step.type, now())
    if (error?.message !== held.error.message) {
      await ledger.noteError(guard, seq, held.error)
      log.warn({ run: run.id, job: run.job, step: step.name, delayMs: held.forMs }, held.error.message)
    }
    const forMs = Math.min(held.forMs, leftMs(run.startedAt, snapshot, clock))
    return { forMs: Math.max(forMs, 1), connection: held.connection }
  }
}

function refusedRow({ row }: RunDetail): JobsdError | undefined {
  return row?.fault === undefined
    ? undefined
    : new JobsdError('FAN_OUT_ROW', { row: row.key, reason: row.fault })
}
