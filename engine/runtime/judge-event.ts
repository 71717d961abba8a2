/** What an event starts, and where it starts nothing, why. */
import type { DueRecord, EventRecord, EventVerdict } from '../core/contracts/ledger.ts'
import type { Hold } from '../core/contracts/sync.ts'
import type { TriggerType } from '../core/contracts/trigger.ts'
import type { Instant, JobId, RunParameters } from '../core/model.ts'
import { parametersOf, readEventParameters } from '../core/parameters.ts'
import { toDueRecord } from './due.ts'
import type { ActiveJob } from './trigger-set.ts'

interface EventJobs {
  jobs: Iterable<ActiveJob>
  triggers: readonly TriggerType[]
  suspension(job: JobId): Hold | undefined
}

/** Why a job is not started; `kind` tells apart what is told to the operators once a day. */
interface Refusal {
  kind: 'no-job' | 'disabled' | 'suspended' | 'call-center' | 'parameters'
  note: string
}

type Start = { callCenter: string | null; parameters: RunParameters }

/** The runs that an event starts: of each enabled job of the client whose trigger takes it. */
export function judgeEvent(
  event: EventRecord,
  { jobs, triggers, suspension }: EventJobs,
  now: Instant,
): { dues: DueRecord[]; verdict: EventVerdict } {
  const dues: DueRecord[] = []
  const refusals: Refusal[] = []
  for (const job of jobs) {
    const { snapshot, revision } = job
    if (snapshot.client.name !== event.client) continue
    const type = triggers.find((each) => each.type === snapshot.manifest.trigger.type)
    if (!type?.accepts?.(event.type)) continue
    const start = startOf(event, job, suspension)
    if ('kind' in start) {
      refusals.push(start)
      continue
    }
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
    dues.push(toDueRecord(snapshot, revision, { ...due, ...start }, now))
  }
  if (dues.length > 0) return { dues, verdict: { outcome: 'started', note: '', notice: null } }
  return { dues, verdict: explainNothing(event, refusals, triggers) }
}

function startOf(
  event: EventRecord,
  { snapshot }: ActiveJob,
  suspension: EventJobs['suspension'],
): Start | Refusal {
  const { job, manifest } = snapshot
  if (!manifest.enabled) return { kind: 'disabled', note: `${job} is disabled` }
  const held = suspension(job)
  if (held) return { kind: 'suspended', note: `${job} is suspended by ${held.who}` }
  const named = event.data.callCenter ?? null
  const isMeant = named === null || (typeof named === 'string' && manifest.callCenters.includes(named))
  if (manifest.scope === 'call-center' && !isMeant) {
    const has = manifest.callCenters.join(', ')
    return { kind: 'call-center', note: `${job} has no call center ${JSON.stringify(named)}: it has ${has}` }
  }
  const read = readEventParameters(parametersOf(manifest.trigger), event.data)
  if ('faults' in read) return { kind: 'parameters', note: `${job} refuses it: ${read.faults.join('; ')}` }
  const callCenter = manifest.scope === 'call-center' && typeof named === 'string' ? named : null
  return { callCenter, parameters: read.values }
}

function explainNothing(
  event: EventRecord,
  refusals: Refusal[],
  triggers: readonly TriggerType[],
): EventVerdict {
  const { client, type } = event
  if (!triggers.some((each) => each.accepts?.(type)))
    return { outcome: 'nothing', note: `no trigger takes events of type ${type}`, notice: null }
  const none: Refusal = { kind: 'no-job', note: `no job of ${client} waits for ${type}` }
  const told = refusals.length > 0 ? refusals : [none]
  const [{ kind }] = told as [Refusal]
  const note = told.map((refusal) => refusal.note).join('; ')
  const day = event.receivedAt.slice(0, 10)
  return {
    outcome: told.some((refusal) => refusal.kind === 'parameters') ? 'refused' : 'nothing',
    note,
    // A sender that goes on with it makes one mail a day.
    notice: { id: `event:${client}:${kind}:${day}`, facts: tellNothing(event, note) },
  }
}

function tellNothing(event: EventRecord, note: string): NonNullable<EventVerdict['notice']>['facts'] {
  const { client, type, source, id, receivedAt } = event
  return {
    title: `An event of ${client} started nothing`,
    message: `${note}.`,
    facts: [
      { name: 'Client', value: client },
      { name: 'Event', value: id },
      { name: 'Type', value: type },
      { name: 'Source', value: source },
      { name: 'Received', value: receivedAt },
    ],
    list: [],
    next: 'It is kept, and does not start by itself later: `jobsd emit` posts it again. More of this kind are not told today; `jobsd status` shows them.',
  }
}
