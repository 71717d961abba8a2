/** What one job's news costs an engine that keeps the site, beside writing all of it. */

import type { CatalogLedger } from '../../engine/catalog/read-job.ts'
import { createSiteFolder } from '../../engine/catalog/site-folder.ts'
import { createSiteKeeper } from '../../engine/catalog/site-keeper.ts'
import type { ClientInput } from '../../engine/catalog/views.ts'
import type { JobId } from '../../engine/core/model.ts'

export interface ResidentTimes {
  wholeMs: number
  /** Of each single update. */
  updateMs: number[]
  /** Files that an update wrote. */
  files: number
}

/** Writes everything into a folder that is not there yet, then one job after the other with a new run each. */
export async function timeResident(
  input: ClientInput,
  root: string,
  updates: number,
): Promise<ResidentTimes> {
  const client = input.client.name
  const nowMs = Date.parse(input.now)
  const runs = Map.groupBy(input.runs, ({ job }) => job)
  const keeper = createSiteKeeper(ledgerOf(input, runs), () => nowMs)
  const folder = createSiteFolder(root)
  keeper.use({ client: input.client, snapshots: input.snapshots, invalid: [] })
  const startedMs = performance.now()
  await folder.write(client, keeper.whole(), true)
  const wholeMs = performance.now() - startedMs
  const updateMs: number[] = []
  let files = 0
  const ran = [...runs].filter(([, [newest]]) => newest?.state === 'succeeded')
  for (const [job, [newest, ...older]] of ran.slice(0, updates)) {
    if (!newest) continue
    runs.set(job, [{ ...newest, id: `${newest.id.slice(1)}0`, state: 'failed' }, newest, ...older])
    keeper.touch(job.slice(job.indexOf('/') + 1))
    const fromMs = performance.now()
    files = await folder.write(client, keeper.changes(), false)
    updateMs.push(performance.now() - fromMs)
  }
  return { wholeMs, updateMs, files }
}

function ledgerOf(input: ClientInput, runs: Map<JobId, ClientInput['runs']>): CatalogLedger {
  const { facts, versions } = input
  const byJob = <T extends { job: JobId }>(items: T[] = []) => Map.groupBy(items, ({ job }) => job)
  const [outcomes, applied, expectations] = [
    byJob(facts?.outcomes),
    byJob(facts?.versions),
    byJob(facts?.expectations),
  ]
  return {
    async runs({ job }) {
      return (job === undefined ? undefined : runs.get(job)) ?? []
    },
    async catalogFacts(_client, _since, job) {
      if (job === undefined) throw new Error('the site is kept job by job')
      return {
        outcomes: outcomes.get(job) ?? [],
        versions: applied.get(job) ?? [],
        expectations: expectations.get(job) ?? [],
        since: { [job]: facts?.since[job] ?? input.now },
      }
    },
    async snapshots(digests) {
      return digests.flatMap((digest) => versions.get(digest) ?? [])
    },
  }
}
