/** The agent reports, as their descriptions say. */
import { type Stretch, within } from './clock.ts'
import { ratio, share } from './exact.ts'
import type { Tables } from './tables.ts'
import {
  average,
  type Cell,
  count,
  enteredIn,
  groupBy,
  isIn,
  isSuccess,
  type Oracle,
  sortBy,
  sum,
} from './words.ts'

interface Timed {
  logon: string
  service: string
  kind: string
  seconds: number
}

/** Sessions as the kind `session`, with their seconds within the period; without those of no second. */
function timed({ agent_sessions, agent_states }: Tables, period: Stretch): Timed[] {
  const stretches = [
    ...agent_sessions.map((s) => ({ ...s, kind: 'session', from: s.login_at, until: s.logoff_at })),
    ...agent_states.map((s) => ({ ...s, kind: s.state, from: s.start_at, until: s.end_at })),
  ]
  return stretches
    .map((stretch) => ({ ...stretch, part: within(stretch, period) }))
    .filter(({ part }) => part.from < part.until)
    .map(({ logon, service, kind, part }) => ({ logon, service, kind, seconds: part.until - part.from }))
}

function agentOf({ agents }: Tables, logon: string): Tables['agents'][number] | undefined {
  return agents.find((agent) => agent.logon === logon)
}

export const agentSummary: Oracle = (tables, { period }) => {
  const times = timed(tables, period)
  const calls = enteredIn(tables.calls, period)
    .filter((call) => isSuccess(call) && call.agent_logon !== null)
    .map((call) => ({ logon: call.agent_logon!, service: call.service, seconds: call.talk_s + call.wrap_s }))
  const figures = (own: Timed[], transfers: { seconds: number }[]): Cell[] => {
    const of = (kind: string) =>
      sum(
        own.filter((time) => time.kind === kind),
        ({ seconds }) => seconds,
      )
    const busy = of('In Call') + of('Hold') + of('Wrap')
    return [
      of('session'),
      of('Ready'),
      ratio(
        of('Ready'),
        count(own, ({ kind }) => kind === 'Ready'),
      ),
      of('Not Ready'),
      of('In Call'),
      of('Hold'),
      of('Wrap'),
      transfers.length,
      average(transfers, ({ seconds }) => seconds),
      share(busy, busy + of('Ready')),
    ]
  }
  const groups = groupBy([...times, ...calls], ({ logon, service }) => [logon, service])
  const rows = groups.map(([[logon, service]]) => {
    const is = (item: { logon: string; service: string }) => item.logon === logon && item.service === service
    const agent = agentOf(tables, String(logon))
    const head = [logon!, agent?.name ?? null, agent?.team ?? null, service!]
    return [...head, ...figures(times.filter(is), calls.filter(is))]
  })
  return { rows, total: [null, null, null, null, ...figures(times, calls)] }
}

export const agentLoginLogoff: Oracle = (tables, { period }) => {
  const open = tables.agent_sessions.filter(
    ({ login_at, logoff_at }) => login_at < period.until && (logoff_at === null || logoff_at > period.from),
  )
  const seconds = ({ login_at, logoff_at }: (typeof open)[number]) => {
    const { from, until } = within({ from: login_at, until: logoff_at }, period)
    return until - from
  }
  const sorted = sortBy(open, ({ logon, login_at, session_id }) => [logon, login_at, session_id])
  const rows = sorted.map((session) => {
    const agent = agentOf(tables, session.logon)
    const path = [session.ip, session.audio_path].filter((part) => part !== null)
    return [
      session.logon,
      agent?.name ?? null,
      agent?.team ?? null,
      session.service,
      session.login_at,
      session.logoff_at,
      seconds(session),
      path.length === 0 ? null : path.join(' / '),
      session.logoff_reason,
    ]
  })
  return { rows, total: [...Array<null>(6).fill(null), sum(open, seconds), null, null] }
}

export const agentStateDetail: Oracle = ({ agent_states }, { period }) => {
  const shown = agent_states
    .filter(({ state, start_at, end_at }) =>
      state === 'Logoff'
        ? isIn(start_at, period)
        : start_at < period.until && (end_at === null || end_at > period.from),
    )
    .map((state) => {
      const { from, until } = within({ from: state.start_at, until: state.end_at }, period)
      return { ...state, from, seconds: state.state === 'Logoff' ? null : until - from }
    })
  const sorted = sortBy(shown, (s) => [
    s.logon,
    s.from,
    s.start_at,
    s.session_id,
    s.state,
    s.reason,
    s.seconds,
    s.service,
  ])
  return {
    rows: sorted.map((s) => [s.logon, s.from, s.state, s.reason, s.seconds, s.service]),
    total: [null, null, null, null, sum(shown, ({ seconds }) => seconds ?? 0), null],
  }
}

export const agentTerminationCodes: Oracle = (tables, { period }) => {
  const coded = enteredIn(tables.calls, period).filter(
    ({ agent_logon, termination_code }) => agent_logon !== null && termination_code !== null,
  )
  const groups = groupBy(coded, ({ agent_logon, termination_code }) => [
    agentOf(tables, agent_logon!)?.name ?? agent_logon,
    agent_logon,
    termination_code,
  ])
  const rows = groups.map(([[agent, logon, code], items]) => [
    agent!,
    agentOf(tables, String(logon))?.team ?? null,
    code!,
    items.length,
    share(
      items.length,
      count(coded, ({ agent_logon }) => agent_logon === logon),
    ),
    average(items, ({ talk_s }) => talk_s),
  ])
  return { rows, total: [null, null, null, coded.length, null, average(coded, ({ talk_s }) => talk_s)] }
}
