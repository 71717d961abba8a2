/** Judges one moment of `expectBy` from what the ledger has. */
import type { DueWork } from '../core/contracts/alerts.ts'
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Hold } from '../core/contracts/sync.ts'
import { judgeComing, judgeWork, mustCome, type Verdict } from '../core/expectations.ts'
import type { JobId, Snapshot } from '../core/model.ts'
import { enumerateSlots } from '../core/slots.ts'
import type { Moment } from './expectation-notices.ts'

export interface Judge {
  /** `skipped` says why nothing is expected of the job now; empty where it is. */
  judgeMoment(
    snapshot: Snapshot,
    moment: Moment,
    nowMs: number,
  ): Promise<{ verdict: Verdict; skipped: string }>
  /** How late what was late or missing has come; undefined while it has not. */
  latenessOf(snapshot: Snapshot, moment: Moment, nowMs: number): Promise<number | undefined>
}

export function createJudge(ledger: Ledger, suspension: (job: JobId) => Hold | undefined): Judge {
  async function judgeMoment(
    snapshot: Snapshot,
    moment: Moment,
    nowMs: number,
  ): Promise<{ verdict: Verdict; skipped: string }> {
    const held = suspension(snapshot.job)
    const skipped = !snapshot.manifest.enabled
      ? 'the job is disabled'
      : held
        ? `suspended by ${held.who}: ${held.why}`
        : ''
    if (skipped) return { verdict: { outcome: 'met' }, skipped }
    const work = await readWork(snapshot, moment.previousMs, moment.momentMs)
    return { verdict: judgeWork(typeOf(snapshot), work, { momentMs: moment.momentMs, nowMs }), skipped }
  }

  async function latenessOf(
    snapshot: Snapshot,
    { previousMs, momentMs }: Moment,
    nowMs: number,
  ): Promise<number | undefined> {
    const type = typeOf(snapshot)
    const verdict = judgeWork(type, await readWork(snapshot, previousMs, momentMs), { momentMs, nowMs })
    if (verdict.outcome === 'came-late') return verdict.lateMs
    if (verdict.outcome !== 'missing' || !mustCome(type)) return verdict.outcome === 'met' ? 0 : undefined
    return judgeComing(type, await readWork(snapshot, momentMs, nowMs), momentMs)
  }

  async function readWork(snapshot: Snapshot, afterMs: number, untilMs: number): Promise<DueWork> {
    const { job, schedules } = snapshot
    const names = schedules.map(({ name }) => name)
    const [after, until] = [toInstant(afterMs), toInstant(untilMs)]
    const work = await ledger.dueWork({ job, after, until, schedules: names })
    return { ...work, missed: [...work.missed, ...(await unsettledSlots(snapshot, afterMs, untilMs))] }
  }

  /** Slots that the trigger has not come to yet, as after the machine slept: nobody may take them for done. */
  async function unsettledSlots(
    { job, schedules, manifest }: Snapshot,
    afterMs: number,
    untilMs: number,
  ): Promise<DueWork['missed']> {
    if (schedules.length === 0) return []
    const since = await ledger.schedulesSince(job, toInstant(untilMs))
    const callCenters = manifest.scope === 'client' ? [null] : manifest.callCenters
    return schedules.flatMap((schedule) => {
      const settled = since[schedule.name]
      if (settled === undefined) return []
      return enumerateSlots(schedule, Math.max(afterMs, Date.parse(settled)), untilMs)
        .filter(({ outcome }) => outcome !== 'skipped')
        .flatMap(({ at }) =>
          callCenters.map((callCenter) => ({
            schedule: schedule.name,
            at: toInstant(at),
            callCenter,
            note: '',
          })),
        )
    })
  }

  return { judgeMoment, latenessOf }
}

function typeOf({ manifest }: Snapshot) {
  return manifest.trigger.type
}

function toInstant(ms: number): string {
  return new Date(ms).toISOString()
}
