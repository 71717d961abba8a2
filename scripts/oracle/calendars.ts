/** Schedules with calendars made up by chance, by a walk over days; and the days that their runs cover. */
import type { Calendar } from '../../engine/core/manifest.ts'
import { periodOf } from '../../engine/core/period.ts'
import { enumerateSlots } from '../../engine/core/slots.ts'
import { createRandom, shuffle } from '../crash/random.ts'
import { compile, createTally, type Tally } from './compare.ts'
import { type OracleCron, readCronText } from './cron-text.ts'

const dayMs = 86_400_000
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
const rules = ['skip', 'previous', 'next'] as const
const crons = [
  '30 18 * * *',
  '0 6,18 * * 1-5',
  '30 2 1,15,31 * *',
  '0 9 * * 1',
  '15 7 13 * 5',
  '*/30 4 * * *',
]
const firstDay = Date.UTC(2026, 0, 1) / dayMs
const days = 120
/** So far around it days are looked at: no run of days off is longer. */
const margin = 60

interface Expected {
  at: number
  isSkipped: boolean
  /** Days off that the slot stands for besides its own. */
  skippedDays: number
}

/** Each round is a calendar, a schedule and a rule for days off, over four months. */
export function compareCalendars(rounds: number, seed: number): Tally {
  const random = createRandom(seed)
  const tally = createTally()
  for (let round = 0; round < rounds; round += 1) {
    const calendar = makeCalendar(random)
    const onHoliday = rules[round % rules.length]!
    const cron = crons[Math.floor(random() * crons.length)]!
    const from = firstDay + Math.floor(random() * 400)
    compareSlots(calendar, onHoliday, cron, from, tally)
    compareCover(calendar, from, Math.floor(random() * 24), tally)
  }
  return tally
}

function compareSlots(
  calendar: Calendar,
  onHoliday: (typeof rules)[number],
  cron: string,
  from: number,
  tally: Tally,
): void {
  const [fromMs, untilMs] = [from * dayMs - 1, (from + days) * dayMs - 1]
  const expected = walkDays(calendar, onHoliday, readCronText(cron), from)
  const schedule = compile(cron, 'UTC', { calendar: calendar.name, onHoliday }, shelf(calendar))
  const found = enumerateSlots(schedule, fromMs, untilMs).map((slot) => ({
    at: slot.at,
    isSkipped: slot.outcome === 'skipped',
    skippedDays: slot.skippedDays,
  }))
  tally.cases += 1
  tally.slots += expected.length
  if (JSON.stringify(expected) !== JSON.stringify(found))
    note(tally, `"${cron}" ${onHoliday} from day ${from}`, expected, found)
}

/** Day after day: where is what is due on it done? */
function walkDays(
  calendar: Calendar,
  onHoliday: (typeof rules)[number],
  cron: OracleCron,
  from: number,
): Expected[] {
  const done = new Map<number, number[]>()
  const skipped: Expected[] = []
  for (let day = from - margin; day < from + days + margin; day += 1) {
    const date = new Date(day * dayMs)
    if (!cron.matchesDay(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())) continue
    let target = day
    if (onHoliday === 'skip') {
      if (isOff(calendar, day)) {
        for (const at of timesOf(cron, day)) skipped.push({ at, isSkipped: true, skippedDays: 0 })
        continue
      }
    } else while (isOff(calendar, target)) target += onHoliday === 'next' ? 1 : -1
    done.set(target, [...(done.get(target) ?? []), day])
  }
  const ran = [...done].flatMap(([target, sources]) =>
    timesOf(cron, target).map((at) => ({
      at,
      isSkipped: false,
      skippedDays: Math.max(0, target - Math.min(...sources)),
    })),
  )
  return [...ran, ...skipped]
    .filter(({ at }) => at >= from * dayMs && at < (from + days) * dayMs)
    .sort((a, b) => a.at - b.at)
}

function timesOf(cron: OracleCron, day: number): number[] {
  return [...cron.times.keys()]
    .filter((minute) => cron.times[minute] === 1)
    .map((minute) => day * dayMs + minute * 60_000)
}

/** A daily job that moves days off to the next business day covers every day once: its periods meet. */
function compareCover(calendar: Calendar, from: number, cutOffHour: number, tally: Tally): void {
  const cutOff = `${String(cutOffHour).padStart(2, '0')}:00`
  const schedule = compile(
    '45 23 * * *',
    'UTC',
    { calendar: calendar.name, onHoliday: 'next' },
    shelf(calendar),
  )
  const expected: unknown[] = []
  const found: unknown[] = []
  let reachedMs: number | undefined
  for (const { at, skippedDays } of enumerateSlots(schedule, from * dayMs - 1, (from + days) * dayMs - 1)) {
    // The latest hour of the cut-off, hour by hour.
    let endMs = Math.floor(at / 3_600_000) * 3_600_000
    while (new Date(endMs).getUTCHours() !== cutOffHour) endMs -= 3_600_000
    const period = periodOf('day', at, 'UTC', cutOff, { skippedDays })
    expected.push([reachedMs ?? Date.parse(period.start), endMs])
    found.push([Date.parse(period.start), Date.parse(period.end)])
    reachedMs = endMs
  }
  tally.cases += 1
  tally.slots += expected.length
  if (JSON.stringify(expected) !== JSON.stringify(found))
    note(tally, `days covered with cut-off ${cutOff} from day ${from}`, expected, found)
}

function makeCalendar(random: () => number): Calendar {
  const weekends = shuffle(weekdays, random).slice(0, Math.floor(random() * 4))
  const holidays = new Set<string>()
  for (let blocks = Math.floor(random() * 8); blocks > 0; blocks -= 1) {
    const begin = firstDay + Math.floor(random() * 520)
    for (let length = 1 + Math.floor(random() * random() * 12); length > 0; length -= 1)
      holidays.add(new Date((begin + length) * dayMs).toISOString().slice(0, 10))
  }
  return {
    apiVersion: 'jobsd/v1',
    kind: 'Calendar',
    name: 'made-up',
    title: 'Made up',
    weekends: [...weekends],
    holidays: [...holidays].map((date) => ({ date, title: 'Holiday' })),
  }
}

function isOff(calendar: Calendar, day: number): boolean {
  const date = new Date(day * dayMs)
  const iso = date.toISOString().slice(0, 10)
  return (
    calendar.weekends!.includes(weekdays[date.getUTCDay()]!) ||
    calendar.holidays!.some((holiday) => holiday.date === iso)
  )
}

function shelf(calendar: Calendar): Parameters<typeof compile>[3] {
  return new Map([[calendar.name, { value: calendar }]]) as unknown as Parameters<typeof compile>[3]
}

function note(tally: Tally, what: string, expected: unknown[], found: unknown[]): void {
  const at = expected.findIndex((each, index) => JSON.stringify(each) !== JSON.stringify(found[index]))
  tally.differences += 1
  if (tally.examples.length < 20)
    tally.examples.push(
      `${what}: expected ${JSON.stringify(expected[at])}, found ${JSON.stringify(found[at])}`,
    )
}
