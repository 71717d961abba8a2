/** Walks a run's step graph. Each transition is one durable transaction, so a walk goes on where the last one ended. */

import { stepAlert } from '../core/alert-facts.ts'
import { connectionOf } from '../core/connection-of.ts'
import type { Endpoints } from '../core/contracts/endpoints.ts'
import type { DueRecord, Ledger, RunGuard, StepEnd, StepName, WaitingRun } from '../core/contracts/ledger.ts'
import type { Artifacts, Clock, Log } from '../core/contracts/services.ts'
import type { StepContext, StepResult, StepType } from '../core/contracts/step.ts'
import { parseDuration } from '../core/duration.ts'
import { JobsdError } from '../core/errors.ts'
import type { EndState } from '../core/follow-ups.ts'
import type { RecordedError, RunDetail, RunFile, Snapshot, Step, StepRecord } from '../core/model.ts'
import { retryDelay, spreadOf } from '../core/retry.ts'
import { stepConnections } from '../core/step-connections.ts'
import { attempt } from './attempt.ts'
import type { Breakers } from './breaker.ts'
import { deliver } from './outbox.ts'
import { presentRepeat, stepAfter } from './repeat-context.ts'

export interface RunnerParts {
  ledger: Ledger
  steps: readonly StepType[]
  endpoints: Endpoints
  artifacts: Artifacts
  clock: Clock
  log: Log
  snapshot(digest: string): Promise<Snapshot>
  /** Called after every durable transition of a run; the next one follows within `withinMs`, or soon. */
  onProgress(runId: string, withinMs?: number): void
  /** Whether the run may go on to a step of these connections now; otherwise it comes back when there is room. */
  enter?(runId: string, connections: string[]): boolean
  /** Called when all that is left of a run is to record its end. */
  onEnding?(runId: string): void
  /** Without them connections that fail are tried again and again. */
  breakers?: Breakers
  /** What becomes due when the run ends so, recorded with its end. Without it nothing follows. */
  dueAfter?(run: RunDetail, snapshot: Snapshot, state: EndState): DueRecord[]
  /** Called with runs that were recorded so. */
  onFollow?(runIds: string[]): void
  /** Called when a step's end made alerts pending. */
  onAlert?(): void
  /** Of failures in a row the first is told and then every so many; see Settings.alerts. */
  everyNth?(): number | undefined
}

const defaultTimeout = '1d'
const defaultStepTimeout = '10m'
/** What an attempt may take beside the step itself. */
const slackMs = 60_000
/** A token that no run has. */
const endedToken = -1
const notTried = new Error('nobody can tell how it went')

type Ended = Pick<StepEnd, 'outcome' | 'note' | 'error' | 'files'>

/** A run that waits for its step's next attempt: whoever holds the queue hands it over again then. */
export interface Waits {
  /** 0: only for room among those that use the same connection. */
  forMs: number
  /** It waits for this one, and may come earlier when that works again. */
  connection?: string
}

/** Where a run stood when it was queued: spares it a transaction where it still does. */
export type KnownRun = Pick<WaitingRun, 'snapshot' | 'position' | 'startedAt'>

/** Works on one run until it has ended or waits; rejects with the signal's reason. */
export type WalkRun = (runId: string, signal: AbortSignal, known?: KnownRun) => Promise<Waits | undefined>

