/** Whether a job had done its work by a moment of its `expectBy`, from what the ledger has of it. */
import { DAY } from './civil.ts'
import type { DueWork } from './contracts/alerts.ts'
import type { CompiledSchedule, Instant, Run, RunState, Trigger } from './model.ts'
import { enumerateSlots } from './slots.ts'

/** Something that was due and had not ended well. */
export interface OwedWork {
  slot: Instant
  callCenter: string | null
  /** `missed`: no run was started for it. */
  state: RunState | 'missed'
}

export type Verdict =
  | { outcome: 'met' }
  /** Runs that had not ended well, and maybe slots without a run. */
  | { outcome: 'late'; owed: OwedWork[] }
  /** Slots without a run, or nothing at all where something had to come. */
  | { outcome: 'missing'; owed: OwedWork[] }
  /** As late or missing, but it was done before anybody looked. */
  | { outcome: 'came-late'; lateMs: number }

type TriggerType = Trigger['type']

/** Judges what became due up to `momentMs`, seen at `nowMs`. */
export function judgeWork(
  trigger: TriggerType,
  work: DueWork,
  { momentMs, nowMs }: { momentMs: number; nowMs: number },
): Verdict {
  const due = groupDue(trigger, work)
  if (due.length === 0 && mustCome(trigger)) return { outcome: 'missing', owed: [] }
  const owed = due.filter(({ wellMs }) => wellMs > momentMs)
  if (owed.length === 0) return { outcome: 'met' }
  const doneMs = Math.max(...owed.map(({ wellMs }) => wellMs))
  if (doneMs <= nowMs) return { outcome: 'came-late', lateMs: doneMs - momentMs }
  const isLate = owed.some(({ state }) => state !== 'missed')
  return {
    outcome: isLate ? 'late' : 'missing',
    owed: owed.map(({ slot, callCenter, state }) => ({ slot, callCenter, state })),
  }
}

/**
 * How late the first thing came after a moment at which nothing was there; undefined while none has come, or its run
 * has not ended well.
 */
export function judgeComing(trigger: TriggerType, after: DueWork, momentMs: number): number | undefined {
  const came = groupDue(trigger, after).find(({ wellMs }) => wellMs < Number.POSITIVE_INFINITY)
  return came && Date.parse(came.slot) - momentMs
}

/** The moment before this one; no more than 400 days back. */
export function previousMoment(schedule: CompiledSchedule, atMs: number): number {
  for (const days of [1, 8, 32, 400]) {
    const before = enumerateSlots(schedule, atMs - days * DAY, atMs - 1).filter(
      ({ outcome }) => outcome !== 'skipped',
    )
    const last = before.at(-1)
    if (last) return last.at
  }
  return atMs - 400 * DAY
}

/** Whether something has to come by itself, which no slot announces. */
export function mustCome(trigger: TriggerType): boolean {
  return trigger === 'ftp-in' || trigger === 'campaign'
}

interface Due extends OwedWork, Pick<Run, 'row'> {
  /** When a run of it first ended well; infinite while none has. */
  wellMs: number
}

/** A due thing may have several runs, by hand again for the same slot: one that ended well is enough. */
function groupDue(trigger: TriggerType, { runs, missed }: DueWork): Due[] {
  // Each row of a fan-out has to end well by itself, and so has the run that asks for them.
  const keyOf = ({ slot, callCenter, row }: Pick<Run, 'slot' | 'callCenter' | 'row'>) =>
    JSON.stringify([slot, callCenter, row?.key ?? null])
  const bySlot = Map.groupBy(runs, keyOf)
  const ofRuns = [...bySlot.values()].flatMap((same): Due[] => {
    // What somebody runs by hand is not due, but may do what was.
    const [due] = same.filter((run) => run.trigger.type === trigger)
    if (!due) return []
    const { slot, callCenter, row } = due
    return [{ slot, callCenter, ...(row && { row }), ...stateOf(same) }]
  })
  const ofSlots = missed.map(({ at: slot, callCenter }): Due => {
    const same = bySlot.get(keyOf({ slot, callCenter })) ?? []
    return { slot, callCenter, ...stateOf(same) }
  })
  const known = new Set(ofRuns.map(keyOf))
  return [...ofRuns, ...ofSlots.filter((each) => !known.has(keyOf(each)))]
}

function stateOf(runs: Run[]): Pick<Due, 'state' | 'wellMs'> {
  const well = runs.filter(({ state }) => state === 'succeeded' || state === 'skipped')
  const wellMs = Math.min(...well.map(({ endedAt, createdAt }) => Date.parse(endedAt ?? createdAt)))
  return { state: runs.at(-1)?.state ?? 'missed', wellMs }
}
