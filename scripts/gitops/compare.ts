/** Puts what the engine did beside what the model says, in sentences. */
import type { JobId } from '../../engine/core/model.ts'
import type { ExpectedSlot, ExpectedSlots } from './expected-slots.ts'
import type { LedgerRows, SlotRow } from './ledger-rows.ts'
import type { Model } from './model.ts'

function short(digest: string | null | undefined): string {
  return digest?.slice(0, 8) ?? 'nothing'
}

/** Jobs: what the ledger says of them, and what the triggers watch. */
export function compareJobs(
  model: Model,
  revision: string | null,
  rows: LedgerRows,
  watched: ReadonlyMap<JobId, string>,
): string[] {
  const found: string[] = []
  const differ = (job: string, what: string, expected: string, is: string) => {
    if (expected !== is) found.push(`${job}: ${what} should be ${expected}, it is ${is}`)
  }
  const known = new Map(rows.jobs().map((row) => [row.id, row]))
  for (const job of new Set([...known.keys(), ...model.jobs.keys()])) {
    const [expected, row] = [model.jobs.get(job), known.get(job)]
    differ(job, 'its record', expected ? 'there' : 'gone', row ? 'there' : 'gone')
    if (!expected || !row) continue
    differ(job, 'its version', short(expected.snapshot?.digest), short(row.snapshot))
    differ(job, 'its sync', expected.sync, row.sync)
    if (expected.sync === 'Synced') differ(job, 'its revision', short(revision), short(row.applied))
  }
  const wanted = model.watched()
  for (const job of new Set([...wanted.keys(), ...watched.keys()])) {
    differ(job, 'what is watched', short(wanted.get(job)), short(watched.get(job)))
  }
  return found
}

/** Of one client never two drop-folder jobs may run, or two campaign jobs: each file would start two runs. */
export function findRivals({ jobs }: Model): string[] {
  const claims = new Map<string, JobId[]>()
  for (const [job, { snapshot }] of jobs) {
    const { client, enabled, trigger } = snapshot?.manifest ?? {}
    if (!enabled || (trigger?.type !== 'ftp-in' && trigger?.type !== 'campaign')) continue
    const place = `${client}'s only job of type ${trigger.type}`
    claims.set(place, [...(claims.get(place) ?? []), job])
  }
  return [...claims]
    .filter(([, rivals]) => rivals.length > 1)
    .map(([place, rivals]) => `${place}: ${rivals.join(' and ')} run both`)
}

/** Slots of a stretch of time, and that each run's step ran once, on the version in force then. */
export function compareSlots(
  expected: ExpectedSlots,
  rows: SlotRow[],
  executed: ReadonlyMap<string, number>,
  onLate: (key: string, slot: ExpectedSlot) => void,
): string[] {
  const found: string[] = []
  const known = new Map(
    rows.map((row): [string, SlotRow] => [`${row.job} ${row.schedule} ${row.at} ${row.callCenter}`, row]),
  )
  for (const [key, slot] of expected.slots) {
    const { outcome, snapshot } = slot
    const row = known.get(key)
    if (!row && slot.dayOff !== null) {
      onLate(key, slot)
      continue
    }
    if (row?.outcome !== outcome) {
      found.push(`slot ${key}: should be ${outcome}, it is ${row?.outcome ?? 'not there'}`)
      continue
    }
    if (outcome !== 'ran') continue
    const times = executed.get(row.runId ?? '') ?? 0
    if (times !== 1 || row.state !== 'succeeded')
      found.push(`slot ${key}: its step ran ${times} times, its run is ${row.state}`)
    if (row.snapshot !== snapshot)
      found.push(`slot ${key}: should run on ${short(snapshot)}, it ran on ${short(row.snapshot)}`)
  }
  for (const [key, { outcome }] of known) {
    if (!expected.slots.has(key)) found.push(`slot ${key}: should not be there, it is ${outcome}`)
  }
  return found
}
