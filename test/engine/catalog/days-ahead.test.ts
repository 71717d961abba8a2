import t from 'tap'
import { viewCalendar } from '../../../engine/catalog/calendar-view.ts'
import { planDays } from '../../../engine/catalog/day-plan.ts'
import { renderFeed } from '../../../engine/catalog/feed.ts'
import { viewJobToday, viewToday } from '../../../engine/catalog/today-view.ts'
import { upcomingSlots, viewUpcoming } from '../../../engine/catalog/upcoming.ts'
import type { Snapshot } from '../../../engine/core/model.ts'
import { acme, now, reportFile, runOf, scheduleOf, snapshotOf } from '../../fixtures/catalog.ts'
import { disabled, endOfDay, hourly, snapshots } from '../../fixtures/catalog-acme.ts'

const nowMs = Date.parse(now)
const zone = acme.timezone
const upcoming = (snapshot: Snapshot, count: number, fromMs = nowMs) =>
  upcomingSlots(snapshot, fromMs, count).map((slot) => viewUpcoming(slot, zone))

const planned = (snapshot: Snapshot) => {
  const { name, title } = snapshot.manifest
  return { name, title, plan: planDays(snapshot, zone, nowMs) }
}

t.test('the next executions come with the days off between them, which do not count', async (t) => {
  const shown = upcoming(endOfDay, 10)
  t.equal(shown.filter(({ isSkipped }) => !isSkipped).length, 10)
  t.strictSame(
    shown.filter(({ isSkipped }) => isSkipped).map(({ at, note }) => [at.text, note]),
    [['Thu 26 Nov 2026, 18:30', '26 Nov 2026 is a day off: Thanksgiving']],
  )
  t.equal(
    shown.find(({ schedule }) => schedule === 'weekend')?.local,
    'Sat 28 Nov 2026, 09:00 in America/New_York',
  )
  t.strictSame(upcoming(disabled, 10), [], 'a disabled job has none')
})

t.test('a clock change is told where it moves an execution', async (t) => {
  const night = snapshotOf({
    client: acme,
    name: 'night',
    title: 'Night',
    steps: [],
    schedules: [scheduleOf('night', zone, [30], [2])],
  })
  const [first] = upcoming(night, 1, Date.parse('2027-03-14T06:00:00Z'))
  t.equal(first?.at.text, 'Sun 14 Mar 2027, 03:00')
  t.match(first?.note, /the clock skips 02:30/)
})

t.test('a month shows each day once, and many moments of a day as one entry', async (t) => {
  const months = viewCalendar(snapshots.map(planned), zone, nowMs)
  t.strictSame(
    months.map(({ id, title }) => [id, title]),
    [
      ['2026-11', 'November 2026'],
      ['2026-12', 'December 2026'],
    ],
  )
  const days = months.flatMap(({ weeks }) => weeks.flat()).filter((day) => day !== null)
  t.equal(days.length, 30 + 31)
  t.equal(
    months[0]?.weeks[0]?.findIndex((day) => day !== null),
    6,
    '1 November 2026 is a Sunday',
  )
  const tuesday = days.find(({ iso }) => iso === '2026-11-24')
  t.strictSame(
    tuesday?.entries.map(({ time, job, note }) => [time, job, note]),
    [
      ['08:00', 'intraday-agents', '40 times'],
      ['18:30', 'eod-call-detail', ''],
    ],
  )
  const holiday = days.find(({ iso }) => iso === '2026-11-26')
  t.strictSame(
    holiday?.entries.filter(({ isSkipped }) => isSkipped).map(({ job }) => job),
    ['eod-call-detail'],
  )
  t.strictSame(days.find(({ isToday }) => isToday)?.iso, '2026-11-23')
  t.strictSame(
    days.filter(({ isPast, entries }) => isPast && entries.length > 0),
    [],
    'what is past is not expected',
  )
})

t.test('a day of a hundred jobs shows some and counts the others', async (t) => {
  const many = Array.from({ length: 100 }, (_, at) =>
    snapshotOf({
      client: acme,
      name: `job-${at}`,
      title: `Job ${at}`,
      steps: [],
      schedules: [scheduleOf('daily', zone, [at % 60], [5])],
    }),
  )
  const day = viewCalendar(many.map(planned), zone, nowMs)[1]
    ?.weeks.flat()
    .find((each) => each?.iso === '2026-12-01')
  t.equal(day?.entries.length, 12)
  t.equal(day?.more, 'and 88 more')
})

