/** The dataset contract: the tables that reports are made of. docs/dataset.md explains each column. */
import type { TableColumnType } from '../core/contracts/database-tables.ts'

export type DatasetTableName =
  | 'calls'
  | 'call_legs'
  | 'campaigns'
  | 'campaign_records'
  | 'agents'
  | 'agent_sessions'
  | 'agent_states'
  | 'skills'
  | 'recordings'
  | 'billed_calls'
  | 'rates'

export type DatasetColumnType = TableColumnType

/**
 * Columns by table with the DuckDB type that a query sees. Every table has `client` and `call_center`:
 * a report is given only the rows that are its tenant's. A dataset may have further columns.
 */
export const datasetTables: Record<DatasetTableName, Record<string, DatasetColumnType>> = {
  calls: {
    call_id: 'VARCHAR',
    client: 'VARCHAR',
    call_center: 'VARCHAR',
    service: 'VARCHAR',
    skill: 'VARCHAR',
    campaign_id: 'VARCHAR',
    account: 'VARCHAR',
    phone: 'VARCHAR',
    dnis: 'VARCHAR',
    direction: 'VARCHAR',
    start_at: 'TIMESTAMP',
    answer_at: 'TIMESTAMP',
    end_at: 'TIMESTAMP',
    ring_s: 'INTEGER',
    hold_s: 'INTEGER',
    talk_s: 'INTEGER',
    wrap_s: 'INTEGER',
    result: 'VARCHAR',
    abandon_stage: 'VARCHAR',
    callback: 'BOOLEAN',
    right_party: 'BOOLEAN',
    termination_code: 'VARCHAR',
    custom_outcome_1: 'VARCHAR',
    custom_outcome_2: 'VARCHAR',
    custom_outcome_3: 'VARCHAR',
    agent_logon: 'VARCHAR',
    caller_id: 'VARCHAR',
    recording_id: 'VARCHAR',
  },
  call_legs: {
    call_id: 'VARCHAR',
    client: 'VARCHAR',
    call_center: 'VARCHAR',
    seq: 'INTEGER',
    kind: 'VARCHAR',
    skill: 'VARCHAR',
    agent_logon: 'VARCHAR',
    start_at: 'TIMESTAMP',
    end_at: 'TIMESTAMP',
    outcome: 'VARCHAR',
  },
  campaigns: {
    campaign_id: 'VARCHAR',
    client: 'VARCHAR',
    call_center: 'VARCHAR',
    name: 'VARCHAR',
    file: 'VARCHAR',
    service: 'VARCHAR',
    state: 'VARCHAR',
    start_at: 'TIMESTAMP',
    end_at: 'TIMESTAMP',
  },
  campaign_records: {
    record_id: 'VARCHAR',
    campaign_id: 'VARCHAR',
    client: 'VARCHAR',
    call_center: 'VARCHAR',
    account: 'VARCHAR',
    name: 'VARCHAR',
    phone: 'VARCHAR',
    phone_2: 'VARCHAR',
  },
  agents: {
    logon: 'VARCHAR',
    client: 'VARCHAR',
    call_center: 'VARCHAR',
    name: 'VARCHAR',
    team: 'VARCHAR',
    service: 'VARCHAR',
  },
  agent_sessions: {
    session_id: 'VARCHAR',
    client: 'VARCHAR',
    call_center: 'VARCHAR',
    logon: 'VARCHAR',
    service: 'VARCHAR',
    login_at: 'TIMESTAMP',
    logoff_at: 'TIMESTAMP',
    ip: 'VARCHAR',
    audio_path: 'VARCHAR',
    logoff_reason: 'VARCHAR',
  },
  agent_states: {
    session_id: 'VARCHAR',
    client: 'VARCHAR',
    call_center: 'VARCHAR',
    logon: 'VARCHAR',
    service: 'VARCHAR',
    state: 'VARCHAR',
    reason: 'VARCHAR',
    start_at: 'TIMESTAMP',
    end_at: 'TIMESTAMP',
  },
  skills: {
    skill: 'VARCHAR',
    client: 'VARCHAR',
    call_center: 'VARCHAR',
    service: 'VARCHAR',
    answer_within_s: 'INTEGER',
    short_abandon_s: 'INTEGER',
  },
  recordings: {
    recording_id: 'VARCHAR',
    client: 'VARCHAR',
    call_center: 'VARCHAR',
    call_id: 'VARCHAR',
    service: 'VARCHAR',
    created_at: 'TIMESTAMP',
    deleted_at: 'TIMESTAMP',
    bytes: 'BIGINT',
    retention_days: 'INTEGER',
  },
  billed_calls: {
    call_id: 'VARCHAR',
    client: 'VARCHAR',
    call_center: 'VARCHAR',
    service: 'VARCHAR',
    billed_at: 'TIMESTAMP',
    direction: 'VARCHAR',
    channel: 'VARCHAR',
    from_number: 'VARCHAR',
    to_number: 'VARCHAR',
    destination: 'VARCHAR',
    raw_s: 'INTEGER',
    increment_s: 'INTEGER',
    billed_s: 'INTEGER',
    rate: 'DECIMAL(12,6)',
  },
  rates: {
    item: 'VARCHAR',
    client: 'VARCHAR',
    call_center: 'VARCHAR',
    service: 'VARCHAR',
    rate: 'DECIMAL(12,6)',
    free_days: 'INTEGER',
    valid_from: 'DATE',
    valid_until: 'DATE',
  },
}
