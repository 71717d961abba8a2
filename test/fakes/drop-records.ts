import { openSqliteLedger } from '../../engine/adapters/ledger/sqlite.ts'
import type { NoticeFacts } from '../../engine/core/contracts/alerts.ts'
import type { DropRecords } from '../../engine/core/contracts/drops.ts'
import { createDropRecords } from '../../engine/runtime/drop-records.ts'

/** A job's posted files in a ledger in memory, and what the operators are told. */
export function createMemoryDrops(now: () => string) {
  const ledger = openSqliteLedger(':memory:')
  const told: { id: string; notice: NoticeFacts }[] = []
  const drops: DropRecords = {
    ...createDropRecords('acme/upload', ledger, now, () => undefined),
    async tell(id, notice) {
      if (!told.some((each) => each.id === id)) told.push({ id, notice })
    },
  }
  return { drops, told, ledger }
}
