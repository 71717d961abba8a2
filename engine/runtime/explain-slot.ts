/** Why a job did or did not run for a moment: a pure answer over what is recorded, and over its schedules. */
import { DAY, MINUTE } from '../core/civil.ts'
import type { SlotFacts, SlotRecord } from '../core/contracts/ledger.ts'
import { formatDuration } from '../core/duration.ts'
import type { CompiledSchedule, RunDetail, Snapshot } from '../core/model.ts'
import { enumerateSlots, nextSlot, type PlannedSlot } from '../core/slots.ts'
import { formatLocal, formatWithOffset } from '../core/zone.ts'
import type { Answer, Evidence, Explanation, KnownJob } from './explain.ts'
import { tellRows } from './explain-rows.ts'
import { proveRun, tellRun } from './explain-words.ts'

/** A run that was recorded later than this after its slot was caught up. */
const onTimeMs = MINUTE

/** Runs by hand in a sentence; all of them are in the evidence. */
const mostTold = 3

export interface AskedSlot extends SlotFacts {
  atMs: number
  /** As it was asked for. */
  asked: string
}

interface Planned {
  schedule: CompiledSchedule
  slot: PlannedSlot
}

export function explainSlot(known: KnownJob, facts: AskedSlot): Explanation {
  const { job } = known.record
  const planned = plannedAt(versionAt(known, facts.atMs)?.body, facts.atMs)
  // The run of a row is told with the one that asked for the rows.
  const others = facts.runs.filter(({ row, origin }) => row === undefined || origin !== null)
  const repeats = others.filter(({ id }) => !facts.slots.some(({ runId }) => runId === id))
  const tell = (run: RunDetail) => `${tellRun(run)}${tellRows(run, facts.runs)}`
  const told = facts.slots.length > 0 ? tellRecorded(facts, planned) : tellUnrecorded(known, facts, planned)
  const more = repeats.length > mostTold ? [`and ${repeats.length - mostTold} more`] : []
  const again = [...repeats.slice(0, mostTold).map(tell), ...more].join('; ')
  return {
    job,
    answer: told.answer,
    sentence: `${job} ${told.text}${again ? `; by hand: ${again}` : ''}`,
    evidence: [
      ...facts.slots.map(proveSlot),
      ...facts.runs.flatMap(proveRun),
      ...(planned ? [proveSchedule(planned)] : []),
      ...told.evidence,
    ],
  }
}

/** Whether any version of the job had a due moment there. */
export function isPlanned(known: KnownJob, atMs: number): boolean {
  return plannedAt(versionAt(known, atMs)?.body, atMs) !== undefined
}

interface Told {
  answer: Answer
  text: string
  evidence: Evidence[]
}

function tellRecorded({ slots, runs, atMs }: AskedSlot, planned: Planned | undefined): Told {
  const when = spellMoment(planned?.schedule, atMs)
  const ran = slots.filter(({ outcome }) => outcome === 'ran')
  const ranRuns = ran.flatMap(({ runId }) => runs.find(({ id }) => id === runId) ?? [])
  const passed = Map.groupBy(
    slots.filter(({ outcome }) => outcome !== 'ran'),
    ({ outcome, note }) => `${outcome}: ${note.replace(/^missed: /, '')}`,
  )
  const passedTexts = [...passed].map(([why, records]) => {
    const whose = ran.length > 0 ? `${nameCallCenters(records)}: ` : ''
    return `${whose}${why}`
  })
  const clock = planned?.slot.note && ran.length > 0 ? ` (${planned.slot.note})` : ''
  if (ran.length === 0) {
    const [first] = slots
    return {
      answer: first?.outcome === 'missed' ? 'missed' : 'skipped',
      text: `did not run for ${when}; ${passedTexts.join('; ')}`,
      evidence: [],
    }
  }
  const lateMs = Math.max(0, ...ranRuns.map((run) => Date.parse(run.createdAt) - atMs))
  const lost = ranRuns.length < ran.length ? ['runs that are not kept any more'] : []
  const told = [
    ...ranRuns.map((run) => `${tellRun(run)}${tellRows(run, runs)}`),
    ...lost,
    ...passedTexts,
  ].join('; ')
  return lateMs > onTimeMs
    ? {
        answer: 'caught-up',
        text: `caught up on ${when}${clock}, ${formatDuration(lateMs)} late: ${told}`,
        evidence: [],
      }
    : { answer: 'ran', text: `ran for ${when}${clock}: ${told}`, evidence: [] }
}

