/** Rules about when a job is due. */
import { formatDuration, parseDuration } from '../../core/duration.ts'
import type { Job } from '../../core/manifest.ts'
import type { CompiledSchedule, JobId } from '../../core/model.ts'
import { neverFires } from '../../core/slots.ts'
import type { Manifests } from '../config.ts'
import { type LoadedDocument, placeInside, placeOf } from '../places.ts'
import { quote } from '../problems.ts'
import { compileSchedule, isWhole, writtenMoments } from '../schedule.ts'
import { compareSchedules, type Encounter, shortestGapMinutes } from '../schedule-gaps.ts'
import { jobRule, type Rule } from './rule.ts'

const minuteMs = 60_000
const defaultMinInterval = '15m'

interface Due {
  schedule: CompiledSchedule
  /** To what says when it is due. */
  pointer: string
}

/** When a schedule is due, as it was written and in quotes. */
function quoteDue({ schedule }: Due): string {
  return quote(writtenMoments(schedule))
}

/** The schedules of a job that can ever be due; those whose calendar is not there are told elsewhere. */
function dueSchedules(document: LoadedDocument<Job>, manifests: Manifests, job: JobId): Due[] {
  return allSchedules(document, manifests, job).filter(({ schedule }) => !neverFires(schedule))
}

let last: { document: LoadedDocument<Job>; manifests: Manifests; schedules: Due[] } | undefined

/** The schedules of a job. Asked again for the same job of the same manifests it gives the same list. */
function allSchedules(document: LoadedDocument<Job>, manifests: Manifests, job: JobId): Due[] {
  // Not by the document alone: after a change elsewhere it is the same one, with other calendars.
  if (last?.document !== document || last.manifests !== manifests) {
    last = { document, manifests, schedules: listSchedules(document, manifests, job) }
  }
  return last.schedules
}

function listSchedules({ value }: LoadedDocument<Job>, manifests: Manifests, job: JobId): Due[] {
  const client = manifests.clients.get(job.split('/')[0]!)
  if (!client || value.trigger.type !== 'scheduled') return []
  return value.trigger.schedules.flatMap((schedule, index) => {
    if (!isWhole(schedule)) return []
    if (schedule.calendar && !manifests.calendars.has(schedule.calendar)) return []
    const pointer = `/trigger/schedules/${index}/${schedule.every === undefined ? 'cron' : 'every'}`
    return [{ schedule: compileSchedule(schedule, client.value, manifests), pointer }]
  })
}

/** The moments of `expectBy`: they cost nothing, so they may come as often as they like. */
function expectedSchedule({ value }: LoadedDocument<Job>, manifests: Manifests, job: JobId): Due[] {
  const client = manifests.clients.get(job.split('/')[0]!)
  const { expectBy } = value
  if (!client || !expectBy || (expectBy.calendar && !manifests.calendars.has(expectBy.calendar))) return []
  const schedule = compileSchedule({ name: 'expectBy', ...expectBy }, client.value, manifests)
  return [{ schedule, pointer: '/expectBy/cron' }]
}

/** Every two schedules of a job, in order; how they meet as far as it is closer than `floorMs`. */
function pairsOf(due: Due[], floorMs: number): { first: Due; second: Due; encounter: Encounter }[] {
  return due.flatMap((second, index) =>
    due
      .slice(0, index)
      .filter((first) => areInForceTogether(first.schedule, second.schedule))
      .map((first) => ({
        first,
        second,
        encounter: compareSchedules(first.schedule, second.schedule, floorMs / minuteMs),
      })),
  )
}

function areInForceTogether(a: CompiledSchedule, b: CompiledSchedule): boolean {
  const fromMs = Math.max(a.fromMs ?? Number.NEGATIVE_INFINITY, b.fromMs ?? Number.NEGATIVE_INFINITY)
  return fromMs < Math.min(a.untilMs ?? Number.POSITIVE_INFINITY, b.untilMs ?? Number.POSITIVE_INFINITY)
}

