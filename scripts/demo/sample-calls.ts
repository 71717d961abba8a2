/** One local day of one call center: its campaign, every call, and what its agents did. */
import { DAY, HOUR, SECOND, weekdayOf } from '../../engine/core/civil.ts'
import { firstInstantOfWall, wallMsAt } from '../../engine/core/zone.ts'
import type { DatasetTableName } from '../../engine/reports/dataset-tables.ts'
import { billsOf, recordingOf } from './sample-bills.ts'
import { addOutcomes, beginCourse, type Course, serveCourse } from './sample-course.ts'
import {
  hourWeights,
  type SampleCallCenter,
  type SampleClient,
  type SampleRow,
  weekdayFactors,
} from './sample-domain.ts'
import { createFloor } from './sample-floor.ts'
import { createRandom, draw, pick } from './sample-random.ts'

export interface SampleDay {
  campaign: SampleRow & { campaign_id: string }
  /** The day's rows by table, in the order in which they came about. */
  rows: Partial<Record<DatasetTableName, SampleRow[]>>
  callCount: number
}

/** A day of the data begins at this local hour, so that no shift and hardly a call lies over its border. */
const firstHour = 5

/** The agents of a call center, the same on every day; for few calls they are few. */
export function sampleAgents(
  seed: number,
  client: SampleClient,
  callCenter: SampleCallCenter,
  scale: number,
): SampleRow[] {
  const random = createRandom(seed, client.name, callCenter.name)
  const { services } = callCenter
  const total = (callCenter.callsPerDay / 100) * scale
  // The first service has the campaigns besides its share of the callers.
  const shares = services.map((_, at) => (at === 0 ? 0.18 : 0) + 0.82 / services.length)
  const posts = services.flatMap((service, at) =>
    Array.from({ length: Math.max(3, Math.ceil(total * shares[at]!)) }, () => service),
  )
  return posts.map((service, at) => ({
    logon: `${callCenter.name.slice(0, 3)}${String(at + 1).padStart(3, '0')}`,
    client: client.name,
    call_center: callCenter.name,
    name: personName(client, random),
    team: `Team ${String.fromCharCode(65 + (at % 3))}`,
    service,
  }))
}

/** The queues of a call center. */
export function sampleSkills(client: SampleClient, callCenter: SampleCallCenter): SampleRow[] {
  return callCenter.services.flatMap((service, at) =>
    (['Main', 'Priority', ...(at === 0 ? (['Outbound'] as const) : [])] as const).map((queue) => ({
      skill: `${service} ${queue}`,
      client: client.name,
      call_center: callCenter.name,
      service,
      answer_within_s: { Main: 20, Priority: 10, Outbound: 5 }[queue],
      short_abandon_s: queue === 'Outbound' ? 2 : 5,
    })),
  )
}

