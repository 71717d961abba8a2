/** One local day of one call center: its campaign, the campaign's records, and every call. */
import { createHash } from 'node:crypto'
import { DAY, HOUR, weekdayOf } from '../../engine/core/civil.ts'
import { firstInstantOfWall } from '../../engine/core/zone.ts'
import {
  hourWeights,
  inboundResults,
  outboundResults,
  type SampleCallCenter,
  type SampleClient,
  weekdayFactors,
} from './sample-domain.ts'

export type SampleRow = Record<string, string | number | boolean | Date | null>
export interface SampleDay {
  campaign: SampleRow & { campaign_id: string }
  records: SampleRow[]
  calls: SampleRow[]
}

/** Random numbers in [0, 1), the same for the same words. Algorithm: mulberry32. */
export function createRandom(...words: (string | number)[]): () => number {
  let state = createHash('sha256').update(words.join('\n')).digest().readUInt32LE(0)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The agents of a call center, the same on every day. */
export function sampleAgents(seed: number, client: SampleClient, callCenter: SampleCallCenter): SampleRow[] {
  const random = createRandom(seed, client.name, callCenter.name)
  return Array.from({ length: Math.ceil(callCenter.callsPerDay / 130) }, (_, at) => ({
    logon: `${callCenter.name.slice(0, 3)}${String(at + 1).padStart(3, '0')}`,
    client: client.name,
    call_center: callCenter.name,
    name: personName(client, random),
    team: `Team ${String.fromCharCode(65 + (at % 3))}`,
    service: pick(callCenter.services, random),
  }))
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
  const agents = sampleAgents(seed, client, callCenter)
  const total = Math.round(
    callCenter.callsPerDay * weekdayFactors[weekdayOf(day)]! * (0.92 + 0.16 * random()) * scale,
  )
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
      account:
        at % 97 === 13
          ? `=A${at}`
          : `${client.name.slice(0, 2).toUpperCase()}${100000 + Math.floor(random() * 900000)}`,
      name: personName(client, random),
      phone: client.phone(Math.floor(random() * 1e5)),
      phone_2: random() < 0.22 ? client.phone(Math.floor(random() * 1e5)) : null,
    }),
  )
  const calls = Array.from({ length: total }, (_, at): SampleRow => {
    const isOutbound = at < outbound
    // In the order of the list, so that the end of a long list is only reached by a second round.
    const record = isOutbound ? records[Math.floor((at * 0.97) % (records.length * 0.93))]! : undefined
    const startMs = arrival(client.timezone, day, isOutbound, random)
    return {
      ...home,
      service: isOutbound ? service : pick(callCenter.services, random),
      campaign_id: record ? campaignId : null,
      account:
        record?.account ??
        (random() < 0.7
          ? `${client.name.slice(0, 2).toUpperCase()}${100000 + Math.floor(random() * 900000)}`
          : null),
      phone: record?.phone ?? client.phone(Math.floor(random() * 1e5)),
      direction: isOutbound ? 'outbound' : 'inbound',
      caller_id: client.phone(callCenter.name.length),
      ...courseOfCall(client, agents, startMs, isOutbound, random),
    }
  }).sort((a, b) => Number(a.start_at) - Number(b.start_at))
  calls.forEach((call, at) => {
    call.call_id = `${callCenter.name.slice(0, 3)}${date}${String(at + 1).padStart(6, '0')}`
    call.recording_id = Number(call.talk_s) > 0 ? `R${call.call_id}` : null
  })
  const dialed = calls.filter((call) => call.direction === 'outbound')
  return {
    calls,
    records,
    campaign: { ...campaignRow(client, home, campaignId, service, day, date), ...span(dialed, day) },
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

/** A moment of the local day by the arrival curve; outbound keeps to 8:00 to 20:59, as the law wants. */
function arrival(timezone: string, day: number, isOutbound: boolean, random: () => number): number {
  const weights = hourWeights.map((weight, hour): [number, number] => [
    hour,
    isOutbound && (hour < 8 || hour > 20) ? 0 : weight,
  ])
  const wallMs = day * DAY + draw(weights, random) * HOUR + Math.floor(random() * 3600) * 1000
  return firstInstantOfWall(timezone, wallMs)
}

function courseOfCall(
  client: SampleClient,
  agents: SampleRow[],
  startMs: number,
  isOutbound: boolean,
  random: () => number,
) {
  const result = draw(isOutbound ? outboundResults : inboundResults, random)
  const isMade = !result.endsWith('(Not Made)')
  const isAnswered = isMade && !/^(No Answer|Busy|Invalid|Not Available)/.test(result)
  const isTalk = result === 'Operator Transfer'
  const ringS = isMade ? 2 + Math.floor(random() * (isAnswered ? 18 : 28)) : 0
  const holdS = result.startsWith('Operator Transfer') ? Math.floor(random() ** 3 * (isTalk ? 90 : 240)) : 0
  const talkS = isTalk ? 20 + Math.floor(-Math.log(1 - random()) * 190) : 0
  const messageS = isAnswered && !isTalk ? 1 + Math.floor(random() * 35) : 0
  const outcomes = client.outcomes[result]
  return {
    start_at: new Date(startMs),
    answer_at: isAnswered ? new Date(startMs + ringS * 1000) : null,
    end_at: new Date(startMs + (ringS + holdS + talkS + messageS) * 1000),
    talk_s: talkS,
    hold_s: holdS,
    result,
    right_party: isTalk && random() < (isOutbound ? 0.46 : 0.97),
    custom_outcome_1: outcomes ? pick(outcomes, random) : null,
    custom_outcome_2: outcomes && random() < 0.1 ? pick(outcomes, random) : null,
    custom_outcome_3: null,
    agent_logon: isTalk || result.endsWith('(Agent Abandoned)') ? pick(agents, random).logon! : null,
  }
}

function personName(client: SampleClient, random: () => number): string {
  const last = pick(client.lastNames, random)
  // Such a name begins a cell, or it would not be tested.
  return /^[=+\-@]/.test(last) ? last : `${pick(client.firstNames, random)} ${last}`
}

function pick<T>(list: T[], random: () => number): T {
  return list[Math.floor(random() * list.length)]!
}

function draw<T>(shares: [T, number][], random: () => number): T {
  let rest = random() * shares.reduce((total, [, share]) => total + share, 0)
  for (const [value, share] of shares) {
    rest -= share
    if (rest < 0) return value
  }
  return shares[0]![0]
}
