import t from 'tap'
import type { PeriodKind } from '../../../engine/core/period.ts'
import { periodOf } from '../../../engine/core/period.ts'
import { periodText } from '../../../engine/core/period-text.ts'
import { previousPeriod } from '../../../engine/core/previous-period.ts'

const chicago = 'America/Chicago'

/** Start and end of the period before the one at a slot, in UTC. */
function before(kind: PeriodKind, slot: string, { zone = chicago, cutOff = '00:00', skippedDays = 0 } = {}) {
  const period = periodOf(kind, Date.parse(slot), zone, cutOff, { skippedDays })
  const previous = previousPeriod(kind, period, cutOff)!
  return `${previous.start.slice(0, 16)} ${previous.end.slice(0, 16)}`
}

t.test('complete periods are compared with the one that ends where they begin', async (t) => {
  t.equal(before('day', '2026-11-20T12:00:00Z'), '2026-11-18T06:00 2026-11-19T06:00')
  t.equal(before('day', '2026-11-23T12:00:00Z', { skippedDays: 2 }), '2026-11-17T06:00 2026-11-20T06:00')
  t.equal(
    before('day', '2026-11-02T12:00:00Z'),
    '2026-10-31T05:00 2026-11-01T05:00',
    'before a day of 25 hours',
  )
  t.equal(before('day', '2026-11-03T12:00:00Z'), '2026-11-01T05:00 2026-11-02T06:00', 'after it')
  t.equal(before('day', '2026-11-20T20:00:00Z', { cutOff: '12:00' }), '2026-11-18T18:00 2026-11-19T18:00')
  t.equal(before('week', '2026-11-20T12:00:00Z'), '2026-11-02T06:00 2026-11-09T06:00')
  t.equal(before('month', '2026-11-20T12:00:00Z'), '2026-09-01T05:00 2026-10-01T05:00')
  t.equal(before('hour', '2026-11-20T12:10:00Z'), '2026-11-20T10:00 2026-11-20T11:00')
})

t.test(
  'periods that end at the slot are compared with as much of the one before, by the clock',
  async (t) => {
    t.equal(before('day-so-far', '2026-11-20T16:30:00Z'), '2026-11-19T06:00 2026-11-19T16:30')
    t.equal(
      before('day-so-far', '2026-11-02T16:30:00Z'),
      '2026-11-01T05:00 2026-11-01T16:30',
      'past 25 hours, at 10:30',
    )
    t.equal(before('week-to-date', '2026-11-18T16:30:00Z'), '2026-11-09T06:00 2026-11-11T16:30')
    t.equal(
      before('month-to-date', '2026-03-30T16:30:00Z'),
      '2026-02-01T06:00 2026-03-01T06:00',
      'all of a shorter month',
    )
  },
)

t.test('a campaign has none before it', async (t) => {
  const campaign = { start: '2026-11-20T10:00:00Z', end: '2026-11-20T12:00:00Z' }
  const period = periodOf('campaign', Date.parse(campaign.end), chicago, '00:00', { campaign })
  t.equal(previousPeriod('campaign', period, '00:00'), null)
})

t.test('a period is named in the client’s locale, and as ever without one', async (t) => {
  const day = periodOf('day', Date.parse('2026-11-20T12:00:00Z'), chicago, '00:00')
  t.equal(periodText(day, undefined), '19 Nov 2026')
  t.equal(periodText(day, 'de'), '19. November 2026')
  const week = periodOf('week', Date.parse('2026-11-20T12:00:00Z'), chicago, '00:00')
  t.match(periodText(week, 'de'), /^9\..15\. November 2026$/)
  const hour = periodOf('hour', Date.parse('2026-11-20T12:10:00Z'), chicago, '00:00')
  t.match(periodText(hour, 'de'), /^20\. November 2026.*05:00.06:00/)
})
