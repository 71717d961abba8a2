/** Slots against a walk through every real minute: the wall clock is read from Intl, the fields from the cron text. */
import t from 'tap'
import { parseCron } from '../../../engine/config/cron.ts'
import type { CompiledSchedule } from '../../../engine/core/model.ts'
import { enumerateSlots } from '../../../engine/core/slots.ts'

const minute = 60_000
const day = 1440 * minute

const zones2026 = [
  'America/Chicago',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'America/Havana',
  'America/Santiago',
  'America/Nuuk',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Beirut',
]
/** Zones and moments that 2026 has nothing like: a steady zone, changes at 00:01, a day that never was. */
const moments: [zone: string, at: number][] = [
  ['Asia/Kolkata', Date.UTC(2026, 2, 8, 8)],
  ['UTC', Date.UTC(2026, 2, 8, 8)],
  ['America/Sao_Paulo', Date.UTC(2018, 10, 4, 3)],
  ['America/Sao_Paulo', Date.UTC(2019, 1, 17, 2)],
  ['America/St_Johns', Date.UTC(2010, 2, 14, 3, 31)],
  ['America/St_Johns', Date.UTC(2010, 10, 7, 2, 31)],
  ['Pacific/Apia', Date.UTC(2011, 11, 30, 10)],
]
const crons = [
  '30 2 * * *',
  '0 2 * * *',
  '15 0 * * *',
  '59 23 * * *',
  '0,30 0-4 * * *',
  '*/15 * * * *',
  '0-30/10 * * * *',
  '* 2 * * *',
  '0 * * * *',
  '7 1-3 * * 0',
  '45 23,0,1 * * 6,0,1',
  '0 0 1,29 * 1',
  '0-59/20 0-23 * 3-11 *',
]

interface Wall {
  /** As if it were UTC. */
  ms: number
  fields: [number, number, number, number, number]
}

function fieldsAt(wallMs: number): Wall['fields'] {
  const date = new Date(wallMs)
  return [
    date.getUTCMinutes(),
    date.getUTCHours(),
    date.getUTCDate(),
    date.getUTCMonth() + 1,
    date.getUTCDay(),
  ]
}

function wallReader(zone: string): (at: number) => Wall {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
  return (at) => {
    const ms = Date.parse(`${format.format(at).replace(' ', 'T')}Z`)
    return { ms, fields: fieldsAt(ms) }
  }
}

function changesOf2026(zone: string): number[] {
  const wallAt = wallReader(zone)
  const hour = 60 * minute
  const walls = Array.from({ length: 365 * 24 }, (_, index) => wallAt(Date.UTC(2026, 0, 1) + index * hour).ms)
  return walls.flatMap((wallMs, index) =>
    index > 0 && wallMs - (walls[index - 1] ?? 0) !== hour ? [Date.UTC(2026, 0, 1) + (index - 1) * hour] : [],
  )
}

/** All values of 0 to 59 that a field's text names. */
function valuesOf(text: string): Set<number> {
  const values = text.split(',').flatMap((item) => {
    const [range = '', step = '1'] = item.split('/')
    const [from = 0, to = from] = range === '*' ? [0, 59] : range.split('-').map(Number)
    return Array.from({ length: 60 }, (_, value) => value).filter(
      (value) => value >= from && value <= to && (value - from) % Number(step) === 0,
    )
  })
  return new Set(values)
}

function matcherOf(cron: string): (fields: Wall['fields']) => boolean {
  const texts = cron.split(' ')
  const eitherDay = texts[2] !== '*' && texts[4] !== '*'
  const sets = texts.map(valuesOf)
  return (fields) => {
    const [inMinute, inHour, onDate, inMonth, onWeekday] = fields.map((value, index) =>
      sets[index]?.has(value),
    )
    const onDay = eitherDay ? onDate || onWeekday : onDate && onWeekday
    return Boolean(inMinute && inHour && inMonth && onDay)
  }
}

/** Walks the minutes and, for fixed times, catches up on the wall minutes that were jumped over, none twice. */
function walk(walls: Wall[], start: number, cron: string): number[] {
  const matches = matcherOf(cron)
  const isWildcard = cron.split(' ', 2).some((text) => text.startsWith('*'))
  const due: number[] = []
  let reached = Number.NEGATIVE_INFINITY
  for (const [index, wall] of walls.entries()) {
    let isDue = false
    if (isWildcard) isDue = matches(wall.fields)
    else {
      const first = reached === Number.NEGATIVE_INFINITY ? wall.ms : reached + minute
      for (let ms = first; ms <= wall.ms; ms += minute) isDue ||= matches(fieldsAt(ms))
      reached = Math.max(reached, wall.ms)
    }
    if (isDue) due.push(start + index * minute)
  }
  return due
}

function scheduleOf(cron: string, timezone: string): CompiledSchedule {
  const parsed = parseCron(cron)
  if ('problem' in parsed) throw new Error(parsed.problem)
  const rest = { calendar: null, onHoliday: 'skip', catchUp: 'latest', catchUpWindowMs: day } as const
  return { name: 'test', cron, timezone, fields: parsed.fields, ...rest }
}

t.test('around every clock change the slots are those of a walk through real minutes', async (t) => {
  const cases = [
    ...zones2026.flatMap((zone) => changesOf2026(zone).map((at) => [zone, at] as const)),
    ...moments.map(([zone, at]) => [zone, at] as const),
  ]
  let compared = 0
  let slots = 0
  const differences: string[] = []
  for (const [zone, change] of cases) {
    const start = Math.floor(change / day) * day - 2 * day
    const until = start + 5 * day
    const wallAt = wallReader(zone)
    const walls = Array.from({ length: (until - start) / minute }, (_, index) =>
      wallAt(start + index * minute),
    )
    for (const cron of crons) {
      // The walk knows no minute before its first, so the first is left out; the last is not walked.
      const found = enumerateSlots(scheduleOf(cron, zone), start, until - minute).map(({ at }) => at)
      const expected = walk(walls, start, cron).filter((at) => at > start)
      compared += 1
      slots += expected.length
      if (JSON.stringify(found) !== JSON.stringify(expected)) differences.push(`${zone} ${cron}`)
    }
  }
  t.comment(
    `${compared} cases with ${slots} slots at ${cases.length} moments, ${differences.length} differences`,
  )
  t.same(differences, [])
  t.ok(cases.length >= 27 && compared === cases.length * crons.length && slots > 10_000)
})
