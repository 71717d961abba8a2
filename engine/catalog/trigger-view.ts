/** What starts a job, as customers see it. */
import { spellFollow } from '../core/follow-ups.ts'
import type { CompiledSchedule, Snapshot, Trigger } from '../core/model.ts'
import { parametersOf } from '../core/parameters.ts'
import { describeFields } from '../core/schedule-words.ts'
import { nextSlot } from '../core/slots.ts'
import { joinWords, type Moment, spellMoment } from './plain-words.ts'
import { nameConnection } from './redact.ts'
import { describeDaysOff } from './schedule-words.ts'

export interface TriggerView {
  /** The platform's own name: `Campaign`, `Scheduled`, `FTPin`, `Manual`. */
  type: string
  /** When it starts the job, one sentence for each schedule or folder. */
  words: string[]
  /** What the next execution waits for where no moment is known. */
  waitsFor: string
}

export interface ScheduleView {
  name: string
  words: string
  timezone: string
  /** What days off change; empty for nothing. */
  daysOff: string
  /** In the schedule's own zone; null for a disabled job and a schedule that is never due again. */
  next: Moment | null
}

const titles: Record<Trigger['type'], string> = {
  scheduled: 'Scheduled',
  campaign: 'Campaign',
  'ftp-in': 'FTPin',
  manual: 'Manual',
  after: 'After',
}

const awaited: Record<Trigger['type'], string> = {
  scheduled: 'Not planned',
  campaign: 'At the next campaign end',
  'ftp-in': 'At the next file',
  manual: 'On request',
  after: 'After another job',
}

/** Shows what starts a job. A schedule's zone is named where it is not the client's. */
export function viewTrigger(snapshot: Snapshot): TriggerView {
  const { trigger, enabled } = snapshot.manifest
  return {
    type: titles[trigger.type] ?? trigger.type,
    words: describeTrigger(trigger, snapshot),
    waitsFor: enabled ? (awaited[trigger.type] ?? 'Not planned') : 'Disabled',
  }
}

/** Shows one schedule, with its next execution after `nowMs` where the job is enabled. */
export function viewSchedule(schedule: CompiledSchedule, isEnabled: boolean, nowMs: number): ScheduleView {
  const slot = isEnabled ? nextSlot(schedule, nowMs) : undefined
  return {
    name: schedule.name,
    words: describeFields(schedule.fields),
    timezone: schedule.timezone,
    daysOff: describeDaysOff(schedule),
    next: slot === undefined ? null : spellMoment(schedule.timezone, slot.startsAt),
  }
}

/** The next moment at which any schedule of an enabled job is due, in a zone; null where none is. */
export function nextExecution(snapshot: Snapshot, timezone: string, nowMs: number): Moment | null {
  if (!snapshot.manifest.enabled) return null
  const moments = snapshot.schedules.flatMap((schedule) => nextSlot(schedule, nowMs)?.startsAt ?? [])
  return moments.length === 0 ? null : spellMoment(timezone, Math.min(...moments))
}

/** What each run is given by name, as people call it. */
function describeTaken(trigger: Trigger): string {
  const titles = parametersOf(trigger).map(({ name, title }) => title ?? name)
  return titles.length === 0 ? '' : `, with ${joinWords(titles, 'and')}`
}

function describeTrigger(trigger: Trigger, snapshot: Snapshot): string[] {
  switch (trigger.type) {
    case 'scheduled':
      return snapshot.schedules.map(({ fields, timezone }) => {
        const zone = timezone === snapshot.client.timezone ? '' : ` (${timezone})`
        return `${describeFields(fields)}${zone}`
      })
    case 'campaign':
      return [`When a campaign ends${describeTaken(trigger)}`]
    case 'ftp-in':
      return trigger.folders.map(({ connection, path, match, batch }) => {
        const names = match === undefined ? '' : ` named ${joinWords(match, 'or')}`
        const what = batch === 'batch' ? `files${names} are` : `a file${names} is`
        return `When ${what} posted to ${path} (${nameConnection(snapshot.connections, connection)})`
      })
    case 'manual':
      return [`On request${describeTaken(trigger)}`]
    case 'after':
      return [upperFirst(spellFollow(trigger))]
    default:
      return []
  }
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
