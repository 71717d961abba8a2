/** What the ledger says. */
import { readLedgerCopy } from '../ledger-copy.ts'

export interface LedgerRows {
  runs: { id: string; job: string; state: string; key: string; parameters: string | null }[]
  events: { client: string; id: string; runIds: string; outcome: string }[]
  /** Ids of what the operators are told. */
  alerts: string[]
}

export function readLedger(data: string): LedgerRows {
  return readLedgerCopy(data, (all) => ({
    runs: all('select id, job, state, trigger_key as key, parameters from run'),
    events: all('select client, id, run_ids as runIds, outcome from event'),
    alerts: all<{ id: string }>('select id from alert').map(({ id }) => id),
  }))
}
