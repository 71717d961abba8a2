/** What is not as usual about a schedule, as words beside when it is due. */
import { hasBlackouts } from '../core/blackouts.ts'
import { DAY, peopleDay, timeOfDay } from '../core/civil.ts'
import { formatDuration } from '../core/duration.ts'
import type { CompiledSchedule } from '../core/model.ts'
import { wallMsAt } from '../core/zone.ts'

/**
 * Describes what days off and blackouts do to a schedule, since and until when it is in force, and how much later its
 * runs start; empty where nothing is to be said.
 */
export function describeDaysOff(schedule: CompiledSchedule): string {
  const words = [...describeCalendar(schedule), ...describeForce(schedule), ...describeSpread(schedule)]
  return words.map((each, index) => (index === 0 ? upperFirst(each) : each)).join('; ')
}

function describeCalendar({ calendar, onHoliday, onBlackout }: CompiledSchedule): string[] {
  if (calendar === null) return []
  const onDaysOff = {
    skip: 'not on days off',
    previous: 'on days off: the business day before',
    next: 'on days off: the business day after',
  }[onHoliday]
  const inBlackouts = onBlackout === 'after' ? 'in blackouts: when they have ended' : 'not in blackouts'
  const isClosed = hasBlackouts(calendar)
  const hasDaysOff = Boolean(calendar.weekends?.length || calendar.holidays?.length)
  const words = [...(hasDaysOff || !isClosed ? [onDaysOff] : []), ...(isClosed ? [inBlackouts] : [])]
  return [`${words.join(', ')} (${calendar.title})`]
}

function describeForce({ timezone, fromMs, untilMs }: CompiledSchedule): string[] {
  const from = fromMs === undefined ? '' : `from ${spellEdge(timezone, fromMs)}`
  const until = untilMs === undefined ? '' : `until ${spellEdge(timezone, untilMs, true)}`
  const words = [from, until].filter(Boolean).join(' ')
  return words ? [words] : []
}

/** A midnight is its day; as an end the day that ends there. */
function spellEdge(timezone: string, epochMs: number, isEnd = false): string {
  const wallMs = wallMsAt(timezone, epochMs)
  const day = Math.floor(wallMs / DAY)
  const time = wallMs - day * DAY
  if (time === 0) return peopleDay(isEnd ? day - 1 : day)
  return `${peopleDay(day)}, ${timeOfDay(time)}`
}

function describeSpread({ delayMs = 0 }: CompiledSchedule): string[] {
  return delayMs > 0 ? [`starts ${formatDuration(delayMs)} later`] : []
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
