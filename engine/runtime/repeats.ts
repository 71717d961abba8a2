/** Runs that people have repeated: what was sent once more, or made anew. */
import type { DueRecord, Ledger } from '../core/contracts/ledger.ts'
import type { Artifacts } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { Instant, JobId, RunDetail } from '../core/model.ts'
import { type RerunRequest, type ResendRequest, requestRerun, requestResend } from './repeat-requests.ts'
import type { ActiveJob } from './trigger-set.ts'

export interface RepeatParts {
  ledger: Pick<Ledger, 'run' | 'snapshots'>
  artifacts: Pick<Artifacts, 'verify'>
  /** The job's version in force. Throws JOB_UNKNOWN, JOB_INVALID. */
  findJob(job: JobId): Promise<ActiveJob>
  /** Records the run and has it worked on. */
  begin(due: DueRecord): Promise<string[]>
  createId(): string
  now(): Instant
}

export interface RepeatRuns {
  /**
   * Records a run that sends the stored bytes of another one once more, and returns its id. Before that every byte is
   * verified. Throws RUN_UNKNOWN, BAD_REQUEST, ARTIFACT_DAMAGED: then nothing is recorded or sent.
   */
  resend(request: ResendRequest): Promise<string>
  /**
   * Records a run that makes another one anew, and returns its id. The files that it takes over are verified first. Throws
   * RUN_UNKNOWN, JOB_UNKNOWN, JOB_INVALID, BAD_REQUEST, ARTIFACT_DAMAGED.
   */
  rerun(request: RerunRequest): Promise<string>
}

export function createRepeats({ ledger, artifacts, findJob, begin, createId, now }: RepeatParts): RepeatRuns {
  async function findRun(id: string): Promise<RunDetail> {
    const run = await ledger.run(id)
    if (!run) throw new JobsdError('RUN_UNKNOWN', { run: id })
    return run
  }

  async function beginOne(due: DueRecord): Promise<string> {
    const [id] = await begin(due)
    if (id === undefined) throw new Error(`the id of ${due.trigger.key} was used before`)
    return id
  }

  return {
    async resend(request) {
      const original = await findRun(request.run)
      const [snapshot] = await ledger.snapshots([original.snapshot])
      if (!snapshot) throw new Error(`the ledger lacks snapshot ${original.snapshot}`)
      const { due, artifacts: sent } = requestResend(snapshot, original, request, {
        id: createId(),
        now: now(),
      })
      for (const { sha256, size } of sent) await artifacts.verify(sha256, size)
      return beginOne(due)
    },
    async rerun(request) {
      const original = await findRun(request.run)
      const asked = { id: createId(), now: now() }
      const due = requestRerun(await findJob(original.job), original, request, asked)
      const kept = original.files.filter(({ step }) => due.repeats?.filesOf.includes(step))
      for (const { sha256, size } of kept) await artifacts.verify(sha256, size)
      return beginOne(due)
    },
  }
}
