/** The dataset as plain rows, of one tenant: docs/dataset.md in TypeScript. Moments are seconds since 1970. */
import { type Exact, readDecimal } from './exact.ts'

type Text = string | null
interface Home {
  client: string
  call_center: Text
}

export interface Call extends Home {
  call_id: string
  service: string
  skill: Text
  campaign_id: Text
  account: Text
  phone: string
  dnis: Text
  direction: string
  start_at: number
  answer_at: number | null
  end_at: number
  ring_s: number
  hold_s: number
  talk_s: number
  wrap_s: number
  result: string
  abandon_stage: Text
  callback: boolean
  right_party: boolean
  termination_code: Text
  custom_outcome_1: Text
  custom_outcome_2: Text
  custom_outcome_3: Text
  agent_logon: Text
  caller_id: Text
  recording_id: Text
}

export interface Campaign extends Home {
  campaign_id: string
  name: string
  file: string
  service: string
  state: string
  start_at: number | null
  end_at: number | null
}

export interface Session extends Home {
  session_id: string
  logon: string
  service: string
  login_at: number
  logoff_at: number | null
  ip: Text
  audio_path: Text
  logoff_reason: Text
}

export interface State extends Home {
  session_id: string
  logon: string
  service: string
  state: string
  reason: Text
  start_at: number
  end_at: number | null
}

export interface BilledCall extends Home {
  call_id: string
  service: string
  billed_at: number
  direction: string
  channel: string
  from_number: string
  to_number: string
  destination: string
  raw_s: number
  increment_s: number
  billed_s: number
  rate: Exact
}

export interface Rate extends Home {
  item: string
  service: Text
  rate: Exact
  free_days: number | null
  valid_from: string
  valid_until: string | null
}

export interface Recording extends Home {
  recording_id: string
  service: string
  created_at: number
  deleted_at: number | null
  bytes: bigint
  retention_days: number
}

export interface Tables {
  calls: Call[]
  campaigns: Campaign[]
  campaign_records: (Home & { campaign_id: string; phone: Text; phone_2: Text })[]
  agents: (Home & { logon: string; name: string; team: string })[]
  skills: (Home & { skill: string; answer_within_s: number; short_abandon_s: number })[]
  agent_sessions: Session[]
  agent_states: State[]
  recordings: Recording[]
  billed_calls: BilledCall[]
  rates: Rate[]
}

export type PlainRow = Record<string, string | number | boolean | null>

/** One row as JSON has it, with moments, amounts and sizes as they are computed with. */
export function readRow(row: PlainRow): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (value === null) return [name, null]
      if (name.endsWith('_at')) return [name, Date.parse(`${String(value).replace(' ', 'T')}Z`) / 1000]
      if (name === 'rate') return [name, readDecimal(String(value))]
      return [name, name === 'bytes' ? BigInt(String(value)) : value]
    }),
  )
}

/** The rows that a report of the scope is made of. */
export function ofTenant(tables: Tables, client: string, callCenter: string | null): Tables {
  const isTheirs = (row: Home) =>
    row.client === client && (callCenter === null || row.call_center === callCenter)
  return Object.fromEntries(
    Object.entries(tables).map(([name, rows]) => [name, (rows as Home[]).filter(isTheirs)]),
  ) as unknown as Tables
}
