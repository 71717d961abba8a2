import t from 'tap'
import { readCron } from '../../../engine/config/cron-cache.ts'
import { compareSchedules, shortestGapMinutes } from '../../../engine/config/schedule-gaps.ts'
import type { Calendar } from '../../../engine/core/manifest.ts'
import type { CompiledSchedule } from '../../../engine/core/model.ts'
import { enumerateSlots } from '../../../engine/core/slots.ts'

const calendar: Calendar = {
  apiVersion: 'jobsd/v1',
  kind: 'Calendar',
  name: 'c',
  title: 'C',
  weekends: ['sat', 'sun'],
  holidays: [{ date: '2026-05-25', title: 'Memorial Day' }],
}
const floorMinutes = 60

function schedule(cron: string, timezone = 'UTC', more: Partial<CompiledSchedule> = {}): CompiledSchedule {
  const parsed = readCron(cron)
  if ('problem' in parsed) throw new Error(parsed.problem)
  const { fields } = parsed
  return {
    name: cron,
    cron,
    timezone,
    onHoliday: 'skip',
    catchUp: 'latest',
    catchUpWindowMs: 0,
    fields,
    calendar: null,
    ...more,
  }
}

/** The moments of half a year, as the engine counts them. In zones without a clock change: what one does is left out. */
function momentsOf(one: CompiledSchedule): number[] {
  const slots = enumerateSlots(one, Date.UTC(2026, 2, 1), Date.UTC(2026, 8, 1))
  return slots.filter(({ outcome }) => outcome !== 'skipped').map(({ at }) => at / 60_000)
}

const crons = [
  '0 6 * * *',
  '0,55 0,23 * * 1',
  '*/20 5-6 * * *',
  '50 23 * * 1-5',
  '10 0 * * 2,6',
  '30 12 1,15 * *',
  '30 12 * * 1',
  '0 9 */2 * 1-5',
  '30 23 * * 3',
]
const zones = ['UTC', 'Asia/Kolkata', 'Pacific/Kiritimati', 'Pacific/Pago_Pago']
const all = [
  ...crons.flatMap((cron) => zones.map((zone) => schedule(cron, zone))),
  ...(['skip', 'previous', 'next'] as const).map((onHoliday) =>
    schedule('15 12 * * *', 'UTC', { calendar, onHoliday }),
  ),
]

t.test('the shortest gap of a schedule is that of its slots', async (t) => {
  for (const one of all) {
    const moments = momentsOf(one)
    const gaps = moments.slice(1).map((at, index) => at - moments[index]!)
    const counted = Math.min(...gaps, floorMinutes)
    t.equal(
      Math.min(shortestGapMinutes(one, floorMinutes), floorMinutes),
      counted,
      `${one.cron} ${one.timezone}`,
    )
  }
})

t.test('what two schedules have to do with each other is what their slots have', async (t) => {
  const wrong: string[] = []
  let pairs = 0
  const moments = new Map(all.map((one) => [one, momentsOf(one)]))
  for (const a of all) {
    for (const b of all) {
      pairs++
      const [ofA, ofB] = [moments.get(a)!, moments.get(b)!]
      const inA = new Set(ofA)
      const near = ofB.flatMap((at) =>
        ofA.filter((other) => Math.abs(other - at) < floorMinutes).map((other) => Math.abs(other - at)),
      )
      const gap = Math.min(floorMinutes, ...near.filter((minutes) => minutes > 0))
      const found = compareSchedules(a, b, floorMinutes)
      const same =
        Math.min(found.gapMinutes, floorMinutes) === gap &&
        found.coincide === near.includes(0) &&
        (found.within !== 'second' || ofB.every((at) => inA.has(at)))
      if (!same)
        wrong.push(`${a.cron} ${a.timezone} / ${b.cron} ${b.timezone}: ${JSON.stringify(found)}, not ${gap}`)
    }
  }
  t.comment(`${pairs} pairs`)
  t.same(wrong, [])
})

t.test('a schedule within another is told, whichever comes first', async (t) => {
  const daily = schedule('30 18 * * *')
  const fridays = schedule('30 18 * * 5')
  t.equal(compareSchedules(daily, fridays, 1).within, 'second')
  t.equal(compareSchedules(fridays, daily, 1).within, 'first')
  t.equal(compareSchedules(fridays, schedule('30 18 * * 1'), 1).within, null)
  t.match(compareSchedules(schedule('0 12 * 7 *', 'Europe/London'), schedule('5 11 * * *'), 15), {
    gapMinutes: 5,
  })
  t.match(
    compareSchedules(schedule('0 12 * 1 *', 'Europe/London'), schedule('5 11 * * *'), 15).gapMinutes > 15,
    true,
  )
})

t.test('intervals of days are found too', async (t) => {
  const minutes = 4 * 1440
  t.equal(shortestGapMinutes(schedule('0 6 * * 1,4'), minutes), 3 * 1440)
  t.equal(compareSchedules(schedule('0 6 * * 2'), schedule('0 7 * * 5'), minutes).gapMinutes, 3 * 1440 + 60)
  t.ok(shortestGapMinutes(schedule('0 6 * * 1'), minutes) >= minutes)
})
