/** What a change does to a job's schedules, with the slots to come before and after. */
import { DAY, HOUR, MINUTE, SECOND } from '../civil.ts'
import type { CompiledSchedule } from '../model.ts'
import { describeFields } from '../schedule-words.ts'
import { enumerateSlots, type PlannedSlot } from '../slots.ts'
import { formatWithOffset, segmentAt } from '../zone.ts'
import { isSame, listDifferences } from './differences.ts'
import type { Effect, SlotView } from './model.ts'
import { phrase } from './phrase.ts'
import { settingEffects } from './setting-effects.ts'

const shownSlots = 5
// What is skipped between the shown ones is shown too, but a schedule of every minute has a whole weekend of it.
const maxEntries = 12
const lookAheadMs = 5 * 366 * DAY
const yearMs = 366 * DAY
const maxClockChanges = 6

/** Compares schedules by name. A cron text that says the same by other signs is no effect. */
export function scheduleEffects(
  before: readonly CompiledSchedule[],
  after: readonly CompiledSchedule[],
  nowMs: number,
): Effect[] {
  const names = [...new Set([...before, ...after].map(({ name }) => name))]
  return names.flatMap((name) => {
    const find = (schedules: readonly CompiledSchedule[]) => schedules.find((each) => each.name === name)
    return compareSchedules(find(before), find(after), nowMs)
  })
}

/** The next five slots that run, and what is skipped between them, with their notes. */
export function nextSlots(schedule: CompiledSchedule, nowMs: number): SlotView[] {
  const slots = enumerateSlots(schedule, nowMs, nowMs + lookAheadMs, maxEntries)
  let running = 0
  const end = slots.findIndex(({ outcome }) => outcome !== 'skipped' && ++running === shownSlots)
  return (end < 0 ? slots : slots.slice(0, end + 1)).map((slot) => viewSlot(schedule, slot))
}

function compareSchedules(
  before: CompiledSchedule | undefined,
  after: CompiledSchedule | undefined,
  nowMs: number,
): Effect[] {
  const slots = {
    before: before ? nextSlots(before, nowMs) : [],
    after: after ? nextSlots(after, nowMs) : [],
  }
  if (!after) {
    const { name } = before!
    const told = phrase`schedule ${name} is removed: ${describeSchedule(before!)}`
    return [{ kind: 'schedule-removed', schedule: name, ...slots, clockChanges: [], phrase: told }]
  }
  const { name } = after
  const clockChanges = notedClockChanges(after, slots.after, nowMs)
  if (!before) {
    const told = phrase`schedule ${name} is added: ${describeSchedule(after)}`
    return [{ kind: 'schedule-added', schedule: name, ...slots, clockChanges, phrase: told }]
  }
  const other = settingEffects(
    phrase`schedule ${name}`,
    `trigger.schedules[${name}]`,
    listDifferences(lateness(before), lateness(after)),
  )
  if (isSame(moments(before), moments(after)) && isSame(slots.before, slots.after)) return other
  const isSaid = describeSchedule(before) !== describeSchedule(after)
  const told = isSaid
    ? phrase`schedule ${name} moves: ${describeSchedule(before)} becomes ${describeSchedule(after)}`
    : phrase`schedule ${name} moves: its calendar ${after.calendar?.name ?? ''} changed`
  return [{ kind: 'schedule-moved', schedule: name, ...slots, clockChanges, phrase: told }, ...other]
}

/** All that decides when a schedule is due, but for the days of its calendar: those are compared by the slots. */
function moments({ fields, timezone, calendar, fromMs, untilMs, ...rest }: CompiledSchedule) {
  const { onHoliday, onBlackout = 'skip' } = rest
  const onDaysOff = calendar && { calendar: calendar.name, onHoliday, onBlackout }
  return { fields, timezone, onDaysOff, fromMs: fromMs ?? null, untilMs: untilMs ?? null }
}

function lateness({ catchUp, catchUpWindowMs, spreadMs, delayMs }: CompiledSchedule) {
  return {
    catchUp,
    ...(catchUp === 'none' ? {} : { catchUpWindow: spellExactly(catchUpWindowMs) }),
    ...(spreadMs && { spread: spellExactly(spreadMs) }),
    ...(delayMs && { 'start later by': spellExactly(delayMs) }),
  }
}

/** A duration as manifests write it, in the largest unit that leaves no rest. */
function spellExactly(ms: number): string {
  const units: [string, number][] = [
    ['d', DAY],
    ['h', HOUR],
    ['m', MINUTE],
    ['s', SECOND],
  ]
  const [unit, size] = units.find(([, each]) => ms % each === 0) ?? ['ms', 1]
  return `${ms / size}${unit}`
}

/** In words, and exactly: `Monday at 07:00 America/Chicago (0 7 * * 1; us-business: next)`. */
function describeSchedule(schedule: CompiledSchedule): string {
  const { fields, cron, timezone, calendar, onHoliday, onBlackout, fromMs, untilMs } = schedule
  const exactly = [
    cron,
    calendar ? `${calendar.name}: ${onHoliday}` : '',
    onBlackout ? `onBlackout: ${onBlackout}` : '',
    fromMs === undefined ? '' : `from ${formatWithOffset(timezone, fromMs)}`,
    untilMs === undefined ? '' : `until ${formatWithOffset(timezone, untilMs)}`,
  ]
  return `${describeFields(fields)} ${timezone} (${exactly.filter(Boolean).join('; ')})`
}

/** Slots of the coming year around changes of the clock that are not as usual, less those that are shown anyway. */
function notedClockChanges(schedule: CompiledSchedule, shown: SlotView[], nowMs: number): SlotView[] {
  // A schedule that follows real time has no slot that a clock change moves.
  if (schedule.fields.wildcard) return []
  const found: SlotView[] = []
  for (let segment = segmentAt(schedule.timezone, nowMs); segment.until < nowMs + yearMs; ) {
    const next = segmentAt(schedule.timezone, segment.until)
    if (next.offsetMs !== segment.offsetMs) {
      const around = enumerateSlots(schedule, Math.max(nowMs, segment.until - DAY), segment.until + DAY)
      found.push(...around.filter(isClockNote).map((slot) => viewSlot(schedule, slot)))
    }
    segment = next
  }
  return found.filter(({ at }) => !shown.some((slot) => slot.at === at)).slice(0, maxClockChanges)
}

function isClockNote({ outcome, note }: PlannedSlot): boolean {
  return outcome === 'run' && note !== ''
}

function viewSlot({ timezone }: CompiledSchedule, { at, outcome, note }: PlannedSlot): SlotView {
  const local = formatWithOffset(timezone, at)
  return { at: new Date(at).toISOString(), local, timezone, outcome, note }
}
