import t from 'tap'
import { viewOutcomeDays } from '../../../engine/catalog/outcome-days.ts'
import type { RunOutcome } from '../../../engine/core/contracts/catalog.ts'

const zone = 'America/Chicago'
const nowMs = Date.parse('2026-11-23T20:15:00Z')
const outcome = (at: string, state: RunOutcome['state']): RunOutcome => ({ job: 'acme/x', at, state })
const squares = (path = '') => path.split('M').length - 1

t.test('ninety days are ninety squares, each of the worst that happened on it', async (t) => {
  const days = viewOutcomeDays(
    [
      // 19:00 in Chicago: a day that is over in UTC.
      outcome('2026-11-20T01:00:00.000Z', 'succeeded'),
      outcome('2026-11-19T18:00:00.000Z', 'failed'),
      outcome('2026-11-18T18:00:00.000Z', 'succeeded'),
      outcome('2026-11-18T19:00:00.000Z', 'skipped'),
      outcome('2026-11-17T18:00:00.000Z', 'skipped'),
      outcome('2026-11-23T20:00:00.000Z', 'running'),
      outcome('2026-08-01T00:00:00.000Z', 'failed'),
    ],
    zone,
    nowMs,
  )
  const counts = Object.fromEntries(days?.paths.map(({ tone, path }) => [tone, squares(path)]) ?? [])
  t.strictSame(counts, { none: 86, quiet: 1, good: 1, bad: 1, busy: 1 })
  t.equal(days?.summary, 'It ran on 4 days of the last 90 days; something failed on 1 day.')
  t.strictSame(days?.bad, ['Thu 19 Nov 2026: 1 of 2 failed'])
})

t.test('the last square is today, in the column of its week', async (t) => {
  const days = viewOutcomeDays([outcome('2026-11-23T20:00:00.000Z', 'succeeded')], zone, nowMs)
  const [good] = days?.paths.filter(({ tone }) => tone === 'good') ?? []
  // A Monday: the first row, and the 14th column after 13 weeks.
  t.equal(good?.path, 'M182 0h11v11h-11z')
  t.equal(days?.width, 14 * 14)
  t.match(days?.summary, /nothing failed/)
})

t.test('a job that did not run in that time has no strip', async (t) => {
  t.equal(viewOutcomeDays([outcome('2026-08-01T00:00:00.000Z', 'failed')], zone, nowMs), null)
})
