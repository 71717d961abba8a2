/** Rows of posted files, to and from what the engine knows of them. */
import type { SeenFile, SeenRecord } from '../../core/contracts/drops.ts'
import type { Instant, JobId } from '../../core/model.ts'
import { change, db, type Operation } from './operation.ts'
import type { Tables } from './tables.ts'

export function* upsert(row: Tables['dropped_file']): Operation<void> {
  const { job: _job, key: _key, ...rest } = row
  yield* change(
    db
      .insertInto('dropped_file')
      .values(row)
      .onConflict((conflict) => conflict.columns(['job', 'key']).doUpdateSet(rest)),
  )
}

export function toRow(job: JobId, dueKey: string, file: SeenFile, now: Instant): Tables['dropped_file'] {
  const { key, connection, folder, path, sha256, outcome, note, size, mtimeMs, lies, companion, awaits } =
    file
  const isOpen = awaits || outcome === 'claiming' || outcome === 'incomplete'
  return {
    job,
    key,
    connection,
    folder,
    path,
    sha256,
    outcome,
    note,
    due_key: dueKey,
    body: JSON.stringify({ size, mtimeMs, lies, companion, awaits }),
    target: null,
    settled: isOpen ? null : '',
    at: now,
    // Nothing rests on that it was told; what was claimed lies in its folder no more.
    gone_at: outcome === 'incomplete' || (outcome !== 'claiming' && lies !== path) ? now : null,
  }
}

export function toSeen(row: Tables['dropped_file']): SeenRecord {
  const { key, connection, folder, path, sha256, note, at, target, settled } = row
  const body = JSON.parse(row.body) as Pick<SeenFile, 'size' | 'mtimeMs' | 'lies' | 'companion' | 'awaits'>
  const outcome = row.outcome as SeenFile['outcome']
  return { key, connection, folder, path, sha256, outcome, note, at, target, settled, ...body }
}