t.test(
  'the feed is an iCalendar file: whole lines, moments in UTC, the same again for the same day',
  async (t) => {
    const title =
      'Calls, all; of "Ümläut & Söhne" and a name that is much longer than any line of such a file may ever be'
    const long = snapshotOf({
      client: acme,
      name: 'long',
      title,
      steps: [],
      schedules: endOfDay.schedules.slice(0, 1),
    })
    const feed = renderFeed('Acme', [long, hourly, disabled].map(planned), nowMs)
    t.equal(feed, renderFeed('Acme', [long, hourly, disabled].map(planned), nowMs))
    const lines = feed.split('\r\n')
    t.strictSame(
      lines.filter((line) => Buffer.byteLength(line) > 75),
      [],
    )
    t.notMatch(feed.replaceAll('\r\n', ''), /[\r\n]/)
    const whole = feed.replaceAll('\r\n ', '').split('\r\n')
    t.ok(whole.includes(`SUMMARY:${title.replaceAll(/[,;]/g, (sign) => `\\${sign}`)}`))
    const begins = whole.filter((line) => line.startsWith('DTSTART:'))
    t.ok(begins.includes('DTSTART:20261124T003000Z'), '18:30 in Chicago')
    t.notOk(begins.includes('DTSTART:20261127T003000Z'), 'not on Thanksgiving')
    t.ok(whole.includes('DESCRIPTION:40 times'), 'a schedule of many moments is one event a day')
    const uids = whole.filter((line) => line.startsWith('UID:'))
    t.equal(new Set(uids).size, uids.length)
    t.notMatch(feed, /legacy|intraday-agents|@/)
  },
)

t.test('the overview names what failed first, what is due, and what was sent', async (t) => {
  const day = 86_400_000
  const at = (ms: number) => new Date(nowMs - ms).toISOString()
  const failed = runOf({
    snapshot: endOfDay,
    slot: at(3_600_000),
    callCenter: 'dallas',
    state: 'failed',
    steps: [
      { name: 'upload', next: 'fail', outcome: 'failed', error: { code: 'AUTH_REFUSED', message: '' } },
    ],
  })
  const view = (runs: (typeof failed)[], tone: 'good' | 'bad') => {
    const last = { outcome: { label: tone, tone }, at: { iso: '', text: 'then' }, share: '' }
    return viewToday([{ ...planned(endOfDay), ...viewJobToday(runs, last, null, acme) }], zone, nowMs)
  }
  const bad = view([failed], 'bad')
  t.strictSame(
    bad.attention.map(({ job, text, advice, help }) => [job, text, advice, help]),
    [
      [
        'eod-call-detail',
        'The execution of then, Dallas, failed. The other side did not accept our sign-in.',
        'What you can do: Did you change a password or key? Then agree on the new one with customer care.',
        'auth-refused',
      ],
    ],
  )
  t.strictSame(
    bad.upcoming.map(({ at: { text } }) => text),
    ['Mon 23 Nov 2026, 18:30'],
  )
  t.equal(bad.recent.length, 1)
  t.strictSame(view([failed], 'good').attention, [])
  const sent = runOf({
    snapshot: endOfDay,
    slot: at(3_600_000),
    files: [reportFile('build', 'acme_20261122.csv', 7, '2026-11-23T06:00:00.000Z', zone)],
    steps: [
      {
        name: 'upload',
        next: 'end',
        delivers: [{ target: 'sftp:acme-sftp:/x', fileName: 'acme_20261122.csv', size: 9 }],
      },
    ],
  })
  t.equal(view([sent], 'good').recent[0]?.what, 'Delivered: acme_20261122.csv, data of Sun 22 Nov 2026')
  const old = { ...failed, createdAt: at(2 * day), startedAt: at(2 * day) }
  t.strictSame(view([old], 'bad').recent, [], 'two days ago is not the last 24 hours')
})
