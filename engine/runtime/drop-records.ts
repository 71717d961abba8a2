/** One job's posted files in the ledger. */
import type { DropRecords } from '../core/contracts/drops.ts'
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Instant, JobId } from '../core/model.ts'

export function createDropRecords(
  job: JobId,
  { drops, raiseNotice }: Pick<Ledger, 'drops' | 'raiseNotice'>,
  now: () => Instant,
  onNotice: () => void,
): DropRecords {
  return {
    record: (file) => drops.record(job, file, now()),
    arrival: (key) => drops.arrival(job, key),
    unclaim: (key) => drops.unclaim(job, key),
    claims: (connection, folder) => drops.claims(job, connection, folder),
    everyClaim: () => drops.everyClaim(job),
    sameContent: (sha256) => drops.sameContent(job, sha256),
    ended: (connection, folder, limit) => drops.ended(job, connection, folder, limit),
    intendMove: (key, target) => drops.intendMove(job, key, target),
    settle: (key, note, isGone) => drops.settle(job, key, note, isGone, now()),
    lying: (connection, folder) => drops.lying(job, connection, folder),
    markGone: (keys) => drops.markGone(job, keys, now()),
    async tell(id, notice) {
      await raiseNotice(id, notice, now())
      onNotice()
    },
  }
}
