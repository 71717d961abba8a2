/** What a step type is: one file under engine/steps, one line in its list. */
import type { Connection } from '../manifest.ts'
import type {
  Artifact,
  Delivery,
  Instant,
  Run,
  RunFile,
  Snapshot,
  Step,
  StepOf,
  StepRecord,
} from '../model.ts'
import type { StepNotice } from './alerts.ts'
import type { Endpoints } from './endpoints.ts'
import type { Artifacts, Clock, Log } from './services.ts'

/** ok → onSuccess; not ok → onFailure without alert; `skip` ends the run as skipped, no alert. */
export interface StepResult {
  ok: boolean
  skip?: boolean
  /** One sentence for history and catalog. */
  note: string
  files?: OfferedFile[]
  /** Recorded with the step's end, so that it is told once. */
  notice?: StepNotice
  /**
   * What the step waits for is not there: it runs again after that long. Until then it holds neither a worker nor its
   * connections, and what was done counts as no attempt.
   */
  again?: { afterMs: number }
}
export type OfferedFile = Omit<RunFile, 'step'>

/** One delivery as a step hands it to the outbox. */
export interface DeliveryRequest {
  /** See Delivery.target. */
  target: string
  file: RunFile | null
  /**
   * Looks whether the target already holds it; asked only when an earlier attempt may have sent it. `place` is what
   * that one gave `sending`, else empty.
   * Absent for mails and requests: nobody can look, so a delivery that may have been sent is in doubt.
   */
  look?: (place: string) => Promise<boolean>
  /** What to do with a delivery in doubt. Default hold. */
  onDoubt?: 'hold' | 'resend'
  /** Sends it and returns what the target said. `id` is the delivery's; `sending` marks that from now on the target may have it, at a
   * `place` that the target's name does not tell. */
  send: (delivery: { id: string; sending: (place?: string) => Promise<void> }) => Promise<string>
}

/** This run's own identity where all else in a step's context is of the run whose bytes it sends once more. */
export interface Resend {
  runId: string
  startedAt: Instant
  /** Only these; null is all. See Delivery.target. */
  targets: string[] | null
}

export interface StepContext {
  run: Run
  /** When this step first began in this run, whatever broke off since. */
  startedAt: Instant
  /** Set where a run is sent once more: the same names and targets, and what lies at a target is replaced. */
  resend?: Resend
  snapshot: Snapshot
  /** The steps before this one, in order. */
  history: StepRecord[]
  /** All files offered so far. */
  files: RunFile[]
  /** The files of a step's `from`, in order. Throws NO_FILE where there is none. */
  inputs(from: string | string[]): RunFile[]
  /** The connection of that name as compiled into the snapshot. */
  connection(name: string): Connection
  endpoints: Endpoints
  artifacts: Artifacts
  clock: Clock
  log: Log
  signal: AbortSignal
  /** Delivers through the outbox: a delivery that is confirmed is not sent again. */
  deliver(request: DeliveryRequest): Promise<Delivery>
}

export interface StepType<T extends Step['type'] = Step['type']> {
  type: T
  /** Runs one attempt. A repeated attempt must be harmless. */
  run(step: StepOf<T>, context: StepContext): Promise<StepResult>
}

/** What a job gives a step type of operators' own. */
export interface CustomStepGiven {
  /** The step's name in the job. */
  step: string
  /** Its inputs, typed, defaults filled in. */
  inputs: Record<string, string | number | boolean>
  /** The files of its `from`; empty where it has none. */
  files: RunFile[]
  connection: Connection | null
}

/** A step type of operators' own, as the module that `start --steps` names exports it. */
export interface CustomStepCode {
  /** What jobs name in `uses`: the name of its StepType document. */
  name: string
  /**
   * Runs one attempt; a repeated attempt must be harmless. `mediaType` of an offered file is
   * `application/octet-stream` where it is not given. What it throws is tried again as the step's `retry` says.
   */
  run(
    given: CustomStepGiven,
    context: StepContext,
  ): Promise<{
    ok: boolean
    skip?: boolean
    note?: string
    files?: (Artifact & { fileName: string; mediaType?: string })[]
  }>
}
