/** A small dataset to try reports on: calls of the two weeks before a day, the same for the same day. */
import { MINUTE } from '../../core/civil.ts'
import { firstInstantOfWall, localDayAt } from '../../core/zone.ts'
import type { NewFile } from '../write-manifest.ts'

const days = 14
const callsPerDay = 6
const dayMs = 86_400_000
const results = ['Operator Transfer', 'No Answer', 'Answering Machine (Hung Up)', 'Listened', 'Busy'] as const

type Row = Record<string, string | number>

/** Writes calls.csv and campaigns.csv of one client. docs/dataset.md explains the columns. */
export function writeSampleData(
  folder: string,
  { name, timezone, callCenters }: { name: string; timezone: string; callCenters: { name: string }[] },
  nowMs: number,
): NewFile[] {
  const today = localDayAt(timezone, nowMs)
  const calls = callCenters.flatMap((center, place) =>
    Array.from({ length: days * callsPerDay }, (_, index) => {
      const day = today - days + Math.floor(index / callsPerDay)
      const minute = 9 * 60 + (index % callsPerDay) * 75 + ((index * 37 + place * 11) % 60)
      return callOf(name, center.name, index, firstInstantOfWall(timezone, day * dayMs + minute * MINUTE))
    }),
  )
  const startMs = firstInstantOfWall(timezone, (today - days) * dayMs + 9 * 60 * MINUTE)
  const campaigns = callCenters.map((center) => ({
    campaign_id: `C-${center.name}`,
    client: name,
    call_center: center.name,
    name: 'Sample campaign',
    file: 'sample.csv',
    service: 'Collections',
    state: 'Play',
    start_at: timestamp(startMs),
    end_at: '',
  }))
  return [
    { path: `${folder}/calls.csv`, text: csvOf(calls) },
    { path: `${folder}/campaigns.csv`, text: csvOf(campaigns) },
  ]
}

function callOf(client: string, callCenter: string, index: number, startMs: number): Row {
  const result = results[index % results.length] ?? results[0]
  const isAnswered = result !== 'No Answer' && result !== 'Busy'
  const talkS = result === 'Operator Transfer' ? 60 + ((index * 53) % 400) : 0
  const number = String(index).padStart(4, '0')
  return {
    call_id: `${callCenter}-${number}`,
    client,
    call_center: callCenter,
    service: 'Collections',
    skill: talkS > 0 ? 'Collections Outbound' : '',
    campaign_id: `C-${callCenter}`,
    account: `AC${number}`,
    phone: `+1214555${number}`,
    dnis: '',
    direction: 'outbound',
    start_at: timestamp(startMs),
    answer_at: isAnswered ? timestamp(startMs + 12_000) : '',
    end_at: timestamp(startMs + 20_000 + talkS * 1000),
    ring_s: isAnswered ? 12 : 20,
    hold_s: talkS > 0 ? 8 : 0,
    talk_s: talkS,
    wrap_s: talkS > 0 ? 15 : 0,
    result,
    abandon_stage: '',
    callback: 'false',
    right_party: talkS > 200 ? 'true' : 'false',
    termination_code: talkS > 200 ? 'Promise to Pay' : talkS > 0 ? 'No Decision' : '',
    custom_outcome_1: talkS > 200 ? 'PTP' : '',
    custom_outcome_2: '',
    custom_outcome_3: '',
    agent_logon: talkS > 0 ? `${callCenter.slice(0, 3)}001` : '',
    caller_id: '+12145550100',
    recording_id: talkS > 0 ? `R-${callCenter}-${number}` : '',
  }
}

/** Without a zone: the dataset's times are UTC. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}

function csvOf(rows: Row[]): string {
  const columns = Object.keys(rows[0] ?? {})
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))]
    .map((cells) => `${cells.join(',')}\n`)
    .join('')
}
