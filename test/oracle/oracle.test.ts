import t from 'tap'
import { createRandom, shuffle } from '../../scripts/crash/random.ts'
import { compareCalendars } from '../../scripts/oracle/calendars.ts'
import { dayExpressions, everyZone, expressions, oddZones, readZone } from '../../scripts/oracle/cases.ts'
import { compareSpan, compareTransitions, createTally, isRead } from '../../scripts/oracle/compare.ts'
import { readCronText } from '../../scripts/oracle/cron-text.ts'
import { walkMinutes } from '../../scripts/oracle/walk.ts'

// `npm run oracle` asks every zone; here the odd ones, and so many others by a seed.
const others = 24
const asked = [...expressions, ...dayExpressions.filter(isRead)]

t.test('the oracle itself says of a night in New York what cronie does', async (t) => {
  const zone = readZone('America/New_York')
  const due = (cron: string, day: string) =>
    walkMinutes(readCronText(cron), zone.spans, Date.parse(`${day}T05:00Z`), Date.parse(`${day}T12:00Z`)).map(
      (at) => new Date(at).toISOString().slice(11, 16),
    )
  t.same(due('30 2 * * *', '2026-03-08'), ['07:00'], 'a fixed time in the gap is due right after it')
  t.same(due('30 1 * * *', '2026-11-01'), ['05:30'], 'one that comes twice is due once')
  t.same(due('30 */1 * * *', '2026-11-01').slice(0, 3), ['05:30', '06:30', '07:30'], 'a star: real time')
  t.same(due('30 */2 * * *', '2026-03-08'), ['05:30', '08:30', '10:30'], 'and nothing in the gap')
})

t.test('the engine finds the same due moments around the changes of every odd clock', async (t) => {
  const named = new Set(oddZones)
  const rest = shuffle(
    everyZone().filter((name) => !named.has(name)),
    createRandom(6),
  )
  const tally = createTally()
  const zones = [...oddZones, ...rest.slice(0, others)].map(readZone)
  // One year in three of each is enough here: the rules seldom change from one year to the next.
  for (const zone of zones) {
    const transitions = zone.transitions.filter((_, index) => index % 6 < 2)
    compareTransitions({ ...zone, transitions }, asked, tally)
  }
  t.same(tally.examples, [])
  t.equal(tally.differences, 0)
  t.ok(tally.cases > 2_500 && tally.slots > 500_000, `${tally.cases} cases with ${tally.slots} slots`)
})

t.test('and over a whole year', async (t) => {
  const tally = createTally()
  const some = asked.filter((_, index) => index % 4 === 2)
  compareSpan(readZone('Africa/Casablanca'), some, Date.UTC(2024, 0, 1), Date.UTC(2025, 0, 1), tally)
  t.same(tally.examples, [])
  t.equal(tally.cases, some.length)
  t.ok(tally.slots > 10_000)
})

t.test('with calendars it finds what a walk over days finds, and every day is covered once', async (t) => {
  const tally = compareCalendars(150, 2)
  t.same(tally.examples, [])
  t.equal(tally.differences, 0)
  t.equal(tally.cases, 300)
  t.ok(tally.slots > 20_000)
})
