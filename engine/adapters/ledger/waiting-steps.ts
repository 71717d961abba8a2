/** The operation that reads what runs wait for. */
import type { WaitingStep } from '../../core/contracts/ledger.ts'
import type { JobId } from '../../core/model.ts'
import { all, db, type Operation } from './operation.ts'

export function* readWaitingSteps(): Operation<WaitingStep[]> {
  const rows = yield* all(
    db
      .selectFrom('run')
      // Not an inner join: which of the two is read first is left to nobody, as most steps there are have ended.
      .crossJoin('step')
      .select(['run.job', 'run.call_center', 'step.run_id', 'step.name', 'step.note'])
      .whereRef('step.run_id', '=', 'run.id')
      .where('run.ended_at', 'is', null)
      .where('step.outcome', '=', 'running')
      .where('step.note', '!=', '')
      .orderBy('run.created_at')
      .orderBy('run.id'),
  )
  return rows.map(({ job, call_center, run_id, name, note }) => ({
    job: job as JobId,
    callCenter: call_center || null,
    runId: run_id,
    name,
    note,
  }))
}
