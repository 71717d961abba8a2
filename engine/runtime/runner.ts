/** Walks a run's step graph. Each transition is one durable transaction, so a walk goes on where the last one ended. */

import { connectionOf } from '../core/connection-of.ts'
import type { Endpoints } from '../core/contracts/endpoints.ts'
import type { AlertFacts, Ledger, RunGuard, StepEnd } from '../core/contracts/ledger.ts'
import type { Artifacts, Clock, Log } from '../core/contracts/services.ts'
import type { StepContext, StepResult, StepType } from '../core/contracts/step.ts'
import { parseDuration } from '../core/duration.ts'
import { JobsdError } from '../core/errors.ts'
import type { RecordedError, RunDetail, RunFile, Snapshot, Step, StepRecord } from '../core/model.ts'
import { retryDelay, spreadOf } from '../core/retry.ts'
import { attempt } from './attempt.ts'
import { deliver } from './outbox.ts'

export interface RunnerParts {
  ledger: Ledger
  steps: readonly StepType[]
  endpoints: Endpoints
  artifacts: Artifacts
  clock: Clock
  log: Log
  snapshot(digest: string): Promise<Snapshot>
  /** Called after every durable transition of a run. */
  onProgress(runId: string): void
}

type Ended = Pick<StepEnd, 'outcome' | 'note' | 'error' | 'files'>

/** A run that waits for its step's next attempt: whoever holds the queue hands it over again then. */
export interface Waits {
  forMs: number
}

/** Works on one run until it has ended or waits; rejects with the signal's reason. */
export type WalkRun = (runId: string, signal: AbortSignal) => Promise<Waits | undefined>

export function createRunner(parts: RunnerParts): WalkRun {
  const { ledger, clock, log } = parts
  const now = () => clock.now().toISOString()

  return async (runId, signal) => {
    let run = await ledger.claimRun(runId, now())
    if (!run) return undefined
    const snapshot = await parts.snapshot(run.snapshot)
    const guard: RunGuard = { runId, token: run.token }
    log.info(
      { run: runId, job: run.job, callCenter: run.callCenter ?? undefined, step: run.position },
      'run begins',
    )
    while (run?.position) {
      signal.throwIfAborted()
      const step = snapshot.manifest.steps.find((each) => each.name === run?.position)
      if (!step)
        throw new Error(`run ${runId} stands at step ${run.position}, which its snapshot does not have`)
      const waits = await walkStep(run, step, snapshot, guard, signal)
      parts.onProgress(runId)
      if (waits) return waits
      run = await ledger.run(runId)
    }
    log.info({ run: runId, job: run?.job, state: run?.state }, 'run ended')
    return undefined
  }

  async function walkStep(
    run: RunDetail,
    step: Step,
    snapshot: Snapshot,
    guard: RunGuard,
    signal: AbortSignal,
  ): Promise<Waits | undefined> {
    const record = await ledger.beginStep(guard, step.name, step.type, now())
    parts.onProgress(run.id)
    const tried = await tryStep(run, step, snapshot, guard, record, signal)
    if ('forMs' in tried) return tried
    const { attempts, ...ended } = tried
    const target =
      ended.outcome === 'skipped' ? 'end' : ended.outcome === 'succeeded' ? step.onSuccess : step.onFailure
    const next: StepEnd['next'] =
      ended.outcome === 'skipped'
        ? { end: 'skipped' }
        : target === 'end'
          ? { end: 'succeeded' }
          : target === 'fail'
            ? { end: 'failed' }
            : { step: target }
    const isBad = ended.outcome === 'failed' || ('end' in next && next.end === 'failed')
    const alert = isBad && !run.dryRun ? describeFailure(run, step, snapshot, ended, attempts, next) : null
    await ledger.endStep(guard, { seq: record.seq, ...ended, next, alert, now: now() })
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
    return undefined
  }

  /** Makes one attempt. An error that passes is worth another one later, as long as the step's retry allows. */
  async function tryStep(
    run: RunDetail,
    step: Step,
    snapshot: Snapshot,
    guard: RunGuard,
    { seq }: StepRecord,
    signal: AbortSignal,
  ): Promise<(Ended & { attempts: number }) | Waits> {
    const timeoutMs = parseDuration(step.timeout ?? '10m')
    const attempts = await ledger.countAttempt(guard, seq)
    try {
      const result = await attempt(step.name, timeoutMs, clock, signal, (ended) =>
        runStep(step, createContext(run, step, snapshot, guard, ended)),
      )
      return { ...toEnded(step, result), attempts }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (error instanceof JobsdError && error.code === 'RUN_LOST') throw error
      const recorded = toRecorded(error)
      const about = { run: run.id, job: run.job, step: step.name, attempts, code: recorded.code }
      if (!(error instanceof JobsdError))
        log.error({ ...about, stack: (error as Error).stack }, 'a bug: not an error of the table')
      const mayPass = error instanceof JobsdError && error.retry
      const forMs = mayPass ? retryDelay(step.retry, attempts, spreadOf(run.id)) : undefined
      if (forMs === undefined) return { outcome: 'failed', note: '', error: recorded, files: [], attempts }
      await ledger.noteError(guard, seq, recorded)
      log.warn({ ...about, delayMs: forMs }, recorded.message)
      return { forMs }
    }
  }

  function runStep(step: Step, context: StepContext): Promise<StepResult> {
    const type = parts.steps.find((each) => each.type === step.type)
    if (!type) throw new Error(`there is no step type ${step.type}`)
    return type.run(step as never, context)
  }

  function createContext(
    run: RunDetail,
    step: Step,
    snapshot: Snapshot,
    guard: RunGuard,
    signal: AbortSignal,
  ): StepContext {
    const { endpoints, artifacts } = parts
    return {
      run,
      snapshot,
      history: run.steps,
      files: run.files,
      inputs: (from) => [from].flat().flatMap((name) => filesOf(run.files, name, step.name)),
      connection: (name) => connectionOf(snapshot, name),
      endpoints,
      artifacts,
      clock,
      log,
      signal,
      deliver: (request) => deliver({ ledger, clock, run, step: step.name, guard }, request),
    }
  }
}

function filesOf(files: RunFile[], from: string, step: string): RunFile[] {
  const found = files.filter((file) => file.step === from)
  if (found.length === 0) throw new JobsdError('NO_FILE', { step, from })
  return found
}

function toEnded(step: Step, result: StepResult): Ended {
  const files = (result.files ?? []).map((file) => ({ ...file, step: step.name }))
  const outcome = result.skip ? 'skipped' : result.ok ? 'succeeded' : 'not-ok'
  return { outcome, note: result.note, error: null, files }
}

function toRecorded(error: unknown): RecordedError {
  if (error instanceof JobsdError) return { code: error.code, message: error.message, hint: error.hint }
  return { code: 'BUG', message: 'an error inside jobsd: the log has its stack' }
}

function describeFailure(
  run: RunDetail,
  step: Step,
  snapshot: Snapshot,
  ended: Ended,
  attempts: number,
  next: StepEnd['next'],
): AlertFacts {
  const { manifest, client } = snapshot
  const code = ended.error?.code ?? 'NOT_OK'
  return {
    job: { id: run.job, title: manifest.title },
    client: { name: client.name, title: client.title },
    callCenter: run.callCenter,
    run: { id: run.id, slot: run.slot, revision: run.revision },
    step: { name: step.name, type: step.type, attempts },
    error: { code, message: ended.error?.message ?? ended.note, hint: ended.error?.hint ?? '' },
    next: 'step' in next ? `The run goes on at step ${next.step}.` : `The run has ${next.end}.`,
  }
}
