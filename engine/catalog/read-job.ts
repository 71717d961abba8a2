/** Reads from the ledger what the page of one job shows. */
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Client } from '../core/manifest.ts'
import type { Snapshot } from '../core/model.ts'
import type { KnownJob } from './job-view.ts'
import { stripDays } from './outcome-days.ts'
import { knowJobs } from './views.ts'

const dayMs = 86_400_000
const runsOfJob = 20
/** More are on no page. */
const versionsOfJob = 20

export type CatalogLedger = Pick<Ledger, 'runs' | 'catalogFacts' | 'snapshots'>

/** Throws RangeError for a job that is not the client's. */
export async function readKnownJob(
  client: Client,
  snapshot: Snapshot,
  isInvalid: boolean,
  ledger: CatalogLedger,
  nowMs: number,
): Promise<KnownJob> {
  const since = new Date(nowMs - (stripDays + 1) * dayMs).toISOString()
  const { job } = snapshot
  const [runs, facts] = await Promise.all([
    ledger.runs({ job, limit: runsOfJob }),
    ledger.catalogFacts(client.name, since, job),
  ])
  const applied = facts.versions.slice(0, versionsOfJob)
  const digests = applied.map((version) => version.snapshot).filter((digest) => digest !== snapshot.digest)
  const older = digests.length === 0 ? [] : await ledger.snapshots([...new Set(digests)])
  const [known] = knowJobs({
    client,
    snapshots: [snapshot],
    runs,
    facts: { ...facts, versions: applied },
    versions: new Map([snapshot, ...older].map((version) => [version.digest, version])),
    now: new Date(nowMs).toISOString(),
    invalid: isInvalid ? [{ job }] : [],
  })
  if (!known) throw new RangeError(`${job} is no job of ${client.name}`)
  return known
}
