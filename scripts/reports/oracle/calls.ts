/** The call reports, as their descriptions say. */
import { hourOf } from './clock.ts'
import { share } from './exact.ts'
import type { Call, Tables } from './tables.ts'
import {
  average,
  type Cell,
  count,
  enteredIn,
  groupBy,
  isMade,
  isSuccess,
  type Oracle,
  sortBy,
  sum,
} from './words.ts'

const duration = (call: Call) => call.end_at - call.start_at

function campaignName({ campaigns }: Tables, { campaign_id }: Call): string | null {
  return campaigns.find((campaign) => campaign.campaign_id === campaign_id)?.name ?? null
}

export const callDetail: Oracle = (tables, { period }) => {
  const calls = enteredIn(tables.calls, period)
  const rows = sortBy(calls, (call) => [call.start_at, call.call_id]).map((call) => [
    call.call_id,
    call.client,
    call.call_center,
    call.service,
    call.campaign_id,
    campaignName(tables, call),
    call.account,
    call.phone,
    call.direction,
    call.start_at,
    call.answer_at,
    call.end_at,
    duration(call),
    call.talk_s,
    call.hold_s,
    call.result,
    call.custom_outcome_1,
    call.custom_outcome_2,
    call.custom_outcome_3,
    call.agent_logon,
    call.caller_id,
    call.recording_id,
  ])
  const sums = [sum(calls, duration), sum(calls, (call) => call.talk_s), sum(calls, (call) => call.hold_s)]
  return { rows, total: [...Array<null>(12).fill(null), ...sums, ...Array<null>(7).fill(null)] }
}

export const resultSummary: Oracle = ({ calls: all }, { period }) => {
  const calls = enteredIn(all, period)
  const groups = groupBy(calls, (call) => [call.service, call.result, call.custom_outcome_1])
  const rows = groups.map(([[service, result, code], items]): Cell[] => {
    if (!isMade(items[0]!)) return [service!, result!, code!, 'N', items.length, null, null]
    const made = count(calls, (call) => call.service === service && isMade(call))
    return [service!, result!, code!, 'Y', items.length, share(items.length, made), average(items, duration)]
  })
  const total = [null, null, null, null, calls.length, null, average(calls.filter(isMade), duration)]
  return { rows, total }
}

type Transfer = 'success' | 'max-hold' | 'agent' | 'caller'

function transferOf(call: Call): Transfer | undefined {
  if (call.result === 'Operator Transfer (Abandoned Max Hold Time)') return 'max-hold'
  if (call.result === 'Operator Transfer (Agent Abandoned)') return 'agent'
  if (call.abandon_stage === 'queue' || call.abandon_stage === 'ringing') return 'caller'
  return isSuccess(call) ? 'success' : undefined
}

export const failedOperator: Oracle = ({ calls }, { period, timezone }) => {
  const transfers = enteredIn(calls, period).filter(transferOf)
  const figures = (items: Call[]): Cell[] => {
    const of = (kind: Transfer) => count(items, (call) => transferOf(call) === kind)
    const failed = items.filter((call) => transferOf(call) !== 'success')
    const hold = average(failed, (call) => call.hold_s)
    const kinds = [of('success'), of('max-hold'), of('agent'), of('caller')]
    return [items.length, ...kinds, share(failed.length, items.length), hold]
  }
  const groups = groupBy(transfers, (call) => [call.service, hourOf(timezone, call.start_at)])
  return {
    rows: groups.map(([key, items]) => [...key, ...figures(items)]),
    total: [null, null, ...figures(transfers)],
  }
}

export const accountPhoneLookup: Oracle = (tables, { period }) => {
  const calls = enteredIn(tables.calls, period)
  const agentOf = ({ agent_logon }: Call) =>
    tables.agents.find(({ logon }) => logon === agent_logon)?.name ?? agent_logon
  const rows = sortBy(calls, (call) => [call.account, call.phone, call.start_at, call.call_id]).map(
    (call) => [
      call.account,
      call.phone,
      call.start_at,
      campaignName(tables, call),
      call.service,
      call.result,
      agentOf(call),
      duration(call),
    ],
  )
  return { rows, total: [...Array<null>(7).fill(null), sum(calls, duration)] }
}
