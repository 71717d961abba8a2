/** Which jobs use step types of operators' own whose code this engine was started without. */
import type { Log } from '../core/contracts/services.ts'
import type { JobId, Sha256, Snapshot } from '../core/model.ts'
import type { ActiveJob } from './trigger-set.ts'

/** The names of the step types whose code is there; undefined: nobody can tell. */
export type StepCodes = ReadonlySet<string> | undefined

/** The steps that would fail for want of their code, in the job's order. */
export function uncodedSteps(
  { manifest }: Pick<Snapshot, 'manifest'>,
  codes: StepCodes,
): { step: string; stepType: string }[] {
  if (!codes) return []
  return manifest.steps.flatMap((step) =>
    step.type === 'custom' && !codes.has(step.uses) ? [{ step: step.name, stepType: step.uses }] : [],
  )
}

/** A sentence for those who started the engine; empty where it has all the code that the job needs. */
export function describeUncoded(job: Pick<Snapshot, 'manifest'>, codes: StepCodes): string {
  const uncoded = uncodedSteps(job, codes)
  if (uncoded.length === 0) return ''
  const types = [...new Set(uncoded.map(({ stepType }) => stepType))]
  const what = types.length === 1 ? 'the step type' : 'the step types'
  const where = uncoded.map(({ step }) => step).join(', ')
  return `the engine was started without the code of ${what} ${types.join(', ')}: ${where} would fail`
}

/** Logs each enabled job that lacks code, once for each version of it that comes into force. */
export function createCodeWatch(codes: StepCodes, log: Log): (jobs: ReadonlyMap<JobId, ActiveJob>) => void {
  let told = new Map<JobId, Sha256>()
  return (jobs) => {
    const uncoded = [...jobs].flatMap(([job, { snapshot }]) => {
      const message = snapshot.manifest.enabled ? describeUncoded(snapshot, codes) : ''
      return message === '' ? [] : [{ job, snapshot, message }]
    })
    for (const { job, snapshot, message } of uncoded) {
      if (told.get(job) === snapshot.digest) continue
      const stepTypes = uncodedSteps(snapshot, codes).map(({ stepType }) => stepType)
      log.warn({ job, stepTypes }, `${message}; name its module by --steps`)
    }
    told = new Map(uncoded.map(({ job, snapshot }) => [job, snapshot.digest]))
  }
}
