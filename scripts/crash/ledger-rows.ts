/** What the ledger of a stopped or killed engine says. */
import { readLedgerCopy } from '../ledger-copy.ts'

export interface RunRow {
  id: string
  job: string
  state: string
  type: string
  key: string
  slot: string
}

export interface DeliveryRow {
  runId: string
  job: string
  target: string
  state: string
}

export interface LedgerRows {
  runs: RunRow[]
  deliveries: DeliveryRow[]
  /** Events of the ledger. */
  events: string[]
  slots: { at: string; outcome: string }[]
}

export function readLedger(data: string): LedgerRows {
  return readLedgerCopy(data, (all) => ({
    runs: all('select id, job, state, trigger_type as type, trigger_key as key, slot from run'),
    deliveries: all(
      'select run_id as runId, run.job, target, delivery.state from delivery join run on run.id = run_id',
    ),
    events: all<{ id: string }>('select id from event').map(({ id }) => id),
    slots: all('select at, outcome from slot order by at'),
  }))
}
