/** Operations that tell whether the ledger can be written, and which artifacts its runs still need. */
import type { Instant, Sha256 } from '../../core/model.ts'
import { all, change, db, type Operation } from './operation.ts'

export function* probe(now: Instant): Operation<void> {
  const row = { id: 'last', at: now }
  yield* change(
    db
      .insertInto('probe')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row)),
  )
}

export function* readKeptArtifacts(sha256s: Sha256[], endedSince: Instant): Operation<Sha256[]> {
  const kept: Sha256[] = []
  for (const sha256 of sha256s) {
    const named = yield* all(
      db
        .selectFrom('run_file')
        .innerJoin('run', 'run.id', 'run_file.run_id')
        .select('run.id')
        .where('run_file.sha256', '=', sha256)
        .where((where) =>
          where.or([where('run.ended_at', 'is', null), where('run.ended_at', '>=', endedSince)]),
        )
        .limit(1),
    )
    if (named.length > 0) kept.push(sha256)
  }
  return kept
}
