/** The inbound reports, as their descriptions say. */
import { hourOf, wall } from './clock.ts'
import { share } from './exact.ts'
import type { Call, Tables } from './tables.ts'
import {
  average,
  type Cell,
  count,
  enteredIn,
  groupBy,
  isAbandoned,
  isHandled,
  isOffered,
  type Oracle,
  sortBy,
  sum,
} from './words.ts'

export const abandonDetail: Oracle = ({ calls }, { period }) => {
  const lost = enteredIn(calls, period).filter((call) => call.direction === 'inbound' && isAbandoned(call))
  const rows = sortBy(lost, (call) => [call.start_at, call.call_id]).map((call) => [
    call.call_id,
    call.start_at,
    call.phone,
    call.dnis,
    call.service,
    call.skill,
    call.hold_s,
    call.abandon_stage === 'ivr' ? 'IVR' : call.abandon_stage,
    call.result,
    call.callback ? 'Y' : 'N',
  ])
  const wait = sum(lost, (call) => call.hold_s)
  return { rows, total: [null, null, null, null, null, null, wait, null, null, null] }
}

export const inboundEfficiency: Oracle = (tables, { period, timezone }) => {
  const offered = enteredIn(tables.calls, period).filter(isOffered)
  const figures = (calls: Call[]): Cell[] => {
    const handled = calls.filter(isHandled)
    const abandoned = calls.filter(isAbandoned)
    const short = count(abandoned, (call) => isShort(tables, call))
    const inLevel = count(handled, (call) => call.hold_s <= (skillOf(tables, call)?.answer_within_s ?? -1))
    return [
      calls.length,
      handled.length,
      share(handled.length, calls.length),
      abandoned.length,
      share(abandoned.length, calls.length),
      short,
      average(handled, (call) => call.hold_s),
      average(abandoned, (call) => call.hold_s),
      calls.length === 0 ? null : Math.max(...calls.map((call) => call.hold_s)),
      inLevel,
      share(inLevel, calls.length - short),
      average(handled, (call) => call.talk_s),
      average(handled, (call) => call.wrap_s),
      average(handled, (call) => call.talk_s + call.wrap_s),
    ]
  }
  const groups = groupBy(offered, (call) => [call.service, hourOf(timezone, call.start_at)])
  return {
    rows: groups.map(([key, calls]) => [...key, ...figures(calls)]),
    total: [null, null, ...figures(offered)],
  }
}

export const serviceLevelByHour: Oracle = (tables, { period, timezone }) => {
  const offered = enteredIn(tables.calls, period).filter(isOffered)
  const figures = (calls: Call[]): Cell[] => {
    const answered = calls.filter(isHandled)
    const counted = calls.length - count(calls, (call) => isAbandoned(call) && isShort(tables, call))
    const level = (limit: number) =>
      share(
        count(answered, (call) => call.hold_s <= limit),
        counted,
      )
    const wait = average(answered, (call) => call.hold_s)
    return [calls.length, answered.length, count(calls, isAbandoned), level(10), level(20), level(30), wait]
  }
  const hour = (call: Call) => wall(timezone, call.start_at).slice(11, 13)
  const groups = groupBy(offered, (call) => [call.service, call.skill, hour(call)])
  return {
    rows: groups.map(([[service, skill, at], calls]) => [`${service} / ${skill}`, at!, ...figures(calls)]),
    total: [null, null, ...figures(offered)],
  }
}

function skillOf({ skills }: Tables, call: Call): Tables['skills'][number] | undefined {
  return skills.find(({ skill, call_center }) => skill === call.skill && call_center === call.call_center)
}

function isShort(tables: Tables, call: Call): boolean {
  return call.hold_s <= (skillOf(tables, call)?.short_abandon_s ?? -1)
}
