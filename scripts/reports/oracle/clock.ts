/** Time-zone arithmetic of its own, by nothing but Intl. Moments are whole seconds since 1970. */

const quarter = 900
const formats = new Map<string, Intl.DateTimeFormat>()
const offsets = new Map<string, number>()

/** Seconds to add to UTC. No zone has changed its clock within a quarter of an hour since 1970. */
export function offsetAt(zone: string, at: number): number {
  const start = Math.floor(at / quarter) * quarter
  const key = `${zone} ${start}`
  let offset = offsets.get(key)
  if (offset === undefined) {
    offset = readOffset(zone, start)
    offsets.set(key, offset)
  }
  return offset
}

function readOffset(zone: string, at: number): number {
  let format = formats.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    formats.set(zone, format)
  }
  const name = format.formatToParts(at * 1000).find(({ type }) => type === 'timeZoneName')!.value
  const [, sign, hours = 0, minutes = 0] = /^GMT(?:([+-])(\d+):(\d+))?$/.exec(name) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60)
}

/** `2026-03-08T01:30:00`, what the clock on the wall shows. */
export function wall(zone: string, at: number): string {
  return new Date((at + offsetAt(zone, at)) * 1000).toISOString().slice(0, 19)
}

export function withOffset(zone: string, at: number): string {
  const offset = offsetAt(zone, at)
  const size = Math.abs(offset)
  const two = (number: number) => String(number).padStart(2, '0')
  return `${wall(zone, at)}${offset < 0 ? '-' : '+'}${two(Math.floor(size / 3600))}:${two((size % 3600) / 60)}`
}

/** The moment less the minutes and seconds that the clock shows. */
export function hourOf(zone: string, at: number): number {
  const [, minutes, seconds] = wall(zone, at).split(':').map(Number)
  return at - minutes! * 60 - seconds!
}

/** The first moment at which the clock shows that date and time, or a later one. */
export function firstMoment(zone: string, date: string, time: string): number {
  const wanted = Date.parse(`${date}T${time}:00Z`) / 1000
  for (let start = Math.floor((wanted - 86_400) / quarter) * quarter; ; start += quarter) {
    const at = Math.max(start, wanted - offsetAt(zone, start))
    if (at < start + quarter) return at
  }
}

export function shiftDate(date: string, days: number): string {
  return new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10)
}

export interface Stretch {
  from: number
  until: number
}

/** The part of a stretch that is within another. Its end may be before its start: then there is none. */
export function within({ from, until }: { from: number; until: number | null }, period: Stretch): Stretch {
  return { from: Math.max(from, period.from), until: Math.min(until ?? period.until, period.until) }
}

/** The statistical days that have a part of the period, with the date that each carries. */
export function statisticalDays(
  zone: string,
  cutOff: string,
  period: Stretch,
): (Stretch & { date: string })[] {
  const lead = cutOff >= '12:00' ? 1 : 0
  const days = []
  for (let date = shiftDate(wall(zone, period.from).slice(0, 10), -2); ; date = shiftDate(date, 1)) {
    const from = firstMoment(zone, date, cutOff)
    if (from >= period.until) return days
    const until = firstMoment(zone, shiftDate(date, 1), cutOff)
    if (until > period.from) days.push({ from, until, date: shiftDate(date, lead) })
  }
}
