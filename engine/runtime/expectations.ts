/** Looks at every moment of `expectBy` once, by one timer for all jobs, and tells what is late, missing, or came after all. */
import type { OpenExpectation } from '../core/contracts/alerts.ts'
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Clock, Log } from '../core/contracts/services.ts'
import type { Hold } from '../core/contracts/sync.ts'
import { previousMoment, type Verdict } from '../core/expectations.ts'
import type { CompiledSchedule, JobId, Snapshot } from '../core/model.ts'
import { enumerateSlots, nextSlot } from '../core/slots.ts'
import { createJudge } from './expectation-judge.ts'
import { type Moment, tellRecovery, tellVerdict } from './expectation-notices.ts'
import type { ActiveJob, TriggerSet } from './trigger-set.ts'

/** Node's timers do not follow the wall clock when it is set, or the machine was asleep. */
const longestSleepMs = 10 * 60_000
/** How often it is looked whether what is late has come. */
const lookMs = 60_000
/** What was owed while no engine ran is judged so far back, and so many moments of a job. */
const owedMs = 31 * 24 * 3_600_000
const maxOwed = 200
/** Their reads and writes share a transaction. */
const atOnce = 64

export interface ExpectationParts {
  ledger: Ledger
  clock: Clock
  log: Log
  suspension(job: JobId): Hold | undefined
  /** Called when notices are pending. */
  onNotice(): void
}

export interface Expectations {
  /** Makes exactly these jobs looked at. A new or changed `expectBy` owes nothing for the time before it was applied. */
  follow(jobs: ReadonlyMap<JobId, ActiveJob>): Promise<void>
  stop(): Promise<void>
}

interface Watched {
  snapshot: Snapshot
  schedule: CompiledSchedule
  /** Up to here every moment was judged. */
  sinceMs: number
  /** Infinite where there is none. */
  nextMs: number
}