/** The day's rows. `day` counts from 1970-01-01 in the client's zone; `scale` makes fewer calls. */
export function sampleDay(
  seed: number,
  client: SampleClient,
  callCenter: SampleCallCenter,
  day: number,
  scale: number,
): SampleDay {
  const random = createRandom(seed, client.name, callCenter.name, day)
  const date = new Date(day * DAY).toISOString().slice(0, 10).replaceAll('-', '')
  const factor = weekdayFactors[weekdayOf(day)]!
  const total = Math.round(callCenter.callsPerDay * factor * (0.92 + 0.16 * random()) * scale)
  const outbound = Math.round(total * 0.58)
  const home = { client: client.name, call_center: callCenter.name }
  const campaignId = `${callCenter.name}-${date}`
  const service = callCenter.services[0]!
  const records = Array.from(
    { length: Math.max(1, Math.round(outbound / 1.6)) },
    (_, at): SampleRow => ({
      record_id: `${campaignId}-${String(at + 1).padStart(5, '0')}`,
      campaign_id: campaignId,
      ...home,
      // A text that begins like a formula; real systems have those in free fields.
      account: at % 97 === 13 ? `=A${at}` : accountOf(client, random),
      name: personName(client, random),
      phone: client.phone(Math.floor(random() * 1e5)),
      phone_2: random() < 0.22 ? client.phone(Math.floor(random() * 1e5)) : null,
    }),
  )
  const hours = { any: dayHours(client.timezone, day), dialing: dialingHours(client.timezone, day) }
  const courses = Array.from({ length: total }, (_, at): Course => {
    const isOutbound = at < outbound
    const record = isOutbound ? records[Math.floor((at * 0.97) % (records.length * 0.93))]! : undefined
    const called = isOutbound ? service : pick(callCenter.services, random)
    const queue = isOutbound ? 'Outbound' : random() < 0.2 ? 'Priority' : 'Main'
    const row = {
      ...home,
      service: called,
      skill: `${called} ${queue}`,
      campaign_id: record ? campaignId : null,
      account: record?.account ?? (random() < 0.7 ? accountOf(client, random) : null),
      phone: record?.phone ?? client.phone(Math.floor(random() * 1e5)),
      dnis: isOutbound ? null : client.phone(40 + callCenter.services.indexOf(called)),
      direction: isOutbound ? 'outbound' : 'inbound',
      caller_id: client.phone(callCenter.name.length),
    }
    const hourMs = draw(isOutbound ? hours.dialing : hours.any, random)
    const startMs = hourMs + Math.floor(random() * 3600) * SECOND
    return beginCourse({ row, startMs, isOutbound }, random)
  })
  const agents = sampleAgents(seed, client, callCenter, scale)
  const floor = createFloor(agents, { timezone: client.timezone, day, staffing: factor }, random)
  const waiting = courses.filter(({ result }) => result === 'Operator Transfer')
  waiting.sort((a, b) => a.queuedMs - b.queuedMs)
  for (const course of waiting) serveCourse(course, floor, random)
  const { sessions, states } = floor.close()
  courses.sort((a, b) => a.startMs - b.startMs)
  courses.forEach((course, at) => {
    const { row } = course
    row.call_id = `${callCenter.name.slice(0, 3)}${date}${String(at + 1).padStart(6, '0')}`
    row.recording_id = Number(row.talk_s) > 0 ? `R${row.call_id}` : null
    for (const leg of course.legs) leg.call_id = row.call_id
    addOutcomes(course, client, random)
  })
  const calls = courses.map(({ row }) => row)
  const recorded = calls.filter((call) => call.recording_id !== null)
  const campaign = campaignRow(client, home, campaignId, service, day, date)
  const dialed = calls.filter((call) => call.direction === 'outbound')
  return {
    callCount: calls.length,
    campaign: { ...campaign, ...span(dialed, day) },
    rows: {
      calls,
      call_legs: courses.flatMap(({ legs }) => legs),
      campaign_records: records,
      agent_sessions: sessions,
      agent_states: states,
      recordings: recorded.map((call) => recordingOf(call, callCenter.services, random)),
      billed_calls: calls.flatMap((call) => billsOf(call, client, day, random)),
    },
  }
}

function campaignRow(
  client: SampleClient,
  home: { client: string; call_center: string },
  campaignId: string,
  service: string,
  day: number,
  date: string,
) {
  const name = `${client.campaignNames[day % client.campaignNames.length]} ${date}`
  return {
    campaign_id: campaignId,
    ...home,
    name,
    file: `${home.call_center}_${date}.csv`,
    service,
    state: 'Stop',
  }
}

function span(dialed: SampleRow[], day: number): { start_at: Date; end_at: Date } {
  const ends = dialed.map((call) => Number(call.end_at))
  const start = dialed[0]?.start_at as Date | undefined
  const end = ends.reduce((latest, at) => Math.max(latest, at), Number(start ?? day * DAY))
  return { start_at: start ?? new Date(day * DAY), end_at: new Date(end + 60_000) }
}

/** The hours that really pass, each with its share of the calls: 23 or 25 where the clocks change. */
function dayHours(timezone: string, day: number): [fromMs: number, share: number][] {
  const fromMs = firstInstantOfWall(timezone, day * DAY + firstHour * HOUR)
  const untilMs = firstInstantOfWall(timezone, (day + 1) * DAY + firstHour * HOUR)
  return Array.from({ length: Math.round((untilMs - fromMs) / HOUR) }, (_, at) => {
    const hourMs = fromMs + at * HOUR
    return [hourMs, hourWeights[Math.floor((wallMsAt(timezone, hourMs) % DAY) / HOUR)]!]
  })
}

/** Outbound keeps to 8:00 to 20:59, as the law wants. */
function dialingHours(timezone: string, day: number): [fromMs: number, share: number][] {
  return dayHours(timezone, day).filter(([hourMs]) => {
    const hour = Math.floor((wallMsAt(timezone, hourMs) % DAY) / HOUR)
    return hour >= 8 && hour <= 20
  })
}

function accountOf(client: SampleClient, random: () => number): string {
  return `${client.name.slice(0, 2).toUpperCase()}${100000 + Math.floor(random() * 900000)}`
}

function personName(client: SampleClient, random: () => number): string {
  const last = pick(client.lastNames, random)
  // Such a name begins a cell, or it would not be tested.
  return /^[=+\-@]/.test(last) ? last : `${pick(client.firstNames, random)} ${last}`
}
