/** From something due to the ledger's record of it and of the runs it starts. */
import type { DueRecord, RunGroup } from '../core/contracts/ledger.ts'
import type { Due } from '../core/contracts/trigger.ts'
import { firstStepOf } from '../core/fan-out.ts'
import type { Instant, Snapshot, Trigger } from '../core/model.ts'

/** Groups are a client's own: no client can hold up another by a name. */
export function groupOf({ job, client, manifest }: Snapshot): RunGroup | null {
  if (!manifest.concurrency) return null
  const { group, limit = 1, onConflict = 'queue' } = manifest.concurrency
  return { name: group === undefined ? job : `${client.name}/${group}`, limit, onConflict }
}

type TypedDue = Due & { type: Trigger['type'] }

/** Fan-out: one run for the whole client, or one for each call center; a due thing of one call center is one run. */
export function toDueRecord(
  snapshot: Snapshot,
  revision: string,
  due: TypedDue,
  now: Instant,
  dryRun = false,
): DueRecord {
  const { manifest } = snapshot
  const first = firstStepOf(manifest)
  if (!first) throw new Error(`${snapshot.job} has no step`)
  const fanOut: (string | null)[] = manifest.scope === 'client' ? [null] : manifest.callCenters
  return {
    job: snapshot.job,
    trigger: { type: due.type, key: due.key },
    slot: due.slot,
    schedule: due.schedule,
    event: due.event,
    ...(due.parameters && { parameters: due.parameters }),
    file: due.file,
    ...(due.files && { files: due.files }),
    ...(due.seen && { seen: due.seen }),
    callCenters: due.callCenter === null ? fanOut : [due.callCenter],
    snapshot: snapshot.digest,
    revision,
    firstStep: first.name,
    dryRun,
    group: groupOf(snapshot),
    now,
  }
}
