/** One attempt of one step: what it is given, what becomes of it, and whether another one is worth it. */

import { connectionOf } from '../core/connection-of.ts'
import type { ReturnedRecipient } from '../core/contracts/bounces.ts'
import type { Endpoints } from '../core/contracts/endpoints.ts'
import type { FanOut, FanOutRow } from '../core/contracts/fan-out.ts'
import type { Ledger, RunGuard, StepEnd } from '../core/contracts/ledger.ts'
import type { Artifacts, Clock, Log } from '../core/contracts/services.ts'
import type { StepContext, StepResult, StepType } from '../core/contracts/step.ts'
import { parseDuration } from '../core/duration.ts'
import { JobsdError } from '../core/errors.ts'
import type {
  Instant,
  RecordedError,
  RunDetail,
  RunFile,
  RunStep,
  Snapshot,
  StepRecord,
} from '../core/model.ts'
import { retryDelay, spreadOf } from '../core/retry.ts'
import { defaultRunTimeout } from '../core/run-deadline.ts'
import { stepConnections } from '../core/step-connections.ts'
import { attempt } from './attempt.ts'
import type { Breakers } from './breaker.ts'
import { deliver } from './outbox.ts'
import { presentRepeat } from './repeat-context.ts'

export interface TryParts {
  ledger: Ledger
  steps: readonly StepType[]
  endpoints: Endpoints
  artifacts: Artifacts
  clock: Clock
  log: Log
  /** Called after every durable transition of a run; the next one follows within `withinMs`, or soon. */
  onProgress(runId: string, withinMs?: number): void
  /** Without them connections that fail are tried again and again. */
  breakers?: Breakers
  /** Recipients of a client's mail that came back before; see Delivery.target. */
  flagged?: (client: string, target: string) => ReturnedRecipient[]
  /** Asks for the rows of a job with `fanOut`. Without it such a job cannot run. */
  fanOut?: FanOut
}

const defaultStepTimeout = '10m'
/** A token that no run has. */
const endedToken = -1
const notTried = new Error('nobody can tell how it went')

/** `rows`: of a fan-out. */
export type Ended = Pick<StepEnd, 'outcome' | 'note' | 'error' | 'files' | 'notice'> & { rows?: FanOutRow[] }

/** A run that waits for its step's next attempt: whoever holds the queue hands it over again then. */
export interface Waits {
  /** 0: only for room among those that use the same connection. */
  forMs: number
  /** It waits for this one, and may come earlier when that works again. */
  connection?: string
}

