/** Compiled jobs by digest: those in force, and those that runs in flight began with. */
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Sha256, Snapshot } from '../core/model.ts'
import type { ActiveJob } from './trigger-set.ts'

/** Old ones that are kept in memory. */
const maxOld = 200

/** Rejects for a digest that the ledger does not have. */
export function createSnapshotLookup(
  ledger: Pick<Ledger, 'snapshots'>,
  jobs: () => ReadonlyMap<string, ActiveJob>,
): (digest: Sha256) => Promise<Snapshot> {
  const old = new Map<Sha256, Snapshot>()
  let indexed: ReadonlyMap<string, ActiveJob> | undefined
  let index = new Map<Sha256, Snapshot>()

  return async (digest) => {
    if (indexed !== jobs()) {
      indexed = jobs()
      index = new Map([...indexed.values()].map(({ snapshot }) => [snapshot.digest, snapshot]))
    }
    const known = index.get(digest) ?? old.get(digest)
    if (known) return known
    const [stored] = await ledger.snapshots([digest])
    if (!stored) throw new Error(`the ledger lacks snapshot ${digest}`)
    if (old.size >= maxOld) old.clear()
    old.set(digest, stored)
    return stored
  }
}
