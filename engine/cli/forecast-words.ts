/** A forecast as people read it: by local day, one line for what is due together. */
import { describeDaysOff } from '../catalog/schedule-words.ts'
import { dayNumber, peopleDay, weekdayName } from '../core/civil.ts'
import { formatDuration } from '../core/duration.ts'
import type { ForecastSlot } from '../core/forecast.ts'
import type { Snapshot } from '../core/model.ts'
import { describeFields } from '../core/schedule-words.ts'
import { spellCount } from '../core/spell-count.ts'
import type { LeftOut } from './forecast.ts'
import { formatTable } from './table.ts'

const mostLines = 2000
/** A schedule with more ordinary slots than this on a day is one line. */
const listedPerDay = 12
const listedCallCenters = 3

interface Line {
  /** `2026-11-22`, local. */
  day: string
  times: string
  slot: ForecastSlot
  callCenters: string[]
}

/** Describes the slots, grouped by the local day of each, and what was left out. */
export function describeForecast(
  slots: readonly ForecastSlot[],
  snapshots: readonly Snapshot[],
  leftOut: LeftOut,
): string {
  const lines = joinOrdinary(joinCallCenters(slots)).sort((a, b) =>
    a.day < b.day ? -1 : a.day > b.day ? 1 : 0,
  )
  const shown = lines.slice(0, mostLines)
  const [headings = '', ...rows] = formatTable(
    ['  TIME', 'JOB', 'SCHEDULE', 'CALL CENTER', 'ZONE', 'OUTCOME'],
    shown.map(({ times, slot, callCenters }) => [
      `  ${times}`,
      slot.job,
      slot.schedule,
      describeCallCenters(callCenters),
      slot.timezone,
      describeOutcome(slot),
    ]),
  ).split('\n')
  const text = rows.flatMap((row, index) =>
    shown[index]?.day === shown[index - 1]?.day ? [row] : ['', describeDay(shown[index]?.day ?? ''), row],
  )
  const more = lines.length - shown.length
  return [
    ...(snapshots.length === 1 ? describeSchedules(snapshots[0]!) : []),
    ...(rows.length > 0 ? [headings, ...text, ''] : []),
    ...(more > 0
      ? [`... and ${spellCount(more, 'more line')}: name a --job or fewer --days, or use --json`]
      : []),
    summarize(slots, snapshots, leftOut),
  ].join('\n')
}

/** Of a single job: when it is due, in words. */
function describeSchedules({ job, schedules, manifest }: Snapshot): string[] {
  const rows = manifest.fanOut ? '. Then a run for each row of its fanOut' : ''
  return schedules.map((schedule) => {
    const [words, more] = [describeFields(schedule.fields), describeDaysOff(schedule)]
    return `${job} ${schedule.name}: ${words} (${schedule.timezone})${more ? `. ${more}` : ''}${rows}`
  })
}

function describeOutcome({ outcome, note, at, startsAt }: ForecastSlot): string {
  const laterMs = Date.parse(startsAt) - Date.parse(at)
  // Of a blackout the note says when it starts.
  const start = laterMs > 0 && outcome === 'run' ? `, starts ${formatDuration(laterMs)} later` : ''
  return `${outcome}${start}${note ? `: ${note}` : ''}`
}

/** One line for the call centers of one moment. */
function joinCallCenters(slots: readonly ForecastSlot[]): Line[] {
  const lines: Line[] = []
  const open = new Map<string, Line>()
  let at = ''
  for (const slot of slots) {
    if (slot.at !== at) open.clear()
    at = slot.at
    const key = `${slot.job} ${slot.schedule}`
    const line = open.get(key)
    if (line && slot.callCenter !== null) line.callCenters.push(slot.callCenter)
    else {
      const callCenters = slot.callCenter === null ? [] : [slot.callCenter]
      const day = slot.local.slice(0, 10)
      const opened: Line = { day, times: slot.local.slice(11, 16), slot, callCenters }
      open.set(key, opened)
      lines.push(opened)
    }
  }
  return lines
}

/** One line for the many ordinary moments of one schedule on one day. */
function joinOrdinary(lines: Line[]): Line[] {
  const isOrdinary = ({ slot }: Line) => slot.outcome === 'run' && slot.note === ''
  const keyOf = ({ day, slot }: Line) => `${day} ${slot.job} ${slot.schedule}`
  const groups = new Map<string, Line[]>()
  for (const line of lines) {
    if (!isOrdinary(line)) continue
    const group = groups.get(keyOf(line))
    if (group) group.push(line)
    else groups.set(keyOf(line), [line])
  }
  return lines.flatMap((line) => {
    const group = isOrdinary(line) ? (groups.get(keyOf(line)) ?? []) : []
    if (group.length <= listedPerDay) return [line]
    if (group[0] !== line) return []
    const last = group.at(-1) ?? line
    return [{ ...line, times: `${line.times} to ${last.times}, ${spellCount(group.length, 'time')}` }]
  })
}

function describeCallCenters(names: string[]): string {
  if (names.length === 0) return '-'
  return names.length > listedCallCenters ? spellCount(names.length, 'call center') : names.join(', ')
}

/** `Sunday 22 Nov 2026` */
function describeDay(day: string): string {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number)
  const number = dayNumber(year, month, date)
  return `${weekdayName(number)} ${peopleDay(number)}`
}

function summarize(slots: readonly ForecastSlot[], snapshots: readonly Snapshot[], leftOut: LeftOut): string {
  const jobs = new Set(slots.map(({ job }) => job))
  const quiet = snapshots.length - jobs.size
  const reasons = [
    quiet > 0 ? `${spellCount(quiet, 'job')} not due in this time` : '',
    leftOut.disabled > 0 ? `${spellCount(leftOut.disabled, 'disabled job')}` : '',
    leftOut.notScheduled > 0 ? `${spellCount(leftOut.notScheduled, 'job')} that no schedule starts` : '',
    leftOut.withProblems > 0 ? `${spellCount(leftOut.withProblems, 'job')} with problems` : '',
  ].filter(Boolean)
  const skipped = slots.filter(({ outcome }) => outcome === 'skipped').length
  const runs = slots.filter(({ outcome }) => outcome !== 'skipped')
  const times = new Set(runs.map(({ job, schedule, at }) => `${job} ${schedule} ${at}`)).size
  const callCenters = new Set(runs.flatMap(({ callCenter }) => callCenter ?? [])).size
  const spread =
    callCenters > 0 ? ` (${spellCount(times, 'time')}, ${spellCount(callCenters, 'call center')})` : ''
  const told = `${spellCount(runs.length, 'run')} of ${spellCount(jobs.size, 'job')}${spread}`
  const left = reasons.length > 0 ? `; left out: ${reasons.join(', ')}` : ''
  return `${told}${skipped > 0 ? `, ${skipped} skipped` : ''}${left}`
}
