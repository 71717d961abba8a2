/** Tells whose pages change by what is written to the ledger. */
import type { Ledger, RunGuard } from '../core/contracts/ledger.ts'
import type { JobId } from '../core/model.ts'

/** A job whose run moved on, a client of which many may have, or null: what is in force changed. */
export type Changed = JobId | { client: string } | null

/** The same ledger; after each such write that went well `onChange` is called. */
export function noteChanges(ledger: Ledger, onChange: (changed: Changed) => void): Ledger {
  /** Of runs that are worked on. */
  const jobs = new Map<string, JobId>()

  async function after<T>(write: Promise<T>, tell: (answer: T) => void): Promise<T> {
    const answer = await write
    tell(answer)
    return answer
  }
  function moved(runId: string): void {
    const job = jobs.get(runId)
    if (job) onChange(job)
  }
  async function ended(runId: string): Promise<void> {
    const job = jobs.get(runId) ?? (await ledger.run(runId))?.job
    jobs.delete(runId)
    if (job) onChange(job)
  }
  function due({ job, group }: { job: JobId; group: { onConflict: string } | null }): void {
    // It may have ended runs of other jobs.
    onChange(group?.onConflict === 'replace' ? { client: job.slice(0, job.indexOf('/')) } : job)
  }
  const guarded = ({ runId }: RunGuard) => moved(runId)

  return {
    ...ledger,
    applyRevision: (applied) => after(ledger.applyRevision(applied), () => onChange(null)),
    applyHolds: (changes, now) => after(ledger.applyHolds(changes, now), () => onChange(null)),
    recordDue: (record) => after(ledger.recordDue(record), (ids) => ids.length > 0 && due(record)),
    recordAndBegin: (record, choose) =>
      after(ledger.recordAndBegin(record, choose), ({ runIds, begun }) => {
        if (runIds.length > 0) due(record)
        for (const { id, job } of begun) jobs.set(id, job)
      }),
    recordEvent: (event, dues, verdict) =>
      after(ledger.recordEvent(event, dues, verdict), () => dues.forEach(due)),
    claimRun: (runId, now, attempt) =>
      after(ledger.claimRun(runId, now, attempt), (run) => {
        if (!run) return
        jobs.set(runId, run.job)
        onChange(run.job)
      }),
    beginStep: (guard, name, type, now) =>
      after(ledger.beginStep(guard, name, type, now), () => guarded(guard)),
    beginAttempt: (guard, step, now) => after(ledger.beginAttempt(guard, step, now), () => guarded(guard)),
    markDelivery: (guard, id, state, note, now) =>
      after(ledger.markDelivery(guard, id, state, note, now), () => guarded(guard)),
    endStep: (guard, end) =>
      after(ledger.endStep(guard, end), () => {
        moved(guard.runId)
        if ('end' in end.next) jobs.delete(guard.runId)
      }),
    endStepAndFollow: (guard, end, follows) =>
      after(ledger.endStepAndFollow(guard, end, follows), () => {
        moved(guard.runId)
        follows.forEach(due)
        if ('end' in end.next) jobs.delete(guard.runId)
      }),
    cancelRun: async (runId, audit) => {
      const state = await ledger.cancelRun(runId, audit)
      await ended(runId)
      return state
    },
    cancelRunAndFollow: async (runId, audit, follows) => {
      const answer = await ledger.cancelRunAndFollow(runId, audit, follows)
      follows.forEach(due)
      await ended(runId)
      return answer
    },
    recordBounces: (given, now) =>
      after(ledger.recordBounces(given, now), ({ records }) => {
        for (const { job, outcome } of records) if (job && outcome === 'returned') onChange(job)
      }),
    recordExpectation: (judged) => after(ledger.recordExpectation(judged), () => onChange(judged.job)),
    endExpectation: (end) => after(ledger.endExpectation(end), () => onChange(end.job)),
  }
}
