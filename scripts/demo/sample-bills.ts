/** What calls leave behind that costs something: recordings, billed calls, and the rates of the rest. */
import { civilDay, DAY, dayNumber, HOUR, SECOND } from '../../engine/core/civil.ts'
import type { SampleCallCenter, SampleClient, SampleRow } from './sample-domain.ts'

/** Rates change on this day of every month. */
const changeDay = 15

const bytesPerSecond = 16_000
const retentionDays = [30, 7]

/** The recording of a call that an agent took; a few are deleted before their time. */
export function recordingOf(call: SampleRow, services: string[], random: () => number): SampleRow {
  const createdMs = Number(call.end_at) - Number(call.talk_s) * SECOND
  const days = retentionDays[services.indexOf(String(call.service)) % retentionDays.length]!
  const keptMs = random() < 0.03 ? Math.floor(random() * days * 24) * HOUR : days * DAY
  return {
    recording_id: call.recording_id!,
    client: call.client!,
    call_center: call.call_center!,
    call_id: call.call_id!,
    service: call.service!,
    created_at: new Date(createdMs),
    deleted_at: new Date(createdMs + keptMs),
    bytes: Number(call.talk_s) * bytesPerSecond + Math.floor(random() * bytesPerSecond),
    retention_days: days,
  }
}

/** The lines of the bill for one call; none for a call that was not dialed. `day` is the one it was made on. */
export function billsOf(
  call: SampleRow,
  client: SampleClient,
  day: number,
  random: () => number,
): SampleRow[] {
  if (String(call.result).endsWith('(Not Made)')) return []
  const isOutbound = call.direction === 'outbound'
  const [from, to] = isOutbound ? [call.caller_id, call.phone] : [call.phone, call.dnis]
  const rawS = call.answer_at === null ? 0 : (Number(call.end_at) - Number(call.answer_at)) / SECOND
  const isAmerican = String(to).startsWith('+1')
  const incrementS = isAmerican || !isOutbound ? 6 : 60
  const lateMs =
    random() < 0.04 ? (10 + Math.floor(random() * 24)) * HOUR : (60 + Math.floor(random() * 1140)) * SECOND
  const rise = civilDay(day).day >= changeDay ? 1.05 : 1
  const line = {
    call_id: call.call_id!,
    client: call.client!,
    call_center: call.call_center!,
    service: call.service!,
    billed_at: new Date(Number(call.end_at) + lateMs),
    direction: call.direction!,
    channel: 'voice',
    from_number: from!,
    to_number: to!,
    destination: !isOutbound ? 'Inbound' : isAmerican ? `US ${String(to).slice(2, 5)}` : 'Germany Berlin',
    raw_s: rawS,
    increment_s: incrementS,
    billed_s: Math.ceil(rawS / incrementS) * incrementS,
    rate: toMicros((isOutbound ? (isAmerican ? 0.0098 : 0.0125) : 0.01735) * rise),
  }
  if (!call.right_party || random() >= 0.06) return [line]
  const message = {
    ...line,
    billed_at: new Date(Number(line.billed_at) + 30 * SECOND),
    direction: 'outbound',
    channel: 'sms',
    from_number: isOutbound ? from! : to!,
    to_number: call.phone!,
    destination: 'SMS',
    raw_s: 0,
    increment_s: 60,
    billed_s: 60,
    rate: toMicros((client.timezone.startsWith('America/') ? 0.0075 : 0.069) * rise),
  }
  return [line, message]
}

/** What an agent's hour and a kept gigabyte cost in every month that the days touch. */
export function sampleRates(
  client: SampleClient,
  callCenter: SampleCallCenter,
  firstDay: number,
  lastDay: number,
): SampleRow[] {
  const home = { client: client.name, call_center: callCenter.name }
  const rows: SampleRow[] = [
    {
      ...home,
      item: 'gb-day',
      service: null,
      rate: 0.0123,
      free_days: 15,
      valid_from: new Date(Date.UTC(2020, 0, 1)),
      valid_until: null,
    },
  ]
  const [, special] = callCenter.services
  const base = 1.2 + callCenter.callsPerDay / 4000
  for (let first = monthStart(firstDay, 0); first <= lastDay; first = monthStart(first, 1)) {
    const change = first + changeDay - 1
    for (const [from, until, rise] of [
      [first, change, 1],
      [change, monthStart(first, 1), 1.05],
    ] as const) {
      const valid = { free_days: null, valid_from: new Date(from * DAY), valid_until: new Date(until * DAY) }
      rows.push({ ...home, item: 'agent-hour', service: null, rate: toMicros(base * rise), ...valid })
      if (!special) continue
      rows.push({
        ...home,
        item: 'agent-hour',
        service: special,
        rate: toMicros((base + 0.375) * rise),
        ...valid,
      })
    }
  }
  return rows
}

function monthStart(day: number, later: number): number {
  const { year, month } = civilDay(day)
  return dayNumber(year, month + later, 1)
}

function toMicros(rate: number): number {
  return Math.round(rate * 1e6) / 1e6
}
