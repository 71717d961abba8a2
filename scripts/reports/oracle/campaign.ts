/** The campaign reports, as their descriptions say. */
import { hourOf, type Stretch, within } from './clock.ts'
import { plus, ratio, share, times, zero } from './exact.ts'
import type { Call, Campaign, Tables } from './tables.ts'
import {
  average,
  type Cell,
  campaignCalls,
  count,
  distinct,
  enteredIn,
  groupBy,
  isConnect,
  isMade,
  isSuccess,
  isTransfer,
  type Oracle,
  type Run,
  sortBy,
  sum,
} from './words.ts'

interface Tally {
  numbers: number[]
  reached: number
}

function tally(tables: Tables, campaign: Campaign, calls: Call[]): Tally {
  const records = tables.campaign_records.filter(({ campaign_id }) => campaign_id === campaign.campaign_id)
  const attempts = calls.filter(isMade)
  const is = (result: string) => count(calls, (call) => call.result === result)
  const numbers = [
    records.length,
    sum(records, ({ phone, phone_2 }) => Number(phone !== null) + Number(phone_2 !== null)),
    calls.length - attempts.length,
    attempts.length,
    count(calls, isConnect),
    count(calls, ({ result }) => result.startsWith('Answering Machine')),
    is('Busy'),
    is('No Answer'),
    is('Invalid Phone Number'),
    count(calls, isTransfer),
    count(calls, isSuccess),
    count(calls, ({ right_party }) => right_party),
  ]
  return { numbers, reached: distinct(attempts, ({ account }) => account) }
}

function figures({ numbers, reached }: Tally): Cell[] {
  const [records, phones, notMade, attempts, connects, machine, busy, noAnswer, invalid, ops, success, rpc] =
    numbers as [number, ...number[]] & number[]
  return [
    records,
    phones!,
    notMade!,
    attempts!,
    share(reached, records),
    connects!,
    share(connects!, attempts!),
    machine!,
    busy!,
    noAnswer!,
    invalid!,
    ops!,
    success!,
    share(ops! - success!, ops!),
    rpc!,
    share(rpc!, connects!),
  ]
}

export const campaignSummary: Oracle = (tables, run) => {
  const calls = campaignCalls(tables, run)
  const shown = tables.campaigns.filter(({ campaign_id }) =>
    run.campaignId === null
      ? calls.some((call) => call.campaign_id === campaign_id)
      : campaign_id === run.campaignId,
  )
  const all = sortBy(shown, ({ campaign_id }) => [campaign_id]).map((campaign) => {
    const own = calls.filter(({ campaign_id }) => campaign_id === campaign.campaign_id)
    return { campaign, tallied: tally(tables, campaign, own) }
  })
  const rows = all.map(({ campaign, tallied }) => [
    campaign.campaign_id,
    campaign.name,
    campaign.file,
    campaign.service,
    campaign.call_center,
    campaign.state,
    campaign.start_at,
    campaign.end_at,
    ...figures(tallied),
  ])
  const numbers = Array.from({ length: 12 }, (_, at) => sum(all, ({ tallied }) => tallied.numbers[at]!))
  const reached = sum(all, ({ tallied }) => (tallied.numbers[0] === 0 ? 0 : tallied.reached))
  return { rows, total: [...Array<null>(8).fill(null), ...figures({ numbers, reached })] }
}

function nameOf({ campaigns }: Tables, id: string | number | null): string | null {
  return campaigns.find(({ campaign_id }) => campaign_id === id)?.name ?? null
}

export const campaignLineSummary: Oracle = (tables, run) => {
  const calls = campaignCalls(tables, run).filter(isMade)
  const figuresOf = (items: Call[]): Cell[] => {
    const transfers = count(items, isTransfer)
    const lost = transfers - count(items, isSuccess)
    const ring = average(items, ({ ring_s }) => ring_s)
    return [count(items, isConnect), transfers, share(lost, transfers), ring]
  }
  const groups = groupBy(calls, (call) => [
    nameOf(tables, call.campaign_id),
    call.campaign_id,
    hourOf(run.timezone, call.start_at),
  ])
  const lines = groups.map(([[name, id, hour], items]) => {
    const own = calls.filter(({ campaign_id }) => campaign_id === id)
    return { name: name!, hour: hour as number, items, ...linesIn(own, Number(hour)) }
  })
  const averages = lines.map(({ seconds }) => ratio(seconds, 3600)!).reduce(plus, zero)
  const perRow = lines.length === 0 ? null : times(averages, ratio(1, lines.length)!)
  const max = lines.length === 0 ? null : Math.max(...lines.map((line) => line.max))
  return {
    rows: lines.map(({ name, hour, items, max, seconds }) => [
      name,
      hour,
      items.length,
      max,
      ratio(seconds, 3600),
      ...figuresOf(items),
    ]),
    total: [null, null, calls.length, max, perRow, ...figuresOf(calls)],
  }
}

