/** Judges one moment of `expectBy` from what the ledger has. */
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Hold } from '../core/contracts/sync.ts'
import { judgeComing, judgeWork, mustCome, type Verdict } from '../core/expectations.ts'
import type { JobId, Snapshot } from '../core/model.ts'
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

  function readWork({ job, schedules }: Snapshot, afterMs: number, untilMs: number) {
    const names = schedules.map(({ name }) => name)
    return ledger.dueWork({ job, after: toInstant(afterMs), until: toInstant(untilMs), schedules: names })
  }

  return { judgeMoment, latenessOf }
}

function typeOf({ manifest }: Snapshot) {
  return manifest.trigger.type
}

function toInstant(ms: number): string {
  return new Date(ms).toISOString()
}
