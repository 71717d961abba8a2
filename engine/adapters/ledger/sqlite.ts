/** The SQLite ledger: one file, group commit, every acknowledgement after an fsync. */
import type { Ledger } from '../../core/contracts/ledger.ts'
import { createLedger } from './ledger.ts'
import { createBatch } from './sqlite-batch.ts'
import { openDatabase } from './sqlite-open.ts'

/**
 * Opens or makes the ledger at `path`. Throws LEDGER_UNUSABLE for a damaged one, LEDGER_NEWER for one that a newer jobsd
 * wrote. `readOnly` never writes, and does not look whether it is whole.
 */
export function openSqliteLedger(path: string, options: { readOnly?: boolean } = {}): Ledger {
  const readOnly = options.readOnly ?? false
  const batch = createBatch(() => openDatabase(path, readOnly), readOnly ? 'begin' : 'begin immediate')
  return createLedger(batch.submit, async () => {
    await batch.drain()
    batch.close()
  })
}
