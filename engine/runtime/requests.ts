/** What people ask for, as due records. */
import type { DueRecord, EventAnswer } from '../core/contracts/ledger.ts'
import { JobsdError } from '../core/errors.ts'
import type { EventData, Instant, ParameterValue } from '../core/model.ts'
import { describeParameter, parametersOf, readGivenParameters } from '../core/parameters.ts'
import { toDueRecord } from './due.ts'
import type { ActiveJob } from './trigger-set.ts'

/** What a person or a command asks to run now. */
export interface RunRequest {
  job: string
  /** The slot it runs for; default now. */
  slot?: Instant
  callCenter?: string
  dryRun?: boolean
  /** By name; texts are read as the job's parameters say. */
  parameters?: Record<string, ParameterValue>
}

/** An event that is posted by hand; without `id` it is a new one, without `source` its source is `by-hand`. */
export interface EmitRequest {
  type: string
  client: string
  data: EventData
  id?: string
  source?: string
}
/** What came of it; a repeat is answered as the first time. */
export type EmitAnswer = Omit<EventAnswer, 'sameBody'> & { id: string }

/** Throws BAD_REQUEST for a call center or parameters that the job does not have. `id` makes it another run than the last one. */
export function requestRun(
  { snapshot, revision }: ActiveJob,
  { job, slot, callCenter, dryRun, parameters: given = {} }: RunRequest,
  id: string,
  now: Instant,
): DueRecord {
  const { scope, callCenters } = snapshot.manifest
  if (callCenter !== undefined && (scope === 'client' || !callCenters.includes(callCenter))) {
    const allowed = scope === 'client' ? 'its scope is client' : `it has ${callCenters.join(', ')}`
    throw new JobsdError('BAD_REQUEST', { reason: `${job} has no call center ${callCenter}: ${allowed}` })
  }
  const definitions = parametersOf(snapshot.manifest.trigger)
  const read = readGivenParameters(definitions, given)
  if ('faults' in read) {
    const known = definitions.map(describeParameter).join('; ')
    const has = known === '' ? '' : `. ${job} takes ${known}`
    throw new JobsdError('BAD_REQUEST', { reason: `${read.faults.join('; ')}${has}` })
  }
  const parameters = definitions.length > 0 ? read.values : undefined
  const at = slot ?? now
  const due = {
    key: `by-hand:${at}:${id}`,
    slot: at,
    schedule: null,
    event: null,
    file: null,
    ...(parameters && { parameters }),
  }
  const whose = { type: 'manual' as const, callCenter: callCenter ?? null }
  return toDueRecord(snapshot, revision, { ...due, ...whose }, now, dryRun ?? false)
}
