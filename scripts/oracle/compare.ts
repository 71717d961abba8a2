/** The engine's due moments beside the oracle's. */
import { readCron } from '../../engine/config/cron-cache.ts'
import { compileSchedule } from '../../engine/config/schedule.ts'
import type { Client, Schedule } from '../../engine/core/manifest.ts'
import type { CompiledSchedule } from '../../engine/core/model.ts'
import { enumerateSlots } from '../../engine/core/slots.ts'
import type { OracleZone } from './cases.ts'
import { type OracleCron, readCronText } from './cron-text.ts'
import { walkMinutes } from './walk.ts'

export interface Tally {
  /** One zone's window and one expression each. */
  cases: number
  slots: number
  differences: number
  /** The first differences, a line each. */
  examples: string[]
}

export function createTally(): Tally {
  return { cases: 0, slots: 0, differences: 0, examples: [] }
}

const mostExamples = 20
const aroundMs = 2 * 86_400_000

/** Whether the engine reads an expression at all. */
export function isRead(expression: string): boolean {
  return !('problem' in readCron(expression))
}

/** Every expression around every transition of a zone. */
export function compareTransitions(zone: OracleZone, expressions: readonly string[], tally: Tally): void {
  for (const expression of expressions) {
    const cron = readCronText(expression)
    const schedule = compile(expression, zone.name)
    for (const atMs of zone.transitions)
      compareWindow({ zone, expression, cron, schedule }, atMs - aroundMs, atMs + aroundMs, tally)
  }
}

/** Every expression over one whole window. */
export function compareSpan(
  zone: OracleZone,
  expressions: readonly string[],
  fromMs: number,
  untilMs: number,
  tally: Tally,
): void {
  for (const expression of expressions) {
    const cron = readCronText(expression)
    const schedule = compile(expression, zone.name)
    compareWindow({ zone, expression, cron, schedule }, fromMs, untilMs, tally)
  }
}

interface Case {
  zone: OracleZone
  expression: string
  cron: OracleCron
  schedule: CompiledSchedule
}

function compareWindow(
  { zone, expression, cron, schedule }: Case,
  fromMs: number,
  untilMs: number,
  tally: Tally,
): void {
  const expected = walkMinutes(cron, zone.spans, fromMs, untilMs)
  const found = enumerateSlots(schedule, fromMs, untilMs).map(({ at }) => at)
  tally.cases += 1
  tally.slots += expected.length
  if (expected.length === found.length && expected.every((at, index) => at === found[index])) return
  const differ = [
    ...expected.filter((at) => !found.includes(at)).map((at) => `lacks ${new Date(at).toISOString()}`),
    ...found.filter((at) => !expected.includes(at)).map((at) => `has ${new Date(at).toISOString()}`),
  ]
  // The same moments in another order, or one of them twice.
  if (differ.length === 0) differ.push('has them out of order or twice')
  tally.differences += differ.length
  if (tally.examples.length < mostExamples)
    tally.examples.push(`${zone.name} "${expression}": the engine ${differ.slice(0, 3).join(', ')}`)
}

export function compile(
  cron: string,
  timezone: string,
  more: Partial<Schedule> = {},
  calendars: Parameters<typeof compileSchedule>[2]['calendars'] = new Map(),
): CompiledSchedule {
  const client = { timezone } as Client
  return compileSchedule({ name: 'oracle', cron, timezone, ...more } as Schedule, client, { calendars })
}
