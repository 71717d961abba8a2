/** The operation that reads which deliveries somebody has to look at. */
import { sql } from 'kysely'
import type { TroubledDelivery } from '../../core/contracts/catalog.ts'
import type { Instant, JobId } from '../../core/model.ts'
import { all, db, type Operation } from './operation.ts'

/** Those whose run was repeated by hand, with a good end, are settled. */
export function* readTroubledDeliveries(since: Instant, limit: number): Operation<TroubledDelivery[]> {
  const rows = yield* all(
    db
      .selectFrom('delivery')
      .innerJoin('run', 'run.id', 'delivery.run_id')
      .select([
        'run.job',
        'delivery.run_id',
        'delivery.step',
        'delivery.target',
        'delivery.state',
        'delivery.note',
        'delivery.at',
      ])
      // Written out, so that the partial index is used.
      .where(sql<boolean>`delivery.state in ('failed', 'in-doubt')`)
      .where('delivery.at', '>=', since)
      .where('run.dry_run', '=', 0)
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom('run as repeat')
              .select('repeat.id')
              .whereRef('repeat.origin_run', '=', 'run.id')
              .where('repeat.origin_run', 'is not', null)
              .where('repeat.state', '=', 'succeeded'),
          ),
        ),
      )
      .orderBy('delivery.at', 'desc')
      .limit(limit),
  )
  return rows.map(({ job, run_id, step, target, state, note, at }) => ({
    job: job as JobId,
    runId: run_id,
    step,
    target,
    state: state as TroubledDelivery['state'],
    note,
    at,
  }))
}
