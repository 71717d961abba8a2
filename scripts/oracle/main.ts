/**
 * `npm run oracle`: compares the engine's due moments with those of a walk over every minute of real time: every zone and every change of
 * its clock from 2020 to 2029, whole years, and calendars made up by chance. Exits with 1 where they differ.
 */

import { parseOptions } from '../parse-options.ts'
import { compareCalendars } from './calendars.ts'
import { dayExpressions, everyZone, expressions, readZone } from './cases.ts'
import { compareSpan, compareTransitions, createTally, isRead, type Tally } from './compare.ts'

parseOptions(import.meta.filename, {})

const wholeYear = ['UTC', 'America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'Africa/Casablanca']
const calendarRounds = 2_000

const beganMs = Date.now()
const asked = [...expressions, ...dayExpressions.filter(isRead)]
const zones = everyZone().map(readZone)
const transitions = zones.reduce((sum, zone) => sum + zone.transitions.length, 0)

const around = createTally()
for (const zone of zones) compareTransitions(zone, asked, around)
tell(
  `${zones.length} zones, ${transitions} transitions from 2020 to 2029, ${asked.length} expressions`,
  around,
)

const years = createTally()
for (const name of wholeYear)
  compareSpan(readZone(name), asked, Date.UTC(2024, 0, 1), Date.UTC(2025, 0, 1), years)
tell(`${wholeYear.length} zones, all of 2024, ${asked.length} expressions`, years)

const calendars = compareCalendars(calendarRounds, 1)
tell(`${calendarRounds} calendars`, calendars)

const differences = around.differences + years.differences + calendars.differences
console.log(`${differences} differences in all, ${((Date.now() - beganMs) / 1000).toFixed(1)} s`)
process.exitCode = differences === 0 ? 0 : 1

function tell(what: string, { cases, slots, differences, examples }: Tally): void {
  console.log(`${what}: ${cases} cases, ${slots} slots, ${differences} differences`)
  for (const example of examples) console.log(`  ${example}`)
}
