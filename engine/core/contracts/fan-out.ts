/** What asks for the rows of a fan-out. */
import type { RunParameters } from '../model.ts'
import type { StepContext, StepResult } from './step.ts'

/** One row: one run. */
export interface FanOutRow {
  /** Unique among the rows. */
  key: string
  /** Those of the row alone, typed; of a row with a fault only those that fit. */
  parameters: RunParameters
  /** null: the whole client. */
  callCenter: string | null
  /** What does not fit, a sentence; null where all does. */
  fault: string | null
}

/** No rows where the result is a skip. */
export interface FanOutResult extends StepResult {
  rows: FanOutRow[]
}

/**
 * Runs the query of a job's `fanOut` and reads its rows. A repeated attempt is harmless: nothing is written. Throws
 * FAN_OUT_FAILED, DATASET_MISSING, STEP_TIMEOUT, STORAGE_FAILED.
 */
export type FanOut = (context: StepContext) => Promise<FanOutResult>
