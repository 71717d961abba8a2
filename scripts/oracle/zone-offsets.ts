/** Offsets of a zone as Node's own zone data has them, read and kept by the oracle itself. */

/** From `fromMs` on, local time is UTC and so many minutes. */
export interface OffsetSpan {
  fromMs: number
  minutes: number
}

const minuteMs = 60_000
// No zone changes its clock twice within half a day.
const strideMs = 12 * 3_600_000

/** The spans of a zone between two whole minutes; the first begins at `fromMs`, each other one at a transition. */
export function readOffsets(zone: string, fromMs: number, untilMs: number): OffsetSpan[] {
  const read = createReader(zone)
  const spans: OffsetSpan[] = [{ fromMs, minutes: read(fromMs) }]
  for (let atMs = fromMs; atMs < untilMs; atMs += strideMs) {
    const before = spans.at(-1)!.minutes
    let highMs = Math.min(atMs + strideMs, untilMs)
    const after = read(highMs)
    if (after === before) continue
    let lowMs = atMs
    while (highMs - lowMs > minuteMs) {
      const middleMs = lowMs + Math.floor((highMs - lowMs) / 2 / minuteMs) * minuteMs
      if (read(middleMs) === before) lowMs = middleMs
      else highMs = middleMs
    }
    spans.push({ fromMs: highMs, minutes: after })
  }
  return spans
}

function createReader(zone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  return (ms) => {
    const text = format.format(ms)
    const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?$/.exec(text) ?? []
    if (sign === undefined) {
      if (text.endsWith('GMT')) return 0
      throw new Error(`${zone} has an offset of no whole minutes: ${text}`)
    }
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
  }
}
