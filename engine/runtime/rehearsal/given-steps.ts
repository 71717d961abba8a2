/** The real step types, but for what a test gives them to come to. */
import type { StepNotice } from '../../core/contracts/alerts.ts'
import type { StepType } from '../../core/contracts/step.ts'
import { type ErrorCode, errorTable, JobsdError } from '../../core/errors.ts'
import type { TestGiven } from '../../core/manifest.ts'
import type { Step, StepOf } from '../../core/model.ts'
import { placeAwaited } from './given-awaited.ts'
import { placeObjects } from './given-objects.ts'
import type { Notice, Recorder } from './recorder.ts'

/** Where a report's rows come from: made up, tables in a folder, or the dataset of the client's policy. */
export type ReportSource =
  | { kind: 'made-up'; rows: number }
  | { kind: 'tables'; dataset: { format: 'csv' | 'json' | 'parquet'; path: string } }
  | { kind: 'policy' }

export interface GivenParts {
  steps: readonly StepType[]
  /** The real report step over another source of rows. */
  reportStep(source: ReportSource): StepType
  /** Of a report that no test gives rows to. */
  source: ReportSource
  given: TestGiven['steps']
  recorder: Recorder
}

export interface GivenSteps {
  steps: StepType[]
  /** Has something else count as work of a step. */
  atWork<T>(work: () => Promise<T>): Promise<T>
  isWorking(): boolean
}

/** Returns the step types and whether one of them is at work. */
export function createGivenSteps(parts: GivenParts): GivenSteps {
  let working = 0
  async function atWork<T>(work: () => Promise<T>): Promise<T> {
    working += 1
    try {
      return await work()
    } finally {
      working -= 1
    }
  }
  const steps = parts.steps.map(
    (type): StepType => ({
      ...type,
      run: (step, context) =>
        atWork(async () => {
          const outcome =
            parts.given && Object.hasOwn(parts.given, step.name) ? parts.given[step.name] : undefined
          if (outcome && 'fails' in outcome) throw givenError(outcome.fails as ErrorCode, step)
          if (outcome && 'ok' in outcome) return { ok: outcome.ok, note: `given: ok is ${outcome.ok}` }
          const rows = outcome && 'rows' in outcome ? outcome.rows : undefined
          const source = rows === undefined ? parts.source : { kind: 'made-up' as const, rows }
          const played = step.type === 'report' ? parts.reportStep(source) : type
          if (step.type === 'cloud-fetch') {
            const named = outcome && 'files' in outcome ? outcome.files : undefined
            await placeObjects(step, context, named, parts.recorder)
          }
          const endpoints = parts.recorder.endpointsFor(step.name, context.files)
          if (step.type === 'wait-for-file') {
            const named = outcome && 'files' in outcome ? outcome.files : undefined
            const placed = await placeAwaited(step, context, named, parts.recorder)
            return await type.run(placed.step as never, { ...placed.context, endpoints })
          }
          const result = await played.run(step as never, { ...context, endpoints })
          if (step.type === 'notify' && result.notice)
            parts.recorder.notices.push(describeNotice(step, result.notice))
          return result
        }),
    }),
  )
  return { steps, atWork, isWorking: () => working > 0 }
}

function describeNotice(
  { level = 'info', name, to }: StepOf<'notify'>,
  { copies, facts }: StepNotice,
): Notice {
  return {
    step: name,
    to,
    recipients: copies.flatMap((copy) => copy.to ?? []),
    level,
    message: facts.message,
  }
}

/** No detail of its message stays unfilled: what the step has of that name, or a word for it. */
function givenError(code: ErrorCode, step: Step): JobsdError {
  const connection = 'connection' in step ? step.connection : step.name
  const given = { connection, step: step.name, path: `a path of ${connection}`, reason: 'given by the test' }
  const { hint, message } = errorTable[code]
  const names = [...`${message} ${hint}`.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  const own = Object.fromEntries(Object.entries(step).filter(([, value]) => typeof value !== 'object'))
  const details = names.map((name) => [name, { ...own, ...given }[name] ?? `(${name})`])
  return new JobsdError(code, { ...given, ...Object.fromEntries(details) })
}
