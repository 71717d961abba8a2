import t from 'tap'
import {
  formatLocal,
  formatWithOffset,
  gapEnd,
  isTimezone,
  offsetMsAt,
  startOfLocal,
  toInstants,
  toLocal,
} from '../../../engine/core/zone.ts'

const wall = (text: string) => {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = text.split(/[-T:]/).map(Number)
  return { year, month, day, hour, minute, second }
}
const instantsOf = (zone: string, text: string) =>
  toInstants(zone, wall(text)).map((at) => new Date(at).toISOString())
const gapEndOf = (zone: string, text: string) => new Date(gapEnd(zone, wall(text))).toISOString()

t.test('only names of the IANA data base are time zones', async (t) => {
  for (const name of ['UTC', 'America/Chicago', 'Asia/Kolkata', 'US/Central', 'Etc/GMT+5'])
    t.ok(isTimezone(name), name)
  for (const name of ['', '+05:30', 'Mars/Olympus', 'america/chicago', 'local', 'America/Chicago '])
    t.notOk(isTimezone(name), name)
})

t.test('offsets hold to the second on both sides of a clock change', async (t) => {
  const change = Date.parse('2026-03-08T08:00:00Z')
  t.equal(offsetMsAt('America/Chicago', change - 1), -6 * 3_600_000)
  t.equal(offsetMsAt('America/Chicago', change), -5 * 3_600_000)
  t.equal(offsetMsAt('Asia/Kolkata', change), 5.5 * 3_600_000)
  t.equal(offsetMsAt('UTC', change), 0)
  t.equal(offsetMsAt('Australia/Lord_Howe', Date.parse('2026-04-04T14:59:59.999Z')), 11 * 3_600_000)
  t.equal(offsetMsAt('Australia/Lord_Howe', Date.parse('2026-04-04T15:00:00Z')), 10.5 * 3_600_000)
  t.equal(
    offsetMsAt('America/Chicago', Date.parse('1880-01-01T00:00:00Z')),
    -(5 * 3600 + 50 * 60 + 36) * 1000,
  )
})

t.test('a wall time in a gap has no instant, in a fold it has two, else one', async (t) => {
  t.same(instantsOf('America/Chicago', '2026-03-08T01:59:59'), ['2026-03-08T07:59:59.000Z'])
  t.same(instantsOf('America/Chicago', '2026-03-08T02:00'), [])
  t.same(instantsOf('America/Chicago', '2026-03-08T02:59:59'), [])
  t.same(instantsOf('America/Chicago', '2026-03-08T03:00'), ['2026-03-08T08:00:00.000Z'])
  const twice = ['2026-11-01T06:00:00.000Z', '2026-11-01T07:00:00.000Z']
  t.same(instantsOf('America/Chicago', '2026-11-01T01:00'), twice)
  t.same(instantsOf('America/Chicago', '2026-11-01T02:00'), ['2026-11-01T08:00:00.000Z'])
  t.same(instantsOf('Europe/Berlin', '2026-03-29T02:30'), [])
  t.same(instantsOf('Europe/Berlin', '2026-10-25T02:30'), [
    '2026-10-25T00:30:00.000Z',
    '2026-10-25T01:30:00.000Z',
  ])
  t.same(instantsOf('Asia/Kolkata', '2026-03-08T02:30'), ['2026-03-07T21:00:00.000Z'])
})

t.test('a change of half an hour makes a gap and a fold of half an hour', async (t) => {
  t.same(instantsOf('Australia/Lord_Howe', '2026-10-04T02:15'), [])
  t.same(instantsOf('Australia/Lord_Howe', '2026-10-04T02:30'), ['2026-10-03T15:30:00.000Z'])
  t.same(instantsOf('Australia/Lord_Howe', '2026-04-05T01:29'), ['2026-04-04T14:29:00.000Z'])
  t.same(instantsOf('Australia/Lord_Howe', '2026-04-05T01:30'), [
    '2026-04-04T14:30:00.000Z',
    '2026-04-04T15:00:00.000Z',
  ])
})

t.test('right after a gap is the moment of the clock change', async (t) => {
  t.equal(gapEndOf('America/Chicago', '2026-03-08T02:45'), '2026-03-08T08:00:00.000Z')
  t.equal(gapEndOf('Australia/Lord_Howe', '2026-10-04T02:15'), '2026-10-03T15:30:00.000Z')
  t.equal(gapEndOf('Pacific/Apia', '2011-12-30T12:00'), '2011-12-30T10:00:00.000Z')
  t.equal(gapEndOf('America/Lima', '1986-01-01T00:30'), '1986-01-01T05:00:00.000Z')
  t.throws(() => gapEnd('America/Chicago', wall('2026-03-08T03:00')), RangeError)
})

t.test('a day begins at its first instant, which need not be midnight', async (t) => {
  const start = (zone: string, year: number, month: number, day: number) =>
    formatWithOffset(zone, startOfLocal(zone, year, month, day, 0, 0))
  t.equal(start('America/Sao_Paulo', 2018, 11, 4), '2018-11-04T01:00:00-02:00')
  t.equal(start('America/Havana', 2026, 11, 1), '2026-11-01T00:00:00-04:00')
  t.equal(start('America/Chicago', 2026, 13, 1), '2027-01-01T00:00:00-06:00')
})

t.test('local fields carry the weekday, Sunday is 0', async (t) => {
  t.same(toLocal('America/Chicago', Date.parse('2026-11-23T00:30:05Z')), {
    year: 2026,
    month: 11,
    day: 22,
    hour: 18,
    minute: 30,
    second: 5,
    weekday: 0,
  })
  t.equal(toLocal('UTC', Date.parse('1969-12-31T00:00:00Z')).weekday, 3)
})

t.test('times are formatted by pattern, or as RFC 3339 with the offset', async (t) => {
  const at = Date.parse('2026-11-23T00:30:05Z')
  t.equal(formatLocal('America/Chicago', at, 'yyyyMMdd HHmmss'), '20261122 183005')
  t.equal(formatLocal('America/Chicago', at, 'dd.MM. at HH'), '22.11. at 18')
  t.equal(formatWithOffset('America/Chicago', at), '2026-11-22T18:30:05-06:00')
  t.equal(formatWithOffset('Asia/Kolkata', at + 7), '2026-11-23T06:00:05.007+05:30')
  t.equal(formatWithOffset('UTC', at), '2026-11-23T00:30:05+00:00')
  t.equal(
    formatWithOffset('America/Chicago', Date.parse('1880-01-01T12:00:00Z')),
    '1880-01-01T06:10:00-05:50',
  )
})

t.test('the table agrees with Intl in every hour of a year, in zones with odd clock changes', async (t) => {
  let hours = 0
  const wrong: string[] = []
  for (const zone of ['Australia/Lord_Howe', 'Africa/Casablanca', 'America/Havana', 'Pacific/Chatham']) {
    const intl = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
    for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2027, 0, 1); at += 3_600_000, hours++)
      if (formatLocal(zone, at, 'yyyy-MM-dd HH:mm:ss') !== intl.format(at)) wrong.push(`${zone} ${at}`)
  }
  t.equal(hours, 4 * 365 * 24)
  t.same(wrong, [])
})
