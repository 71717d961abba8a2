import t from 'tap'
import { type PeriodKind, type PeriodOptions, periodLabels, periodOf } from '../../../engine/core/period.ts'
import { formatWithOffset } from '../../../engine/core/zone.ts'

const chicago = 'America/Chicago'

/** The period's bounds as local times. */
function bounds(kind: PeriodKind, slot: string, zone: string, cutOff = '00:00', options?: PeriodOptions) {
  const period = periodOf(kind, Date.parse(slot), zone, cutOff, options)
  return [period.start, period.end].map((at) => formatWithOffset(zone, Date.parse(at)))
}
function hoursOf([start = '', end = '']: string[]) {
  return (Date.parse(end) - Date.parse(start)) / 3_600_000
}
function labels(kind: PeriodKind, slot: string, zone: string, cutOff = '00:00', options?: PeriodOptions) {
  return periodLabels(periodOf(kind, Date.parse(slot), zone, cutOff, options))
}

t.test('the day is the latest one whose cut-off the slot has reached', async (t) => {
  const saturday = ['2026-11-21T00:00:00-06:00', '2026-11-22T00:00:00-06:00']
  t.same(bounds('day', '2026-11-22T18:30:00-06:00', chicago), saturday)
  t.same(bounds('day', '2026-11-22T00:00:00-06:00', chicago), saturday)
  t.same(bounds('day', '2026-11-21T23:59:59-06:00', chicago)[1], '2026-11-21T00:00:00-06:00')
  const early = ['2026-11-20T03:00:00-06:00', '2026-11-21T03:00:00-06:00']
  t.same(bounds('day', '2026-11-22T02:59:00-06:00', chicago, '03:00'), early)
  const evening = ['2026-11-21T18:00:00-06:00', '2026-11-22T18:00:00-06:00']
  t.same(bounds('day', '2026-11-22T18:30:00-06:00', chicago, '18:00'), evening)
})

t.test('a day with a clock change has 23, 25 or half an hour more or fewer hours', async (t) => {
  t.equal(hoursOf(bounds('day', '2026-03-09T06:00:00-05:00', chicago)), 23)
  t.equal(hoursOf(bounds('day', '2026-11-02T06:00:00-06:00', chicago)), 25)
  t.equal(hoursOf(bounds('day', '2026-10-05T06:00:00+11:00', 'Australia/Lord_Howe')), 23.5)
  t.equal(hoursOf(bounds('day', '2026-04-06T06:00:00+10:30', 'Australia/Lord_Howe')), 24.5)
  t.equal(hoursOf(bounds('day', '2026-03-09T06:00:00+05:30', 'Asia/Kolkata')), 24)
  const summerBegins = ['2018-11-04T01:00:00-02:00', '2018-11-05T00:00:00-02:00']
  t.same(bounds('day', '2018-11-05T06:00:00-02:00', 'America/Sao_Paulo'), summerBegins)
})

t.test('a day that has ended stays ended when the clock goes back across midnight', async (t) => {
  const saturday = ['2010-11-06T00:00:00-02:30', '2010-11-07T00:00:00-02:30']
  t.same(bounds('day', '2010-11-06T23:30:00-03:30', 'America/St_Johns'), saturday)
})

t.test('a day after skipped days covers them as well', async (t) => {
  t.same(bounds('day', '2026-11-23T06:00:00-06:00', chicago, '00:00', { skippedDays: 2 }), [
    '2026-11-20T00:00:00-06:00',
    '2026-11-23T00:00:00-06:00',
  ])
})

t.test('the hour is the latest complete hour of the wall clock', async (t) => {
  const kolkata = ['2026-11-22T17:00:00+05:30', '2026-11-22T18:00:00+05:30']
  t.same(bounds('hour', '2026-11-22T18:30:00+05:30', 'Asia/Kolkata'), kolkata)
  t.same(bounds('hour', '2026-11-22T18:00:00+05:30', 'Asia/Kolkata'), kolkata)
  const beforeGap = ['2026-03-08T01:00:00-06:00', '2026-03-08T03:00:00-05:00']
  t.same(bounds('hour', '2026-03-08T03:10:00-05:00', chicago), beforeGap)
  t.equal(hoursOf(beforeGap), 1)
  const secondOfFold = ['2026-11-01T01:00:00-06:00', '2026-11-01T02:00:00-06:00']
  t.same(bounds('hour', '2026-11-01T02:10:00-06:00', chicago), secondOfFold)
  t.equal(hoursOf(bounds('hour', '2026-04-05T02:10:00+10:30', 'Australia/Lord_Howe')), 1.5)
  const halfHour = ['2026-10-04T02:30:00+11:00', '2026-10-04T03:00:00+11:00']
  t.same(bounds('hour', '2026-10-04T03:10:00+11:00', 'Australia/Lord_Howe'), halfHour)
})

