/** Ninety days of a job at a glance: a strip of squares, and the same in words. */

import { peopleDay, weekdayName, weekdayOf } from '../core/civil.ts'
import type { RunOutcome } from '../core/contracts/catalog.ts'
import { spellCount } from '../core/spell-count.ts'
import { localDayAt } from '../core/zone.ts'
import { words } from './words.ts'

/** How many days, today included. */
export const stripDays = 90

/** In pixels of the picture. */
const cell = 11
const pitch = 14

export interface OutcomeDays {
  width: number
  height: number
  /** One SVG path for all squares of a tone. */
  paths: { tone: Tone; path: string }[]
  /** The same in a sentence. */
  summary: string
  /** Days on which something failed, newest first: `Mon 2 Nov 2026: 1 of 3 failed`. */
  bad: string[]
}

type Tone = 'good' | 'bad' | 'busy' | 'quiet' | 'none'
interface Counted {
  good: number
  bad: number
  busy: number
  quiet: number
}

/** The strip of one job's outcomes up to `nowMs`, a column a week; null where nothing ran in that time. */
export function viewOutcomeDays(
  outcomes: readonly RunOutcome[],
  timezone: string,
  nowMs: number,
): OutcomeDays | null {
  const last = localDayAt(timezone, nowMs)
  const first = last - stripDays + 1
  const days = new Map<number, Counted>()
  for (const { at, state } of outcomes) {
    const day = localDayAt(timezone, Date.parse(at))
    if (day < first || day > last) continue
    const counted = days.get(day) ?? { good: 0, bad: 0, busy: 0, quiet: 0 }
    counted[toneOf[state]] += 1
    days.set(day, counted)
  }
  if (days.size === 0) return null
  const paths = new Map<Tone, string>()
  // A week begins on Monday.
  const offset = (weekdayOf(first) + 6) % 7
  for (let day = first; day <= last; day++) {
    const tone = dayTone(days.get(day))
    const place = day - first + offset
    const [x, y] = [Math.floor(place / 7) * pitch, (place % 7) * pitch]
    paths.set(tone, `${paths.get(tone) ?? ''}M${x} ${y}h${cell}v${cell}h-${cell}z`)
  }
  return {
    width: Math.ceil((stripDays + offset) / 7) * pitch,
    height: 7 * pitch,
    paths: [...paths].map(([tone, path]) => ({ tone, path })),
    summary: summarize([...days.values()]),
    bad: [...days]
      .filter(([, { bad }]) => bad > 0)
      .sort(([a], [b]) => b - a)
      .map(([day, counted]) => describeBadDay(day, counted)),
  }
}

const toneOf: Record<RunOutcome['state'], Exclude<Tone, 'none'>> = {
  succeeded: 'good',
  failed: 'bad',
  queued: 'busy',
  running: 'busy',
  skipped: 'quiet',
  cancelled: 'quiet',
}

function dayTone(counted: Counted | undefined): Tone {
  if (counted === undefined) return 'none'
  return (['bad', 'busy', 'good', 'quiet'] as const).find((tone) => counted[tone] > 0) ?? 'none'
}

function summarize(days: Counted[]): string {
  const failed = days.filter(({ bad }) => bad > 0).length
  return words.history.strip(
    spellCount(stripDays, 'day'),
    spellCount(days.length, 'day'),
    failed === 0 ? '' : spellCount(failed, 'day'),
  )
}

function describeBadDay(day: number, { good, bad, busy, quiet }: Counted): string {
  const date = `${weekdayName(day).slice(0, 3)} ${peopleDay(day)}`
  return words.history.badDay(date, bad, good + bad + busy + quiet)
}
