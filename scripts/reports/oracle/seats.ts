/** Agents at once. An agent with several sessions at once is one. */
import type { Stretch } from './clock.ts'
import { groupBy, sum } from './words.ts'

export type Seat = Stretch & { logon: string }

/** The seats of each agent without overlaps. */
function joined(seats: Seat[]): Seat[] {
  return groupBy(seats, ({ logon }) => [logon]).flatMap(([, own]) => {
    const parts: Seat[] = []
    for (const seat of [...own].sort((a, b) => a.from - b.from)) {
      const last = parts.at(-1)
      if (last && seat.from <= last.until) last.until = Math.max(last.until, seat.until)
      else parts.push({ ...seat })
    }
    return parts
  })
}

export function seatSeconds(seats: Seat[]): number {
  return sum(joined(seats), ({ from, until }) => until - from)
}

/** A number of agents grows only when one comes, so these moments are enough. */
export function topConcurrent(seats: Seat[]): number {
  const parts = joined(seats)
  const moments = new Set(parts.map(({ from }) => from))
  let most = 0
  for (const moment of moments) {
    const there = parts.filter(({ from, until }) => from <= moment && moment < until).length
    most = Math.max(most, there)
  }
  return most
}
