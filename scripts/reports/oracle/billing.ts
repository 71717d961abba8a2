/** The billing reports, as their descriptions say. */
import { type Stretch, statisticalDays, wall, within } from './clock.ts'
import { type Exact, plus, ratio, rounded, times, zero } from './exact.ts'
import { type Seat, seatSeconds, topConcurrent } from './seats.ts'
import type { BilledCall, Rate, Recording } from './tables.ts'
import { type Cell, count, distinct, groupBy, isIn, type Oracle, sortBy, sum } from './words.ts'

const charge = ({ billed_s, rate }: BilledCall) => rounded(times(ratio(billed_s, 60)!, rate), 4)
const rateKey = (rate: Exact | null) => (rate === null ? null : Number(rate.count * (1_000_000n / rate.of)))
const rateOfKey = (key: string | number | null) => (key === null ? null : ratio(Number(key), 1_000_000))
const addUp = (list: Exact[]) => list.reduce(plus, zero)

export const billedCallDetail: Oracle = ({ billed_calls }, { period }) => {
  const lines = billed_calls.filter(({ billed_at }) => isIn(billed_at, period))
  const sorted = sortBy(lines, (line) => [
    line.billed_at,
    line.call_id,
    line.service,
    line.from_number,
    line.to_number,
    line.destination,
    line.raw_s,
    line.increment_s,
    line.billed_s,
    rateKey(line.rate),
  ])
  const rows = sorted.map((line) => [
    line.billed_at,
    line.call_id,
    line.service,
    line.from_number,
    line.to_number,
    line.destination,
    line.raw_s,
    line.increment_s,
    line.billed_s,
    line.rate,
    charge(line),
  ])
  const seconds = [sum(lines, ({ raw_s }) => raw_s), null, sum(lines, ({ billed_s }) => billed_s)]
  return { rows, total: [...Array<null>(6).fill(null), ...seconds, null, addUp(lines.map(charge))] }
}

export const usageSummary: Oracle = ({ billed_calls }, { period, timezone }) => {
  const billed = billed_calls.filter(({ billed_at }) => isIn(billed_at, period))
  const figures = (lines: BilledCall[], rate: Exact | null): Cell[] => [
    lines.length,
    count(lines, ({ raw_s }) => raw_s > 0),
    ratio(
      sum(lines, ({ raw_s }) => raw_s),
      60,
    ),
    ratio(
      sum(lines, ({ billed_s }) => billed_s),
      60,
    ),
    rate,
    addUp(lines.map(charge)),
  ]
  const minute = (at: number) => wall(timezone, at).slice(0, 16)
  const label = `${minute(period.from)}/${minute(period.until)}`
  const groups = groupBy(billed, (line) => [
    line.call_center,
    line.service,
    line.direction,
    line.channel,
    rateKey(line.rate),
  ])
  const rows = groups.map(([[callCenter, service, direction, channel, rate], lines]) => [
    label,
    lines[0]!.client,
    callCenter!,
    service!,
    `${direction}/${channel}`,
    ...figures(lines, rateOfKey(rate!)),
  ])
  return { rows, total: [...Array<null>(5).fill(null), ...figures(billed, null)] }
}

/** The service's own before one of every service, then the one that is valid since the latest date. */
function rateOn(
  rates: Rate[],
  item: string,
  of: { call_center: string | null; service: string },
  date: string,
) {
  const valid = rates.filter(
    (rate) =>
      rate.item === item &&
      rate.call_center === of.call_center &&
      (rate.service === null || rate.service === of.service) &&
      rate.valid_from <= date &&
      (rate.valid_until === null || date < rate.valid_until),
  )
  const own = valid.filter(({ service }) => service !== null)
  const [best] = sortBy(own.length > 0 ? own : valid, ({ valid_from }) => [-Date.parse(valid_from)])
  return best
}

function daysOf(run: Parameters<Oracle>[1]): (Stretch & { date: string })[] {
  return statisticalDays(run.timezone, run.dayCutOff, run.period).map(({ date, ...day }) => ({
    date,
    ...within(day, run.period),
  }))
}

export const agentSeats: Oracle = ({ agent_sessions, rates }, run) => {
  const seats: (Seat & { date: string; service: string; rate: number | null })[] = []
  for (const { date, ...day } of daysOf(run)) {
    for (const session of agent_sessions) {
      const { from, until } = within({ from: session.login_at, until: session.logoff_at }, day)
      if (from >= until) continue
      const rate = rateOn(rates, 'agent-hour', session, date)
      const { logon, service } = session
      seats.push({ date, service, logon, from, until, rate: rateKey(rate?.rate ?? null) })
    }
  }
  const groups = groupBy(seats, ({ date, service, rate }) => [date, service, rate])
  const lines = groups.map(([[date, service, key], own]) => {
    const hours = ratio(seatSeconds(own), 3600)!
    const rate = rateOfKey(key!)
    return { date, service, own, hours, rate, cost: rate && rounded(times(hours, rate), 4) }
  })
  const unique = (own: Seat[]) => distinct(own, ({ logon }) => logon)
  return {
    rows: lines.map(({ date, service, own, hours, rate, cost }) => [
      date!,
      service!,
      unique(own),
      topConcurrent(own),
      hours,
      rate,
      cost,
    ]),
    total: [
      null,
      null,
      unique(seats),
      topConcurrent(seats),
      addUp(lines.map(({ hours }) => hours)),
      null,
      addUp(lines.flatMap(({ cost }) => cost ?? [])),
    ],
  }
}

const gigabytes = (recordings: Iterable<Recording>) =>
  addUp([...recordings].map(({ bytes }) => ratio(bytes, 1_000_000_000)!))

export const recordingStorage: Oracle = ({ recordings, rates }, run) => {
  const days = daysOf(run)
  const parts = recordings.flatMap((recording) =>
    days
      .filter((day) => isStored(recording, day))
      .map((day) => {
        const rate = rateOn(rates, 'gb-day', recording, day.date)
        if (!rate) return { recording, free: null, gbDays: null, charge: null }
        const from = recording.created_at + (rate.free_days ?? 0) * 86_400
        const billable = within({ from, until: recording.deleted_at }, day)
        const seconds = Math.max(0, billable.until - billable.from)
        const gbDays = ratio(recording.bytes * BigInt(seconds), 1_000_000_000n * 86_400n)!
        return { recording, free: rate.free_days, gbDays, charge: times(gbDays, rate.rate) }
      }),
  )
  const groups = groupBy(parts, ({ recording, free }) => [recording.service, recording.retention_days, free])
  const lines = groups.map(([[service, retention, free], own]) => {
    const stored = new Set(own.map(({ recording }) => recording))
    const gbDays = free === null ? null : addUp(own.map((part) => part.gbDays!))
    const charged = free === null ? null : rounded(addUp(own.map((part) => part.charge!)), 4)
    return { cells: [service!, stored.size, gigabytes(stored), retention!, free!], gbDays, charged }
  })
  const all = new Set(parts.map(({ recording }) => recording))
  return {
    rows: lines.map(({ cells, gbDays, charged }) => [...cells, gbDays, charged]),
    total: [
      null,
      all.size,
      gigabytes(all),
      null,
      null,
      addUp(lines.flatMap(({ gbDays }) => gbDays ?? [])),
      addUp(lines.flatMap(({ charged }) => charged ?? [])),
    ],
  }
}

function isStored({ created_at, deleted_at }: Recording, { from, until }: Stretch): boolean {
  return created_at < until && (deleted_at === null || deleted_at > from)
}