/** Nothing is recorded for the moment: it is still to come, was never due, or nobody has looked yet. */
function tellUnrecorded(known: KnownJob, facts: AskedSlot, planned: Planned | undefined): Told {
  const { record, versions, nowMs } = known
  const { atMs } = facts
  const version = versionAt(known, atMs)
  const schedule = planned?.schedule ?? version?.body.schedules[0]
  const when = spellMoment(schedule, atMs)
  const never = (why: string, evidence: Evidence[] = []): Told => ({
    answer: 'not-due',
    text: `${atMs > nowMs ? 'is' : 'was'} not due at ${when}: ${why}`,
    evidence,
  })
  if (!version) return never(`no version of it was ever valid: ${record.message}`)
  if (record.removedAt && Date.parse(record.removedAt) <= atMs)
    return never(`it was removed at ${record.removedAt}`)
  if (record.firstAppliedAt && atMs <= Date.parse(record.firstAppliedAt))
    return never(
      `it was first applied only at ${record.firstAppliedAt}`,
      versions.slice(-1).map(proveVersion),
    )
  if (!version.body.manifest.enabled) return never('its manifest disabled it', [proveVersion(version)])
  if (version.body.schedules.length === 0)
    return never(`its trigger is ${version.body.manifest.trigger.type}, so it has no due moments`)
  if (!planned) return never(whyNotPlanned(known, version.body, atMs), [proveVersion(version)])
  const { slot } = planned
  if (slot.outcome === 'skipped')
    return {
      answer: 'skipped',
      text: `${atMs > nowMs ? 'will not' : 'did not'} run for ${when}; skipped: ${slot.note}`,
      evidence: [],
    }
  if (atMs > nowMs) return tellComing(known, planned, when)
  const since = facts.since[planned.schedule.name]
  if (since === undefined || atMs <= Date.parse(since)) {
    const change = since ? `came into force or was changed at ${since}` : 'is not in force any more'
    return never(`schedule ${planned.schedule.name} ${change}, and owes nothing before that`)
  }
  const { catchUp, catchUpWindowMs } = planned.schedule
  const within = catchUp === 'none' ? '' : ` within ${formatDuration(catchUpWindowMs)}`
  const next = `no engine has looked yet; when one does, catchUp ${catchUp}${within} decides whether it runs or is missed`
  return { answer: 'undecided', text: `was due at ${when}, and nothing is recorded: ${next}`, evidence: [] }
}

function tellComing({ suspended }: KnownJob, { slot }: Planned, when: string): Told {
  const note = slot.note ? ` (${slot.note})` : ''
  if (!suspended) return { answer: 'to-come', text: `will run at ${when}${note}`, evidence: [] }
  const { who, why, at } = suspended
  return {
    answer: 'to-come',
    text: `is due at ${when}${note}, and will be skipped unless it is resumed: suspended by ${who}: ${why}`,
    evidence: [{ kind: 'hold', text: `suspended by ${who} at ${at}: ${why}`, run: null, at }],
  }
}

/** What is due instead: the moved slot, the slot of another version, or the next ones on either side. */
function whyNotPlanned(known: KnownJob, { schedules }: Snapshot, atMs: number): string {
  for (const schedule of schedules) {
    const wall = formatLocal(schedule.timezone, atMs, 'yyyy-MM-ddTHH:mm')
    const moved = enumerateSlots(schedule, atMs - 14 * DAY, atMs + 14 * DAY).find(
      ({ nominal }) => nominal === wall,
    )
    if (moved)
      return `${atMs > known.nowMs ? 'it is' : 'it was'} due at ${spellMoment(schedule, moved.at)} instead: ${moved.note}`
  }
  const other = known.versions.find(({ body }) => plannedAt(body, atMs))
  const changed = other ? `; the version of ${other.at} has that moment, but was not in force then` : ''
  const last = slotBefore(known, atMs)
  const next = slotAfter(known, atMs)
  const sides = [
    last && `the one before is ${spellMoment(last.schedule, last.slot.at)}`,
    next && `the one after is ${spellMoment(next.schedule, next.slot.at)}`,
  ].filter(Boolean)
  return `its schedules have no such moment, ${sides.join(', ')}${changed}`
}

