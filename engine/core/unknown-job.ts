import { JobsdError } from './errors.ts'
import { suggestWord } from './suggest.ts'

/** The JOB_UNKNOWN of a name that none of the jobs has, with the one that was probably meant. */
export function unknownJob(job: string, jobs: Iterable<string>): JobsdError {
  return new JobsdError('JOB_UNKNOWN', { job, near: suggestWord(job, [...jobs]) })
}
