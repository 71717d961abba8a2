/** The independent reader: from what was sent it tells what was lost, doubled or started wrongly. */
import type { LedgerRows } from './ledger-rows.ts'
import type { SentEvent } from './requests.ts'

/** Sentences; none: every event started exactly one run, and nothing else did. */
export function findFaults(sent: readonly SentEvent[], { runs, events }: LedgerRows): string[] {
  const faults: string[] = []
  const wanted = new Map(sent.map((event) => [event.id, event]))
  const seen = new Map<string, number>()
  for (const { id: runId, key, state, job, parameters } of runs) {
    const [source, id] = JSON.parse(key) as [string, string]
    const event = wanted.get(id)
    seen.set(id, (seen.get(id) ?? 0) + 1)
    if (!event || source !== '/dialer' || job !== 'acme/ended') {
      faults.push(`run ${runId} of ${job} was started by ${key}, which is no good event`)
      continue
    }
    if (state !== 'succeeded') faults.push(`run ${runId} of event ${id} is ${state}`)
    const { leads, region } = JSON.parse(parameters ?? '{}') as Partial<SentEvent>
    if (leads !== event.leads || region !== event.region)
      faults.push(`run ${runId} of event ${id} has the parameters ${parameters}`)
  }
  for (const id of wanted.keys()) {
    const count = seen.get(id) ?? 0
    if (count !== 1) faults.push(`event ${id} started ${count} runs`)
  }
  const recorded = events.filter(({ client, runIds }) => client === 'acme' && runIds !== '[]')
  if (recorded.length !== wanted.size)
    faults.push(`${recorded.length} events with runs are recorded, ${wanted.size} were sent`)
  return faults
}