t.test('the week runs from Monday to Monday, the month from first to first, at the cut-off', async (t) => {
  const week = ['2026-11-09T03:00:00-06:00', '2026-11-16T03:00:00-06:00']
  t.same(bounds('week', '2026-11-22T18:30:00-06:00', chicago, '03:00'), week)
  t.same(bounds('week', '2026-11-16T03:00:00-06:00', chicago, '03:00'), week)
  t.same(bounds('week', '2026-11-16T02:59:00-06:00', chicago, '03:00')[1], '2026-11-09T03:00:00-06:00')
  const month = ['2026-10-01T00:00:00-05:00', '2026-11-01T00:00:00-05:00']
  t.same(bounds('month', '2026-11-22T18:30:00-06:00', chicago), month)
  t.same(bounds('month', '2026-01-05T00:00:00-06:00', chicago)[0], '2025-12-01T00:00:00-06:00')
})

t.test(
  'with a cut-off in the afternoon, weeks and months are made of the days that end in them',
  async (t) => {
    t.same(bounds('week', '2026-11-23T06:00:00-06:00', chicago, '18:00'), [
      '2026-11-15T18:00:00-06:00',
      '2026-11-22T18:00:00-06:00',
    ])
    t.same(labels('month', '2026-11-23T06:00:00-06:00', chicago, '18:00').label, '1–31 Oct 2026')
  },
)

t.test('a period to date ends at the slot, and at the very cut-off covers what has just ended', async (t) => {
  const slot = '2026-11-18T18:30:00-06:00'
  t.same(bounds('day-so-far', slot, chicago, '03:00'), ['2026-11-18T03:00:00-06:00', slot])
  t.same(bounds('week-to-date', slot, chicago), ['2026-11-16T00:00:00-06:00', slot])
  t.same(bounds('month-to-date', slot, chicago), ['2026-11-01T00:00:00-05:00', slot])
  const midnight = '2026-11-18T00:00:00-06:00'
  t.same(bounds('day-so-far', midnight, chicago), ['2026-11-17T00:00:00-06:00', midnight])
})

t.test('a campaign gives its own bounds, and without one there is no period', async (t) => {
  const campaign = { start: '2026-11-20T15:00:00.000Z', end: '2026-11-22T23:10:00.000Z' }
  const period = periodOf('campaign', 0, chicago, '00:00', { campaign })
  t.same(period, { ...campaign, timezone: chicago })
  t.equal(periodLabels(period).label, '20–22 Nov 2026')
  t.throws(() => periodOf('campaign', 0, chicago, '00:00'), { code: 'PERIOD_UNKNOWN' })
  const reversed = { start: campaign.end, end: campaign.start }
  t.throws(() => periodOf('campaign', 0, chicago, '00:00', { campaign: reversed }), {
    code: 'PERIOD_UNKNOWN',
  })
})

t.test('labels name local days, the last one inclusive', async (t) => {
  const slot = '2026-11-23T06:00:00-06:00'
  const one = { start: '2026-11-22', lastDay: '2026-11-22', label: '22 Nov 2026' }
  t.same(labels('day', slot, chicago), one)
  t.same(labels('day', slot, chicago, '03:00'), one, 'a night cut-off belongs to the day before')
  t.same(labels('day', '2026-11-22T18:30:00-06:00', chicago, '18:00'), one)
  const week = { start: '2026-11-16', lastDay: '2026-11-22', label: '16–22 Nov 2026' }
  t.same(labels('week', slot, chicago), week)
  t.equal(labels('week', '2026-12-08T06:00:00-06:00', chicago).label, '30 Nov – 6 Dec 2026')
  t.equal(labels('week', '2027-01-04T06:00:00-06:00', chicago).label, '28 Dec 2026 – 3 Jan 2027')
  t.equal(labels('hour', slot, chicago).label, '23 Nov 2026, 05:00–06:00')
  t.equal(labels('hour', '2026-11-23T00:10:00-06:00', chicago).lastDay, '2026-11-22')
  t.equal(labels('week-to-date', '2026-11-18T18:30:00-06:00', chicago, '03:00').label, '16–18 Nov 2026')
})

t.test('a day whose cut-off the clock skipped keeps its date', async (t) => {
  const dayOf = (slot: string) => labels('day', slot, chicago, '02:30').label
  t.equal(dayOf('2026-03-08T06:00:00-05:00'), '7 Mar 2026')
  t.equal(dayOf('2026-03-09T06:00:00-05:00'), '8 Mar 2026')
  t.equal(labels('day', '2018-11-05T06:00:00-02:00', 'America/Sao_Paulo').label, '4 Nov 2018')
})
