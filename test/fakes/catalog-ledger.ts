/** A ledger as the catalog reads it, over runs that the test may change. */
import type { CatalogLedger } from '../../engine/catalog/read-job.ts'
import type { RunDetail, Snapshot } from '../../engine/core/model.ts'

export function createCatalogLedger(runs: RunDetail[], snapshots: readonly Snapshot[]) {
  const state = { runs: [...runs], reads: [] as string[], failure: undefined as Error | undefined }
  const ledger: CatalogLedger = {
    async runs({ job, client, limit }) {
      if (state.failure) throw state.failure
      state.reads.push(job ?? `${client}/*`)
      return state.runs
        .filter(
          (run) => (job === undefined || run.job === job) && (client === undefined || run.client === client),
        )
        .slice(0, limit)
    },
    async catalogFacts(client, since, job) {
      const own = (id: string) => (job === undefined ? id.startsWith(`${client}/`) : id === job)
      return {
        outcomes: state.runs
          .filter((run) => own(run.job) && run.createdAt >= since)
          .map((run) => ({ job: run.job, at: run.startedAt ?? run.createdAt, state: run.state })),
        versions: snapshots
          .filter((snapshot) => own(snapshot.job))
          .map((snapshot) => ({
            job: snapshot.job,
            snapshot: snapshot.digest,
            at: '2026-10-01T00:00:00.000Z',
          })),
        expectations: [],
        since: Object.fromEntries(
          snapshots.filter(({ job: id }) => own(id)).map(({ job: id }) => [id, '2026-10-01T00:00:00.000Z']),
        ),
      }
    },
    snapshots: async (digests) => snapshots.filter(({ digest }) => digests.includes(digest)),
  }
  return { ledger, state }
}