const cronOrEvery = jobRule('cron-or-every', (document, report) => {
  const { value } = document
  if (value.trigger.type !== 'scheduled') return
  for (const [index, schedule] of value.trigger.schedules.entries()) {
    if (isWhole(schedule)) continue
    const pointer = `/trigger/schedules/${index}`
    const { cron, every } = schedule
    if (cron === undefined)
      report(
        placeInside(document, pointer),
        'nothing says when it is due; write cron, five fields, or every, such as weekday at "18:30"',
      )
    else
      report(
        placeOf(document, `${pointer}/cron`, 'key'),
        `cron ${quote(cron)} stands beside every ${quote(every)}; keep one of them`,
      )
  }
})

const neverDue = jobRule('never-due', (document, report, manifests, job) => {
  const expected = expectedSchedule(document, manifests, job)
  for (const due of [...allSchedules(document, manifests, job), ...expected]) {
    if (!neverFires(due.schedule)) continue
    report(placeOf(document, due.pointer), `${quoteDue(due)} is never due: ${whyNever(due.schedule)}`)
  }
})

function whyNever({ fromMs, untilMs, ...schedule }: CompiledSchedule): string {
  if (!neverFires(schedule)) return 'it has no moment between its from and its until'
  const { calendar } = schedule
  if (!calendar) return 'no day fits all of its fields'
  const isClosed = !neverFires({ ...schedule, calendar: { ...calendar, blackouts: [] } })
  return isClosed
    ? `all of its moments are in blackouts of the calendar ${quote(calendar.name)}`
    : 'no day fits all of its fields and its calendar'
}

const tooOften = jobRule('too-often', (document, report, manifests, job) => {
  const policy = manifests.policies.get(job.split('/')[0]!)
  if (!policy) return
  const due = dueSchedules(document, manifests, job)
  if (due.length === 0) return
  const floorMs = parseDuration(policy.value.minInterval ?? defaultMinInterval)
  const allowed = () => `the client's policy allows every ${formatDuration(floorMs)}`
  const rareEnough = due.filter((each) => {
    const { schedule, pointer } = each
    const gapMs = shortestGapMinutes(schedule, floorMs / minuteMs) * minuteMs
    if (gapMs >= floorMs) return true
    report(
      placeOf(document, pointer),
      `${quoteDue(each)} is due every ${formatDuration(gapMs)}; ${allowed()}`,
    )
    return false
  })
  const told = new Set<Due>()
  for (const { first, second, encounter } of pairsOf(rareEnough, floorMs)) {
    const gapMs = encounter.gapMinutes * minuteMs
    if (gapMs >= floorMs || told.has(second)) continue
    told.add(second)
    const message = `${quoteDue(second)} comes within ${formatDuration(gapMs)} of ${quoteDue(first)} (schedule ${quote(first.schedule.name)}); ${allowed()}`
    report(placeOf(document, second.pointer), message)
  }
})

const sameMoments = jobRule('same-moments', (document, report, manifests, job) => {
  const told = new Set<Due>()
  for (const { first, second, encounter } of pairsOf(dueSchedules(document, manifests, job), minuteMs)) {
    const [inner, outer] = encounter.within === 'first' ? [first, second] : [second, first]
    if (!encounter.coincide || told.has(inner)) continue
    told.add(inner)
    const [name, other] = [quote(inner.schedule.name), quote(outer.schedule.name)]
    const message = encounter.within
      ? `the schedule ${name} is due only when ${other} is due too, so that the job would run twice; remove it`
      : `the schedules ${other} and ${name} have moments in common, at which the job would run twice; keep them apart`
    report(placeOf(document, inner.pointer), message, 'warning')
  }
})

export const scheduleRules: Rule[] = [cronOrEvery, neverDue, tooOften, sameMoments]
