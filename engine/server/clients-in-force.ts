/** What is in force, client by client, as the catalog takes it. */
import type { ClientJobs } from '../catalog/read-input.ts'
import type { Engine } from '../runtime/engine.ts'
import type { ActiveJob } from '../runtime/trigger-set.ts'

/** Returns how it is looked up; the same object comes back while nothing else is in force. */
export function createClientsInForce(
  engine: Pick<Engine, 'jobs' | 'problems'>,
): () => ReadonlyMap<string, ClientJobs> {
  let seen: unknown[] = []
  let clients: ReadonlyMap<string, ClientJobs> = new Map()
  return () => {
    const [jobs, problems] = [engine.jobs(), engine.problems()]
    if (seen[0] === jobs && seen[1] === problems) return clients
    seen = [jobs, problems]
    const groups = Map.groupBy(jobs.values(), ({ snapshot }) => snapshot.client.name)
    clients = new Map(
      [...groups].map(([name, group]) => [name, describe(group, (job) => problems.has(job.snapshot.job))]),
    )
    return clients
  }
}

function describe(jobs: ActiveJob[], isInvalid: (job: ActiveJob) => boolean): ClientJobs {
  // What is held back may know the client as it was.
  const newest = jobs.find((job) => !isInvalid(job)) ?? jobs[0]
  return {
    client: (newest as ActiveJob).snapshot.client,
    snapshots: jobs.map(({ snapshot }) => snapshot),
    invalid: jobs.filter(isInvalid).map(({ snapshot: { job } }) => ({ job })),
  }
}