function linesIn(calls: Call[], hour: number): { max: number; seconds: number } {
  const busy = calls
    .map(({ start_at, end_at }) =>
      within({ from: start_at, until: end_at }, { from: hour, until: hour + 3600 }),
    )
    .filter(({ from, until }) => from < until)
  const at = (moment: number) => count(busy, ({ from, until }) => from <= moment && moment < until)
  const max = busy.reduce((most, { from }) => Math.max(most, at(from)), 0)
  return { max, seconds: sum(busy, ({ from, until }) => until - from) }
}

/** Of a campaign's end, the agents of its service while it ran; else all of the period. */
function agentTime(
  tables: Tables,
  { campaignId, period }: Run,
): { during: Stretch; service?: string } | null {
  if (campaignId === null) return { during: period }
  const campaign = tables.campaigns.find(({ campaign_id }) => campaign_id === campaignId)
  if (campaign?.start_at == null) return null
  const during = { from: campaign.start_at, until: campaign.end_at ?? period.until }
  return { during, service: campaign.service }
}

export const serviceEfficiency: Oracle = (tables, run) => {
  const made = run.campaignId === null ? enteredIn(tables.calls, run.period) : campaignCalls(tables, run)
  const calls = made.filter(isMade)
  const time = agentTime(tables, run)
  const clip = <T extends { service: string; logon: string }>(
    items: T[],
    stretchOf: (item: T) => { from: number; until: number | null },
  ) =>
    items
      .filter(({ service }) => time !== null && (time.service === undefined || service === time.service))
      .map((item) => ({ item, ...within(stretchOf(item), time!.during) }))
      .filter(({ from, until }) => from < until)
      .map(({ item, from, until }) => ({ ...item, seconds: until - from }))
  const sessions = clip(tables.agent_sessions, (s) => ({ from: s.login_at, until: s.logoff_at }))
  const states = clip(tables.agent_states, (s) => ({ from: s.start_at, until: s.end_at })).filter(
    ({ state }) => state !== 'Logoff',
  )
  const figures = (is: (item: { service: string }) => boolean): Cell[] => {
    const own = { calls: calls.filter(is), sessions: sessions.filter(is), states: states.filter(is) }
    const seconds = sum(own.sessions, (session) => session.seconds)
    const perHour = (number: number) => ratio(number * 3600, seconds)
    const transfers = count(own.calls, isTransfer)
    const all = sum(own.states, (state) => state.seconds)
    const part = (...names: string[]) =>
      share(
        sum(
          own.states.filter(({ state }) => names.includes(state)),
          (state) => state.seconds,
        ),
        all,
      )
    return [
      distinct(own.sessions, ({ logon }) => logon),
      ratio(seconds, 3600),
      own.calls.length,
      perHour(own.calls.length),
      perHour(count(own.calls, isConnect)),
      perHour(count(own.calls, ({ right_party }) => right_party)),
      transfers,
      share(count(own.calls, isSuccess), transfers),
      part('In Call', 'Hold'),
      part('Ready'),
      part('Wrap'),
      part('Not Ready'),
    ]
  }
  const services = groupBy([...calls, ...sessions, ...states], ({ service }) => [service])
  return {
    rows: services.map(([[service]]) => [service!, ...figures((item) => item.service === service)]),
    total: [null, ...figures(() => true)],
  }
}

export const campaignDisposition: Oracle = (tables, run) => {
  const calls = campaignCalls(tables, run).filter(isConnect)
  const groups = groupBy(calls, (call) => [
    nameOf(tables, call.campaign_id),
    call.campaign_id,
    call.termination_code,
    call.custom_outcome_1,
  ])
  const rows = groups.map(([[name, id, termination, custom], items]) => {
    const connects = count(calls, ({ campaign_id }) => campaign_id === id)
    return [name!, termination!, custom!, items.length, share(items.length, connects)]
  })
  return { rows, total: [null, null, null, calls.length, null] }
}