export function createRunner(parts: RunnerParts): WalkRun {
  const { ledger, clock, log } = parts
  const now = () => clock.now().toISOString()

  return async (runId, signal, known) => {
    const early = known && (await findAttempt(known))
    let run = await ledger.claimRun(runId, now(), early)
    if (!run) return undefined
    let begun = early && run.position === early.name ? run.steps.at(-1) : undefined
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

  /** The attempt that may be made at once where the run stands, if nothing speaks against it. */
  async function findAttempt({
    snapshot: digest,
    position,
    startedAt,
  }: KnownRun): Promise<StepName | undefined> {
    const snapshot = await parts.snapshot(digest)
    const step = snapshot.manifest.steps.find(({ name }) => name === position)
    if (!step || leftMs(startedAt, snapshot) <= 0) return undefined
    const isFree = parts.breakers?.areClosed(snapshot, stepConnections(snapshot, step)) ?? true
    return isFree ? { name: step.name, type: step.type } : undefined
  }

  /** What is left of the job's timeout. */
  function leftMs(startedAt: string | null, { manifest }: Snapshot): number {
    const timeoutMs = parseDuration(manifest.timeout ?? defaultTimeout)
    return startedAt === null ? timeoutMs : Date.parse(startedAt) + timeoutMs - clock.now().getTime()
  }

  async function walkStep(
    run: RunDetail,
    step: Step,
    snapshot: Snapshot,
    guard: RunGuard,
    begun: StepRecord | undefined,
    signal: AbortSignal,
  ): Promise<Waits | StepEnd['next']> {
    const isLate = leftMs(run.startedAt, snapshot) <= 0 && begun === undefined
    const record =
      begun ??
      (isLate
        ? await ledger.beginStep(guard, step.name, step.type, now())
        : await enter(run, step, snapshot, guard))
    if ('forMs' in record) return record
    const tried = isLate
      ? { ...failedWith(runTimeout(run, snapshot)), attempts: record.attempts }
      : await tryStep(run, step, snapshot, guard, record, signal)
    if ('forMs' in tried) return tried
    const { attempts, ...ended } = tried
    // Out of time there is no time for another step either.
    const target = ended.error?.code === 'RUN_TIMEOUT' ? 'fail' : stepAfter(run, step, ended.outcome)
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
    const follows = 'end' in next ? (parts.dueAfter?.(run, snapshot, next.end) ?? []) : []
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
    step: Step,
    snapshot: Snapshot,
    guard: RunGuard,
  ): Promise<StepRecord | Waits> {
    const names = stepConnections(snapshot, step, run.files)
    if (parts.enter?.(run.id, names) === false) return { forMs: 0 }
    const held = parts.breakers?.ask(
      run.id,
      snapshot,
      names,
      parseDuration(step.timeout ?? defaultStepTimeout) + slackMs,
    )
    if (!held) return ledger.beginAttempt(guard, { name: step.name, type: step.type }, now())
    const { seq, error } = await ledger.beginStep(guard, step.name, step.type, now())
    if (error?.message !== held.error.message) {
      await ledger.noteError(guard, seq, held.error)
      log.warn({ run: run.id, job: run.job, step: step.name, delayMs: held.forMs }, held.error.message)
    }
    const forMs = Math.min(held.forMs, leftMs(run.startedAt, snapshot))
    return { forMs: Math.max(forMs, 1), connection: held.connection }
  }

  /** Makes one attempt. An error that passes is worth another one later, as long as the step's retry allows. */
  async function tryStep(
    run: RunDetail,
    step: Step,
    snapshot: Snapshot,
    guard: RunGuard,
    { seq, attempts }: StepRecord,
    signal: AbortSignal,
  ): Promise<(Ended & { attempts: number }) | Waits> {
    const stepMs = parseDuration(step.timeout ?? defaultStepTimeout)
    const runMs = leftMs(run.startedAt, snapshot)
    const timeoutMs = Math.min(stepMs, Math.max(runMs, 0))
    const late = () =>
      runMs <= stepMs
        ? runTimeout(run, snapshot)
        : new JobsdError('STEP_TIMEOUT', { step: step.name, timeoutMs })
    const names = stepConnections(snapshot, step, run.files)
    // The attempt's own: what it writes after its end, as one that nothing stops may, is refused.
    const mine = { ...guard }
    parts.onProgress(run.id, timeoutMs)
    let failure: unknown = notTried
    try {
      const result = await attempt({ timeoutMs, late }, clock, signal, async (stop) =>
        runStep(step, await presentRepeat(ledger, createContext(run, step, snapshot, mine, stop), step)),
      )
      failure = undefined
      return { ...toEnded(step, result), attempts }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      failure = error
      if (error instanceof JobsdError && error.code === 'RUN_LOST') throw error
      if (error instanceof JobsdError && error.code === 'STORAGE_FAILED') {
        // Our own disk is nobody's failure: the run breaks off, and goes on once there is room.
        await ledger.takeBackAttempt(guard, seq)
        throw error
      }
      const recorded = toRecorded(error)
      const about = { run: run.id, job: run.job, step: step.name, attempts, code: recorded.code }
      if (!(error instanceof JobsdError))
        log.error({ ...about, stack: (error as Error).stack }, 'a bug: not an error of the table')
      const mayPass = error instanceof JobsdError && error.retry
      const delayMs = mayPass ? retryDelay(step.retry, attempts, spreadOf(run.id)) : undefined
      if (delayMs === undefined) return { ...failedWith(error), attempts }
      await ledger.noteError(guard, seq, recorded)
      // Out of time it comes back to fail.
      const forMs = Math.max(Math.min(delayMs, leftMs(run.startedAt, snapshot)), 1)
      log.warn({ ...about, delayMs: forMs }, recorded.message)
      return { forMs }
    } finally {
      mine.token = endedToken
      parts.breakers?.settle(run.id, snapshot, names, failure)
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
      history: run.steps.filter(({ outcome }) => outcome !== 'running'),
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

function failedWith(error: unknown): Ended {
  return { outcome: 'failed', note: '', error: toRecorded(error), files: [] }
}

function runTimeout({ id }: RunDetail, { manifest }: Snapshot): JobsdError {
  return new JobsdError('RUN_TIMEOUT', { run: id, timeout: manifest.timeout ?? defaultTimeout })
}

function toRecorded(error: unknown): RecordedError {
  if (error instanceof JobsdError) return { code: error.code, message: error.message, hint: error.hint }
  return { code: 'BUG', message: 'an error inside jobsd: the log has its stack' }
}