export function createTryStep(parts: TryParts) {
  const { ledger, clock, log } = parts

  /**
   * Makes one attempt. An error that passes is worth another one later, as long as the step's retry allows. Rejects with
   * the signal's reason, and where the run or the storage was lost.
   */
  async function tryStep(
    run: RunDetail,
    step: RunStep,
    snapshot: Snapshot,
    guard: RunGuard,
    { seq, attempts, startedAt, note }: StepRecord,
    signal: AbortSignal,
  ): Promise<(Ended & { attempts: number }) | Waits> {
    const stepMs = stepMsOf(step)
    const runMs = leftMs(run.startedAt, snapshot, clock)
    const timeoutMs = Math.min(stepMs, Math.max(runMs, 0))
    const late = () =>
      runMs <= stepMs
        ? runTimeout(run, snapshot)
        : new JobsdError('STEP_TIMEOUT', { step: step.name, timeoutMs })
    const names = stepConnections(snapshot, step, run.files)
    // The attempt's own: what it writes after its end, as one that nothing stops may, is refused.
    const mine = { ...guard }
    const unsettled = new Set<() => Promise<void>>()
    parts.onProgress(run.id, timeoutMs)
    let failure: unknown = notTried
    try {
      const result = await attempt({ timeoutMs, late }, clock, signal, async (stop) =>
        runStep(
          step,
          await presentRepeat(
            ledger,
            createContext(run, step, startedAt, snapshot, mine, unsettled, stop),
            step,
          ),
        ),
      )
      failure = undefined
      if (result.again) {
        // The target answered: failures before it are over.
        await ledger.noteWait(guard, seq, result.note)
        if (result.note !== note) log.info({ run: run.id, job: run.job, step: step.name }, result.note)
        return { forMs: Math.max(Math.min(result.again.afterMs, leftMs(run.startedAt, snapshot, clock)), 1) }
      }
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
      // Of an attempt that was given up on: it takes no notice of its end, and may be sending yet.
      for (const settle of unsettled) await settle()
      const recorded = toRecorded(error)
      const about = { run: run.id, job: run.job, step: step.name, attempts, code: recorded.code }
      if (!(error instanceof JobsdError))
        log.error({ ...about, stack: (error as Error).stack }, 'a bug: not an error of the table')
      const mayPass = error instanceof JobsdError && error.retry
      const delayMs = mayPass
        ? retryDelay(step.retry, attempts, spreadOf(run.id), Number(error.details.retryAfterMs ?? 0))
        : undefined
      if (delayMs === undefined) return { ...failedWith(error), attempts }
      await ledger.noteError(guard, seq, recorded)
      // Out of time it comes back to fail.
      const forMs = Math.max(Math.min(delayMs, leftMs(run.startedAt, snapshot, clock)), 1)
      log.warn({ ...about, delayMs: forMs }, recorded.message)
      return { forMs }
    } finally {
      mine.token = endedToken
      parts.breakers?.settle(run.id, snapshot, names, failure)
    }
  }

  function runStep(step: RunStep, context: StepContext): Promise<StepResult & { rows?: FanOutRow[] }> {
    if (step.type === 'fan-out') {
      if (!parts.fanOut) throw new Error('nobody asks for the rows of a fan-out here')
      return parts.fanOut(context)
    }
    const type = parts.steps.find((each) => each.type === step.type)
    if (!type) throw new Error(`there is no step type ${step.type}`)
    return type.run(step as never, context)
  }

  function createContext(
    run: RunDetail,
    step: RunStep,
    startedAt: Instant,
    snapshot: Snapshot,
    guard: RunGuard,
    unsettled: Set<() => Promise<void>>,
    signal: AbortSignal,
  ): StepContext {
    const { endpoints, artifacts } = parts
    return {
      run,
      startedAt,
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
      deliver: (request) =>
        deliver({ ledger, clock, run, step: step.name, guard, unsettled, flagged: parts.flagged }, request),
    }
  }

  return tryStep
}

/** What the run has left of its time; less than nothing where that is over. */
export function leftMs(startedAt: string | null, { manifest }: Snapshot, clock: Clock): number {
  const timeoutMs = parseDuration(manifest.timeout ?? defaultRunTimeout)
  return startedAt === null ? timeoutMs : Date.parse(startedAt) + timeoutMs - clock.now().getTime()
}

/** How long one attempt may take. */
export function stepMsOf({ timeout }: RunStep): number {
  return parseDuration(timeout ?? defaultStepTimeout)
}

function filesOf(files: RunFile[], from: string, step: string): RunFile[] {
  const found = files.filter((file) => file.step === from)
  if (found.length === 0) throw new JobsdError('NO_FILE', { step, from })
  return found
}

function toEnded(step: RunStep, result: StepResult & { rows?: FanOutRow[] }): Ended {
  const files = (result.files ?? []).map((file) => ({ ...file, step: step.name }))
  const outcome = result.skip ? 'skipped' : result.ok ? 'succeeded' : 'not-ok'
  const { note, notice, rows } = result
  return { outcome, note, error: null, files, ...(notice && { notice }), ...(rows && { rows }) }
}

export function failedWith(error: unknown): Ended {
  return { outcome: 'failed', note: '', error: toRecorded(error), files: [] }
}

export function runTimeout({ id }: RunDetail, { manifest }: Snapshot): JobsdError {
  return new JobsdError('RUN_TIMEOUT', { run: id, timeout: manifest.timeout ?? defaultRunTimeout })
}

function toRecorded(error: unknown): RecordedError {
  if (error instanceof JobsdError) return { code: error.code, message: error.message, hint: error.hint }
  return { code: 'BUG', message: 'an error inside jobsd: the log has its stack' }
}