/** The first slot after a moment, each by the version that is in force by then. */
function slotAfter({ versions }: KnownJob, atMs: number): Planned | undefined {
  let afterMs = atMs
  for (const [index, { body }] of [...versions.entries()].reverse()) {
    const newer = versions[index - 1]
    const endMs = newer ? Date.parse(newer.at) : Number.POSITIVE_INFINITY
    if (endMs <= afterMs) continue
    const found = body.schedules
      .flatMap((schedule) => ({ schedule, slot: nextSlot(schedule, afterMs) }))
      .filter((planned): planned is Planned => planned.slot !== undefined)
      .sort((a, b) => a.slot.at - b.slot.at)[0]
    if (found && found.slot.at < endMs) return found
    afterMs = endMs
  }
  return undefined
}

/** The last slot before a moment, each by the version that was in force then. */
function slotBefore({ versions }: KnownJob, atMs: number): Planned | undefined {
  let beforeMs = atMs
  for (const { at, body } of versions) {
    const beginMs = Date.parse(at)
    if (beginMs >= beforeMs) continue
    const found = body.schedules
      .flatMap((schedule) => lastSlotBetween(schedule, beginMs, beforeMs) ?? [])
      .sort((a, b) => b.slot.at - a.slot.at)[0]
    if (found) return found
    beforeMs = beginMs
  }
  return undefined
}

function lastSlotBetween(schedule: CompiledSchedule, beginMs: number, beforeMs: number): Planned | undefined {
  // Widened step by step: a schedule of every minute must not be enumerated for a year.
  for (const days of [2, 40, 400]) {
    const afterMs = Math.max(beginMs, beforeMs - days * DAY)
    const slots = enumerateSlots(schedule, afterMs, beforeMs - 1)
    const slot = slots.findLast(({ outcome }) => outcome !== 'skipped')
    if (slot) return { schedule, slot }
  }
  return undefined
}

function plannedAt(snapshot: Snapshot | undefined, atMs: number): Planned | undefined {
  for (const schedule of snapshot?.schedules ?? []) {
    const [slot] = enumerateSlots(schedule, atMs - 1, atMs)
    if (slot) return { schedule, slot }
  }
  return undefined
}

/** The version in force at a moment; before the first one, that one. */
function versionAt({ versions }: KnownJob, atMs: number): KnownJob['versions'][number] | undefined {
  return versions.find(({ at }) => Date.parse(at) <= atMs) ?? versions.at(-1)
}

function proveSlot({ schedule, callCenter, outcome, note, at, runId }: SlotRecord): Evidence {
  const whose = callCenter === null ? '' : `, ${callCenter}`
  return {
    kind: 'slot',
    text: `schedule ${schedule}${whose}: ${outcome}${note ? `: ${note}` : ''}`,
    run: runId,
    at,
  }
}

function proveSchedule({ schedule, slot }: Planned): Evidence {
  const note = slot.note ? `; ${slot.note}` : ''
  const written = schedule.every ?? schedule.cron
  const isSpread = slot.outcome !== 'skipped' && slot.startsAt > slot.at
  const start = isSpread ? `; starts at ${spellMoment(schedule, slot.startsAt)}` : ''
  const text = `schedule ${schedule.name} has it: ${written} in ${schedule.timezone}${note}${start}`
  return { kind: 'schedule', text, run: null, at: new Date(slot.at).toISOString() }
}

function proveVersion({ revision, at }: KnownJob['versions'][number]): Evidence {
  return { kind: 'version', text: `in force since ${at}, with revision ${revision}`, run: null, at }
}

function nameCallCenters(records: SlotRecord[]): string {
  return records.map(({ callCenter }) => callCenter ?? 'the whole client').join(', ')
}

function spellMoment(schedule: CompiledSchedule | undefined, atMs: number): string {
  return formatWithOffset(schedule?.timezone ?? 'UTC', atMs)
}
