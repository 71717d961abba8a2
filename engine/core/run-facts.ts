/** What conditions and mails may know of a run so far: plain data, nothing of connections or secrets. */
import type { EventData, Run, RunFile, RunParameters, StepRecord } from './model.ts'
import { toLocal } from './zone.ts'

export interface StepFacts {
  /** It ended and took `onSuccess`. */
  ok: boolean
  /** Of all its reports; null where it offered none. */
  rows: number | null
  /** Bytes of all its files; null where it offered none. */
  size: number | null
}

export interface RunFacts {
  run: { callCenter: string | null; client: string; weekday: string; parameters: RunParameters }
  /** The file that started the run. */
  file: { name: string; size: number } | null
  event: EventData | null
  /** Steps that have ended, by name; of a step that ran twice, the last time. */
  steps: Record<string, StepFacts>
}

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** Gathers a run's facts. The weekday is the slot's, in the client's zone. */
export function runFacts(
  run: Run,
  history: readonly StepRecord[],
  files: readonly RunFile[],
  timezone: string,
): RunFacts {
  const dropped = files.find((file) => file.step === 'trigger')
  return {
    run: {
      callCenter: run.callCenter,
      client: run.client,
      weekday: weekdays[toLocal(timezone, Date.parse(run.slot)).weekday]!,
      parameters: run.parameters ?? {},
    },
    file: dropped ? { name: dropped.fileName, size: dropped.size } : null,
    event: run.event,
    // A step may be called `constructor`: own properties only, here and where they are read.
    steps: Object.fromEntries(
      history
        .filter((record) => record.outcome !== 'running')
        .map((record) => [record.name, stepFacts(record, files)]),
    ),
  }
}

function stepFacts(record: StepRecord, files: readonly RunFile[]): StepFacts {
  const offered = files.filter((file) => file.step === record.name)
  const rows = offered.flatMap((file) => (file.rows === null ? [] : [file.rows]))
  return {
    ok: record.outcome === 'succeeded',
    rows: rows.length > 0 ? sum(rows) : null,
    size: offered.length > 0 ? sum(offered.map((file) => file.size)) : null,
  }
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
