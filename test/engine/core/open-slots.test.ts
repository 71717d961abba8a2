/** Slots of a schedule that is in force for a time, spread, and held up by blackouts. */
import t from 'tap'
import { parseCron } from '../../../engine/config/cron.ts'
import type { Blackout, Calendar } from '../../../engine/core/manifest.ts'
import type { CompiledSchedule } from '../../../engine/core/model.ts'
import { periodOf } from '../../../engine/core/period.ts'
import {
  enumerateSlots,
  neverFires,
  nextSlot,
  type PlannedSlot,
  startOfSlot,
} from '../../../engine/core/slots.ts'
import { formatLocal, formatWithOffset, toLocal } from '../../../engine/core/zone.ts'

const chicago = 'America/Chicago'
const hour = 3_600_000
const day = 24 * hour

function calendarOf(blackouts: Blackout[], more: Partial<Calendar> = {}): Calendar {
  return { apiVersion: 'jobsd/v1', kind: 'Calendar', name: 'c', title: 'C', blackouts, ...more }
}

function scheduleOf(cron: string, changes: Partial<CompiledSchedule> = {}): CompiledSchedule {
  const parsed = parseCron(cron)
  if ('problem' in parsed) throw new Error(parsed.problem)
  const rest = { calendar: null, onHoliday: 'skip', catchUp: 'latest', catchUpWindowMs: day } as const
  return { name: 'test', cron, timezone: chicago, fields: parsed.fields, ...rest, ...changes }
}

function tell(schedule: CompiledSchedule, after: string, until: string): string[] {
  return enumerateSlots(schedule, Date.parse(after), Date.parse(until)).map((slot) =>
    [
      formatLocal(schedule.timezone, slot.at, 'MM-dd HH:mm'),
      slot.outcome,
      ...(slot.startsAt === slot.at ? [] : [formatLocal(schedule.timezone, slot.startsAt, 'MM-dd HH:mm')]),
    ].join(' '),
  )
}

const nightly: Blackout = { title: 'Maintenance', from: '22:00', until: '02:00' }
const yearEnd: Blackout = { title: 'Year end', from: '2026-12-24T18:00', until: '2026-12-26' }

t.test('a slot before from and one at or after until is no slot', async (t) => {
  const [fromMs, untilMs] = [Date.parse('2026-11-03T15:00:00Z'), Date.parse('2026-11-06T15:00:00Z')]
  const schedule = scheduleOf('0 9 * * *', { fromMs, untilMs })
  t.same(tell(schedule, '2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z'), [
    '11-03 09:00 run',
    '11-04 09:00 run',
    '11-05 09:00 run',
  ])
  t.equal(nextSlot(schedule, 0)?.at, fromMs, 'however long before it one looks')
  t.equal(nextSlot(schedule, fromMs + 3 * day), undefined)
  t.notOk(neverFires(schedule))
  t.ok(neverFires({ ...schedule, untilMs: fromMs }))
  t.ok(neverFires({ ...scheduleOf('0 9 29 2 *'), fromMs, untilMs }))
})

t.test('a spread moves the start alone', async (t) => {
  const schedule = scheduleOf('30 2 * * *', { spreadMs: 600_000, delayMs: 245_000 })
  const plain = scheduleOf('30 2 * * *')
  const [from, until] = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)]
  const slots = enumerateSlots(schedule, from, until)
  t.equal(slots.length, 365)
  t.ok(slots.every(({ at, startsAt }) => startsAt - at === 245_000))
  const withoutStart = (each: PlannedSlot) => ({ ...each, startsAt: each.at })
  t.same(slots.map(withoutStart), enumerateSlots(plain, from, until))
  t.equal(startOfSlot(schedule, slots[9]!.at), slots[9]!.at + 245_000)
  t.equal(startOfSlot(plain, slots[9]!.at), slots[9]!.at)
})

