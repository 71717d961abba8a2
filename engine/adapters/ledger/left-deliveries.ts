/** The operation that reads which deliveries may have left a temporary file at their target. */
import { sql } from 'kysely'
import type { EndedWindow, LeftDelivery } from '../../core/contracts/leftovers.ts'
import { all, db, type Operation } from './operation.ts'

/** One that was confirmed by what its target answered has left none; one that was found there may have. */
export function* readLeftDeliveries({ from, before }: EndedWindow): Operation<LeftDelivery[]> {
  const rows = yield* all(
    db
      .selectFrom('run')
      .innerJoin('delivery', 'delivery.run_id', 'run.id')
      .select(['delivery.id', 'delivery.run_id', 'delivery.target', 'run.snapshot'])
      // Written out, so that the partial index is used.
      .where(sql<boolean>`run.ended_at is not null`)
      .where('run.ended_at', '>=', from)
      .where('run.ended_at', '<', before)
      .where('run.dry_run', '=', 0)
      .where((where) =>
        where.or([
          where('delivery.state', '!=', 'confirmed'),
          where('delivery.note', 'like', 'found at the target%'),
        ]),
      )
      .where((where) =>
        where.or([where('delivery.target', 'like', 'sftp:%'), where('delivery.target', 'like', 'folder:%')]),
      )
      .orderBy('run.ended_at')
      .orderBy('delivery.id'),
  )
  return rows.map(({ id, run_id, target, snapshot }) => ({ id, runId: run_id, target, snapshot }))
}
