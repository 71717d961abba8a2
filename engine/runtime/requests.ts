/** What people and other systems ask for, as due records. */
import type { DueRecord, EventRecord } from '../core/contracts/ledger.ts'
import type { Log } from '../core/contracts/services.ts'
import type { Hold } from '../core/contracts/sync.ts'
import type { TriggerType } from '../core/contracts/trigger.ts'
import { JobsdError } from '../core/errors.ts'
import type { Instant, JobId } from '../core/model.ts'
import { toDueRecord } from './due.ts'
import type { ActiveJob } from './trigger-set.ts'

/** What a person or a command asks to run now. */
export interface RunRequest {
  job: string
  /** The slot it runs for; default now. */
  slot?: Instant
  callCenter?: string
  dryRun?: boolean
}

/** Throws BAD_REQUEST for a call center that the job does not have. `id` makes it another run than the last one. */
export function requestRun(
  { snapshot, revision }: ActiveJob,
  { job, slot, callCenter, dryRun }: RunRequest,
  id: string,
  now: Instant,
): DueRecord {
  const { scope, callCenters } = snapshot.manifest
  if (callCenter !== undefined && (scope === 'client' || !callCenters.includes(callCenter))) {
    const allowed = scope === 'client' ? 'its scope is client' : `it has ${callCenters.join(', ')}`
    throw new JobsdError('BAD_REQUEST', { reason: `${job} has no call center ${callCenter}: ${allowed}` })
  }
  const at = slot ?? now
  const due = { key: `by-hand:${at}:${id}`, slot: at, schedule: null, event: null, file: null }
  const whose = { type: 'manual' as const, callCenter: callCenter ?? null }
  return toDueRecord(snapshot, revision, { ...due, ...whose }, now, dryRun ?? false)
}

/** The runs that an event starts: of each enabled job of the client whose trigger takes it. */
export function dueFromEvent(
  event: EventRecord,
  jobs: Iterable<ActiveJob>,
  triggers: readonly TriggerType[],
  suspension: (job: JobId) => Hold | undefined,
  log: Log,
  now: Instant,
): DueRecord[] {
  const dues: DueRecord[] = []
  for (const { snapshot, revision } of jobs) {
    const { manifest } = snapshot
    if (!manifest.enabled || snapshot.client.name !== event.client) continue
    const type = triggers.find((each) => each.type === manifest.trigger.type)
    if (!type?.accepts?.(event.type)) continue
    const held = suspension(snapshot.job)
    if (held) {
      const about = { job: snapshot.job, client: event.client, event: event.id, by: held.who }
      log.warn(about, 'an event came for a suspended job: it starts nothing')
      continue
    }
    const named = event.data.callCenter ?? null
    const isMeant = named === null || (typeof named === 'string' && manifest.callCenters.includes(named))
    if (manifest.scope === 'call-center' && !isMeant) {
      log.warn(
        { job: snapshot.job, client: event.client, event: event.id, allowed: manifest.callCenters },
        'an event names no call center of the job: it starts nothing',
      )
      continue
    }
    const callCenter = manifest.scope === 'call-center' && typeof named === 'string' ? named : null
    // As JSON: no two pairs of source and id give the same text.
    const key = JSON.stringify([event.source, event.id])
    const due = {
      type: type.type,
      key,
      slot: event.receivedAt,
      schedule: null,
      event: event.data,
      file: null,
    }
    dues.push(toDueRecord(snapshot, revision, { ...due, callCenter }, now))
  }
  return dues
}