t.test('a blackout skips the slots in it, its start inclusive and its end exclusive', async (t) => {
  const calendar = calendarOf([nightly, yearEnd], { weekends: ['sun'] })
  const schedule = scheduleOf('0 2,18,22 * * *', { calendar })
  t.same(tell(schedule, '2026-12-23T12:00:00-06:00', '2026-12-28T03:00:00-06:00'), [
    '12-23 18:00 run',
    '12-23 22:00 skipped',
    '12-24 02:00 run',
    '12-24 18:00 skipped',
    '12-24 22:00 skipped',
    '12-25 02:00 skipped',
    '12-25 18:00 skipped',
    '12-25 22:00 skipped',
    '12-26 02:00 skipped',
    '12-26 18:00 skipped',
    '12-26 22:00 skipped',
    '12-27 02:00 skipped',
    '12-27 18:00 skipped',
    '12-27 22:00 skipped',
    '12-28 02:00 run',
  ])
  const notes = enumerateSlots(
    schedule,
    Date.parse('2026-12-26T12:00:00Z'),
    Date.parse('2026-12-27T20:00:00Z'),
  )
  t.same(notes.map(({ note }) => note).slice(1, 3), [
    'blackout until 27 Dec 2026, 02:00: Year end',
    '27 Dec 2026 is a day off: Sunday',
  ])
  t.equal(
    formatWithOffset(chicago, nextSlot(schedule, Date.parse('2026-12-24T12:00:00Z'))!.at),
    '2026-12-28T02:00:00-06:00',
  )
})

t.test(
  'of the slots in a blackout the last one starts when it ends, and covers the days of the others',
  async (t) => {
    const calendar = calendarOf([yearEnd])
    const schedule = scheduleOf('30 18 * * *', {
      calendar,
      onBlackout: 'after',
      delayMs: 60_000,
      spreadMs: 60_000,
    })
    const slots = enumerateSlots(
      schedule,
      Date.parse('2026-12-24T00:00:00Z'),
      Date.parse('2026-12-28T12:00:00Z'),
    )
    t.match(slots, [
      { nominal: '2026-12-23T18:30', outcome: 'run', note: '' },
      {
        nominal: '2026-12-24T18:30',
        outcome: 'skipped',
        note: 'blackout until 27 Dec 2026, 00:00: Year end; the slot of 26 Dec 2026, 18:30 runs after it',
      },
      { nominal: '2026-12-25T18:30', outcome: 'skipped' },
      {
        nominal: '2026-12-26T18:30',
        outcome: 'shifted',
        skippedDays: 2,
        startsAt: Date.parse('2026-12-27T06:01:00Z'),
        note: 'starts 27 Dec 2026, 00:00, after the blackout: Year end',
      },
      { nominal: '2026-12-27T18:30', outcome: 'run', skippedDays: 0 },
    ])
    t.equal(slots.length, 5)
    t.equal(startOfSlot(schedule, slots[3]!.at), slots[3]!.startsAt)
  },
)

t.test('a spread that would reach into the next blackout starts at the end of the last', async (t) => {
  const gap = calendarOf([
    { title: 'Evening', from: '22:00', until: '02:00' },
    { title: 'Early', from: '02:05', until: '06:00' },
  ])
  const schedule = scheduleOf('0 23 * * *', { calendar: gap, onBlackout: 'after', delayMs: 600_000 })
  t.match(tell(schedule, '2026-11-10T12:00:00Z', '2026-11-11T12:00:00Z'), ['11-10 23:00 shifted 11-11 02:00'])
  const late = scheduleOf('55 21 * * *', { calendar: gap, delayMs: 600_000 })
  t.ok(neverFires(late), 'what would start in a blackout is in it')
})

t.test('blackouts that leave no time are always one', async (t) => {
  const always = calendarOf([
    { title: 'Days', from: '06:00', until: '20:00' },
    { title: 'Nights', from: '20:00', until: '06:00' },
  ])
  for (const onBlackout of [undefined, 'after'] as const) {
    const schedule = scheduleOf('* * * * *', { calendar: always, ...(onBlackout && { onBlackout }) })
    t.ok(neverFires(schedule))
    t.equal(nextSlot(schedule, 0), undefined)
    t.match(enumerateSlots(schedule, 0, 3 * 60_000), [{ outcome: 'skipped', note: 'blackout: Days' }, {}, {}])
  }
  const open = calendarOf([{ title: 'Nearly', from: '06:00', until: '05:59' }])
  t.notOk(neverFires(scheduleOf('* * * * *', { calendar: open })))
})

/** Whether a moment is in a blackout, by the wall clock and by comparing texts. */
function isClosed(blackouts: Blackout[], at: number): boolean {
  const wall = formatLocal(chicago, at, 'yyyy-MM-ddTHH:mm')
  const time = wall.slice(11)
  const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
  const { weekday } = toLocal(chicago, at)
  const [today, yesterday] = [names[weekday]!, names[(weekday + 6) % 7]!]
  return blackouts.some(({ from, until, days = names as unknown as (typeof names)[number][] }) => {
    if (from.length > 5) return wall >= from && wall < until
    if (until > from) return days.includes(today) && time >= from && time < until
    return (days.includes(today) && time >= from) || (days.includes(yesterday) && time < until)
  })
}

