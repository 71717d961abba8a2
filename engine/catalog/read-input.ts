/** Gathers from the ledger what a client's pages show. */
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Client } from '../core/manifest.ts'
import type { Instant, JobId, RunDetail, Snapshot } from '../core/model.ts'
import { stripDays } from './outcome-days.ts'
import type { ClientInput } from './views.ts'

const dayMs = 86_400_000
/** Of a client with many jobs most ran just now; the others are asked for one by one. */
const recentRuns = 2000
const runsOfJob = 20
/** More would be read than any page shows. */
const versionsAtOnce = 200

type CatalogLedger = Pick<Ledger, 'runs' | 'catalogFacts' | 'snapshots'>

/** What is in force of a client. */
export interface ClientJobs {
  client: Client
  snapshots: Snapshot[]
  invalid: { job: JobId }[]
}

/** Without a ledger there is no history. */
export async function readClientInput(
  { client, snapshots, invalid }: ClientJobs,
  ledger: CatalogLedger | undefined,
  now: Instant,
): Promise<ClientInput> {
  if (!ledger) return { client, snapshots, invalid, runs: [], facts: null, versions: new Map(), now }
  const since = new Date(Date.parse(now) - (stripDays + 1) * dayMs).toISOString()
  const facts = await ledger.catalogFacts(client.name, since)
  const known = new Map(snapshots.map((snapshot) => [snapshot.digest, snapshot]))
  const older = [...new Set(facts.versions.map(({ snapshot }) => snapshot))].filter(
    (digest) => !known.has(digest),
  )
  for (let first = 0; first < older.length; first += versionsAtOnce) {
    const read = await ledger.snapshots(older.slice(first, first + versionsAtOnce))
    for (const snapshot of read) known.set(snapshot.digest, snapshot)
  }
  const runs = await readRuns(client.name, snapshots, ledger)
  return { client, snapshots, invalid, runs, facts, versions: known, now }
}

async function readRuns(client: string, snapshots: Snapshot[], ledger: CatalogLedger): Promise<RunDetail[]> {
  const recent = await ledger.runs({ client, limit: recentRuns })
  if (recent.length < recentRuns) return recent
  const seen = new Set(recent.map(({ job }) => job))
  const rest = snapshots.filter(({ job }) => !seen.has(job))
  const others = await Promise.all(rest.map(({ job }) => ledger.runs({ job, limit: runsOfJob })))
  return [...recent, ...others.flat()]
}
