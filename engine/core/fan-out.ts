/** A job with `fanOut`: where its runs begin, and what the run of a row is called and given. Pure. */
import type { FanOut, Parameter } from './manifest.ts'
import type { CompiledJob, FanOutStep, Run, RunStep, Trigger, TriggerRecord } from './model.ts'
import { type FilledParameters, parametersOf, readKeptParameters } from './parameters.ts'

export const fanOutStep: FanOutStep = {
  name: 'fanOut',
  type: 'fan-out',
  onSuccess: 'end',
  onFailure: 'fail',
}

/** The platform's words for it. */
export const fanOutTitle = 'Fan-out'

interface Parameterized {
  trigger: Trigger
  fanOut?: FanOut | undefined
}

/** The step that a run stands at; undefined where the job does not have it. */
export function findStep(
  { steps, fanOut }: Pick<CompiledJob, 'steps' | 'fanOut'>,
  name: string | null,
): RunStep | undefined {
  if (name === fanOutStep.name) return fanOut && fanOutStep
  return steps.find((step) => step.name === name)
}

/** Where a run begins that something made due. */
export function firstStepOf({ steps, fanOut }: Pick<CompiledJob, 'steps' | 'fanOut'>): RunStep | undefined {
  return fanOut ? fanOutStep : steps[0]
}

/** What a row brings by name; empty without `fanOut`. */
export function rowParametersOf({ fanOut }: Pick<Parameterized, 'fanOut'>): readonly Parameter[] {
  return fanOut?.parameters ?? []
}

/** What the steps of a job know by name: what its trigger gives a run, and what its row does. */
export function runParametersOf(job: Parameterized): readonly Parameter[] {
  return [...parametersOf(job.trigger), ...rowParametersOf(job)]
}

/** Takes all of them from an earlier run of the job; what its row did not have no event has either. */
export function readKeptOfRow(job: Parameterized, run: Pick<Run, 'parameters' | 'event'>): FilledParameters {
  const given = readKeptParameters(parametersOf(job.trigger), run)
  const ofRow = readKeptParameters(rowParametersOf(job), { ...run, event: null })
  const faults = [given, ofRow].flatMap((read) => ('faults' in read ? read.faults : []))
  if ('faults' in given || 'faults' in ofRow) return { faults }
  return { values: { ...given.values, ...ofRow.values } }
}

/** What makes the run of a row due: the same cause, its own key. */
export function rowTrigger({ type, key }: TriggerRecord, row: string): TriggerRecord {
  return { type, key: `${key}#${row}` }
}

/** The key of what started a run: that of a row's run is its parent's. */
export function causeKeyOf({ trigger, row }: Pick<Run, 'trigger' | 'row'>): string {
  const ending = row === undefined ? undefined : `#${row.key}`
  return ending !== undefined && trigger.key.endsWith(ending)
    ? trigger.key.slice(0, -ending.length)
    : trigger.key
}