t.test(
  'whatever the blackouts, nothing starts in one, no day is lost, and pieces are as the whole',
  async (t) => {
    let state = 7
    const random = (below: number) => {
      state = (state * 48271) % 2147483647
      return state % below
    }
    const two = (value: number) => String(value).padStart(2, '0')
    const time = () => `${two(random(24))}:${two(random(4) * 15)}`
    const moment = (dayOfYear: number) =>
      `${new Date(Date.UTC(2026, 0, 1 + dayOfYear)).toISOString().slice(0, 10)}T${time()}`
    const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
    // A year without the days on which the clock changes: a wall time stands for one moment.
    const [from, until] = [Date.UTC(2026, 2, 10), Date.UTC(2026, 9, 30)]
    let closedSlots = 0
    for (let round = 0; round < 40; round++) {
      const blackouts: Blackout[] = Array.from({ length: 1 + random(5) }, (_, index) => {
        const title = `B${index}`
        const begin = random(330)
        if (random(2) === 0) return { title, from: moment(begin), until: moment(begin + 1 + random(9)) }
        const days = names.filter(() => random(3) === 0)
        return { title, from: time(), until: time(), ...(days.length > 0 && { days }) }
      })
      const cron = ['30 18 * * *', '0 * * * *', '15 3 * * *', '0 23 * * *', '45 6,12 * * *'][random(5)]!
      const delayMs = random(2) * random(40) * 60_000
      const more = { calendar: calendarOf(blackouts), ...(delayMs && { delayMs }) }
      const plain = enumerateSlots(scheduleOf(cron), from, until)
      const where = `${cron} ${delayMs} ${JSON.stringify(blackouts)}`
      const open = plain.filter(({ at }) => !isClosed(blackouts, at + delayMs)).map(({ at }) => at)
      closedSlots += plain.length - open.length
      const skipping = scheduleOf(cron, more)
      const due = (slots: PlannedSlot[]) => slots.filter(({ outcome }) => outcome !== 'skipped')
      t.same(
        due(enumerateSlots(skipping, from, until)).map(({ at }) => at),
        open,
        where,
      )
      const waiting = scheduleOf(cron, { ...more, onBlackout: 'after' })
      const whole = enumerateSlots(waiting, from, until)
      t.equal(whole.length, plain.length, where)
      const starts = due(whole).map(({ startsAt }) => startsAt)
      t.notOk(
        starts.some((at) => isClosed(blackouts, at)),
        where,
      )
      for (const schedule of [skipping, waiting]) {
        const all = enumerateSlots(schedule, from, until)
        const pieces: PlannedSlot[] = []
        for (let at = from; at < until; at += 31 * hour)
          pieces.push(...enumerateSlots(schedule, at, Math.min(until, at + 31 * hour)))
        t.same(pieces, all, where)
        const steps: number[] = []
        for (
          let slot = nextSlot(schedule, from);
          slot && slot.at <= until;
          slot = nextSlot(schedule, slot.at)
        )
          steps.push(slot.at)
        t.same(
          steps,
          due(all).map(({ at }) => at),
          where,
        )
      }
      if (cron === '0 * * * *' || cron === '45 6,12 * * *') continue
      const daysOf = (slots: PlannedSlot[]) =>
        due(slots).flatMap(({ at, skippedDays }) => {
          const { start, end } = periodOf('day', at, chicago, '00:00', { skippedDays })
          const count = Math.round((Date.parse(end) - Date.parse(start)) / day)
          return Array.from({ length: count }, (_, index) =>
            formatLocal(chicago, Date.parse(start) + index * day, 'MM-dd'),
          )
        })
      const [last] = due(whole).slice(-1)
      // The first of them may make up for days before the time that is looked at.
      const covered = daysOf(whole).filter((each) => each >= '03-10')
      const expected = daysOf(plain.filter(({ at }) => at <= last!.at)).filter((each) => each >= '03-10')
      t.same(covered, expected, `each day once: ${where}`)
    }
    t.comment(`${closedSlots} slots in blackouts`)
    t.ok(closedSlots > 5000)
  },
)