export function createExpectations(parts: ExpectationParts): Expectations {
  const { ledger, clock, log } = parts
  const judge = createJudge(ledger, parts.suspension)
  const stopping = new AbortController()
  const watched = new Map<JobId, Watched>()
  let wake = new AbortController()
  let working: Promise<void> | undefined

  async function follow(jobs: ReadonlyMap<JobId, ActiveJob>): Promise<void> {
    const anew: [Snapshot, CompiledSchedule][] = []
    for (const { snapshot } of jobs.values()) {
      const { expectBy: schedule, job } = snapshot
      const before = watched.get(job)
      if (schedule === null || before?.snapshot.digest === snapshot.digest) continue
      const isSame = before && JSON.stringify(before.schedule) === JSON.stringify(schedule)
      if (isSame) before.snapshot = snapshot
      else anew.push([snapshot, schedule])
    }
    for (const job of watched.keys()) if (!jobs.get(job)?.snapshot.expectBy) watched.delete(job)
    const since = await ledger.expectationsSince(
      anew.map(([{ job }]) => job),
      clock.now().toISOString(),
    )
    anew.forEach(([snapshot, schedule], index) => {
      const sinceMs = Date.parse(since[index]!)
      watched.set(snapshot.job, { snapshot, schedule, sinceMs, nextMs: nextOf(schedule, sinceMs) })
    })
    wake.abort()
    working ??= repeat()
  }

  async function repeat(): Promise<void> {
    while (!stopping.signal.aborted) {
      wake = new AbortController()
      const signal = AbortSignal.any([wake.signal, stopping.signal])
      const waitMs = await tryRound()
      // Nothing is expected of any job: the next follow begins anew.
      if (waitMs === Number.POSITIVE_INFINITY && !signal.aborted) break
      if (!signal.aborted) await clock.sleep(waitMs, signal).catch(() => undefined)
    }
    // In the turn of the last look, so that no follow falls between.
    working = undefined
  }

  async function tryRound(): Promise<number> {
    try {
      return await round()
    } catch (error) {
      const { stack, message: reason } = error as Error
      log.error({ reason, stack }, 'what is expected of jobs cannot be judged; it is tried again')
      return lookMs
    }
  }

  async function round(): Promise<number> {
    const nowMs = clock.now().getTime()
    const due = [...watched.values()].filter(({ nextMs }) => nextMs <= nowMs)
    await inParts(due, (each) => judgeOwed(each, nowMs))
    const open = await ledger.openExpectations()
    await inParts(open, (each) => lookAgain(each, nowMs))
    const nextMs = [...watched.values()].reduce(
      (next, each) => Math.min(next, each.nextMs),
      Number.POSITIVE_INFINITY,
    )
    if (open.length > 0) return Math.min(lookMs, Math.max(1, nextMs - nowMs))
    if (watched.size === 0) return Number.POSITIVE_INFINITY
    return Math.min(longestSleepMs, Math.max(1, nextMs - clock.now().getTime()))
  }

  async function inParts<T>(items: T[], look: (item: T) => Promise<void>): Promise<void> {
    for (let first = 0; first < items.length; first += atOnce) {
      if (stopping.signal.aborted) return
      await Promise.all(items.slice(first, first + atOnce).map(look))
    }
  }

  /** Judges every moment of a job up to now, in order. Of several only the last that was not met is told. */
  async function judgeOwed(each: Watched, nowMs: number): Promise<void> {
    const { snapshot, schedule } = each
    const moments = enumerateSlots(schedule, Math.max(each.sinceMs, nowMs - owedMs), nowMs)
      .filter(({ outcome }) => outcome !== 'skipped')
      .slice(-maxOwed)
    const [first] = moments
    let previousMs = first ? previousMoment(schedule, first.at) : 0
    const judged: { moment: Moment; verdict: Verdict; skipped: string }[] = []
    for (const { at } of moments) {
      const moment = { momentMs: at, previousMs }
      judged.push({ moment, ...(await judge.judgeMoment(snapshot, moment, nowMs)) })
      previousMs = at
    }
    const told = judged.findLastIndex(({ verdict }) => verdict.outcome !== 'met')
    const earlier = judged
      .slice(0, Math.max(0, told))
      .filter(({ verdict }) => verdict.outcome !== 'met').length
    for (const [index, { moment, verdict, skipped }] of judged.entries()) {
      const isOpen = index === judged.length - 1 && isWaitedFor(verdict)
      const isNew = await ledger.recordExpectation({
        job: snapshot.job,
        at: toInstant(moment.momentMs),
        outcome: skipped ? 'skipped' : verdict.outcome,
        note: skipped || noteOf(verdict),
        isOpen,
        notices:
          index === told && verdict.outcome !== 'met' ? tellVerdict(snapshot, moment, verdict, earlier) : [],
        now: clock.now().toISOString(),
      })
      if (isNew && index === told) parts.onNotice()
      each.sinceMs = moment.momentMs
    }
    each.nextMs = nextOf(schedule, Math.max(each.sinceMs, nowMs))
  }

  /** Ends what was late or missing where it has come. */
  async function lookAgain({ job, at, outcome }: OpenExpectation, nowMs: number): Promise<void> {
    const snapshot = watched.get(job)?.snapshot
    const now = clock.now().toISOString()
    if (!snapshot?.expectBy) {
      const note = 'nothing is expected of the job any more'
      await ledger.endExpectation({ job, at, note, notices: [], now })
      return
    }
    const momentMs = Date.parse(at)
    const moment = { momentMs, previousMs: previousMoment(snapshot.expectBy, momentMs) }
    const lateMs = await judge.latenessOf(snapshot, moment, nowMs)
    if (lateMs === undefined) return
    const notices = tellRecovery(snapshot, moment, outcome, lateMs)
    if (
      await ledger.endExpectation({ job, at, note: noteOf({ outcome: 'came-late', lateMs }), notices, now })
    )
      parts.onNotice()
  }

  return {
    follow,
    async stop() {
      stopping.abort(new Error('the engine stops'))
      await working
    },
  }
}

/** A trigger set that has the same jobs looked at: once their triggers are primed, so that what was missed is recorded. */
export function followSwaps(triggers: TriggerSet, { follow }: Expectations, log: Log): TriggerSet {
  return {
    ...triggers,
    async swap(jobs) {
      const isWhole = await triggers.swap(jobs)
      try {
        await follow(jobs)
        return isWhole
      } catch (error) {
        log.error({ reason: (error as Error).message }, 'what is expected of jobs cannot be read')
        return false
      }
    },
  }
}

function nextOf(schedule: CompiledSchedule, afterMs: number): number {
  return nextSlot(schedule, afterMs)?.at ?? Number.POSITIVE_INFINITY
}

function isWaitedFor({ outcome }: Verdict): boolean {
  return outcome === 'late' || outcome === 'missing'
}

function noteOf(verdict: Verdict): string {
  if (verdict.outcome === 'came-late') return `${Math.round(verdict.lateMs / 1000)} s late`
  return 'owed' in verdict && verdict.owed.length > 0 ? `${verdict.owed.length} not done` : ''
}

function toInstant(ms: number): string {
  return new Date(ms).toISOString()
}
