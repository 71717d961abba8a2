/** The layouts that every client has: call records as comma-separated values, between pipes, and in fixed columns. */
import type { LayoutColumn, ReportFormat } from './manifest.ts'

const columns: [name: string, width: number][] = [
  ['call_id', 24],
  ['call_center', 16],
  ['service', 16],
  ['campaign_id', 16],
  ['account', 20],
  ['phone', 16],
  ['direction', 10],
  ['start_at', 19],
  ['answer_at', 19],
  ['end_at', 19],
  ['duration_s', 8],
  ['talk_s', 8],
  ['result', 48],
  ['custom_outcome_1', 16],
  ['custom_outcome_2', 16],
  ['custom_outcome_3', 16],
  ['agent_logon', 20],
  ['recording_id', 24],
]

const named = columns.map(([name]) => ({ name })) as [LayoutColumn, ...LayoutColumn[]]
const placed = columns.map(([name, width]) => ({ name, width })) as [LayoutColumn, ...LayoutColumn[]]
const report = 'call/call-detail'
const timestampFormat = 'yyyy-MM-dd HH:mm:ss'

export const standardLayouts: readonly ReportFormat[] = [
  {
    name: 'cdr-csv',
    title: 'Call records, comma-separated',
    report,
    type: 'csv',
    columns: named,
    lineEnd: 'crlf',
    timestampFormat,
  },
  {
    name: 'cdr-pipe',
    title: 'Call records, between pipes',
    report,
    type: 'txt',
    columns: named,
    delimiter: '|',
    lineEnd: 'crlf',
    timestampFormat,
  },
  {
    name: 'cdr-fixed',
    title: 'Call records, fixed columns',
    report,
    type: 'fixed',
    columns: placed,
    lineEnd: 'crlf',
    timestampFormat,
  },
]
