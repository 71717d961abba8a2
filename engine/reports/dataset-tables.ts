/** The dataset contract: the tables that reports are made of. docs/dataset.md explains each column. */

export type DatasetTableName = 'calls' | 'campaigns' | 'campaign_records' | 'agents'

/**
 * Columns by table with the DuckDB type that a query sees. Every table has `client` and `call_center`:
 * a report is given only the rows that are its tenant's. A dataset may have further columns.
 */
export const datasetTables: Record<
  DatasetTableName,
  Record<string, 'VARCHAR' | 'TIMESTAMP' | 'INTEGER' | 'BOOLEAN'>
> = {
  calls: {
    call_id: 'VARCHAR',
    client: 'VARCHAR',
    call_center: 'VARCHAR',
    service: 'VARCHAR',
    campaign_id: 'VARCHAR',
    account: 'VARCHAR',
    phone: 'VARCHAR',
    direction: 'VARCHAR',
    start_at: 'TIMESTAMP',
    answer_at: 'TIMESTAMP',
    end_at: 'TIMESTAMP',
    talk_s: 'INTEGER',
    hold_s: 'INTEGER',
    result: 'VARCHAR',
    right_party: 'BOOLEAN',
    custom_outcome_1: 'VARCHAR',
    custom_outcome_2: 'VARCHAR',
    custom_outcome_3: 'VARCHAR',
    agent_logon: 'VARCHAR',
    caller_id: 'VARCHAR',
    recording_id: 'VARCHAR',
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
}
