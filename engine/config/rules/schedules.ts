/** Rules about when a job is due. */
import { formatDuration, parseDuration } from '../../core/duration.ts'
import type { Job } from '../../core/manifest.ts'
import type { CompiledSchedule, JobId } from '../../core/model.ts'
import { neverFires } from '../../core/slots.ts'
import type { Manifests } from '../config.ts'
import { type LoadedDocument, placeOf } from '../places.ts'
import { quote } from '../problems.ts'
import { compileSchedule } from '../schedule.ts'
import { compareSchedules, type Encounter, shortestGapMinutes } from '../schedule-gaps.ts'
import { jobRule, type Rule } from './rule.ts'

const minuteMs = 60_000
const defaultMinInterval = '15m'

interface Due {
  schedule: CompiledSchedule
  /** To the cron expression. */
  pointer: string
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
    if (schedule.calendar && !manifests.calendars.has(schedule.calendar)) return []
    const pointer = `/trigger/schedules/${index}/cron`
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
    due.slice(0, index).map((first) => ({
      first,
      second,
      encounter: compareSchedules(first.schedule, second.schedule, floorMs / minuteMs),
    })),
  )
}

const neverDue = jobRule('never-due', (document, report, manifests, job) => {
  const expected = expectedSchedule(document, manifests, job)
  for (const { schedule, pointer } of [...allSchedules(document, manifests, job), ...expected]) {
    if (!neverFires(schedule)) continue
    const fits = schedule.calendar ? 'all of its fields and its calendar' : 'all of its fields'
    report(placeOf(document, pointer), `${quote(schedule.cron)} is never due: no day fits ${fits}`)
  }
})

const tooOften = jobRule('too-often', (document, report, manifests, job) => {
  const policy = manifests.policies.get(job.split('/')[0]!)
  if (!policy) return
  const due = dueSchedules(document, manifests, job)
  if (due.length === 0) return
  const floorMs = parseDuration(policy.value.minInterval ?? defaultMinInterval)
  const allowed = () => `the client's policy allows every ${formatDuration(floorMs)}`
  const rareEnough = due.filter(({ schedule, pointer }) => {
    const gapMs = shortestGapMinutes(schedule, floorMs / minuteMs) * minuteMs
    if (gapMs >= floorMs) return true
    report(
      placeOf(document, pointer),
      `${quote(schedule.cron)} is due every ${formatDuration(gapMs)}; ${allowed()}`,
    )
    return false
  })
  const told = new Set<Due>()
  for (const { first, second, encounter } of pairsOf(rareEnough, floorMs)) {
    const gapMs = encounter.gapMinutes * minuteMs
    if (gapMs >= floorMs || told.has(second)) continue
    told.add(second)
    const message = `${quote(second.schedule.cron)} comes within ${formatDuration(gapMs)} of ${quote(first.schedule.cron)} (schedule ${quote(first.schedule.name)}); ${allowed()}`
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

export const scheduleRules: Rule[] = [neverDue, tooOften, sameMoments]
