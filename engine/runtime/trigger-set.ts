/** The triggers of all jobs that run. A new one is primed before the old one is released: no gap; the unique key: no double. */

import { connectionOf } from '../core/connection-of.ts'
import type { Endpoints } from '../core/contracts/endpoints.ts'
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Artifacts, Clock, Log } from '../core/contracts/services.ts'
import type { TriggerHost, TriggerType } from '../core/contracts/trigger.ts'
import type { Instant, JobId, Snapshot } from '../core/model.ts'
import { toDueRecord } from './due.ts'

export interface TriggerParts {
  ledger: Ledger
  triggers: readonly TriggerType[]
  endpoints: Endpoints
  artifacts: Artifacts
  clock: Clock
  log: Log
  /** Called with the ids of runs that are safe in the ledger. */
  onRuns(runIds: string[]): void
}

/** A job that is in force, and the revision it was applied with. */
export interface ActiveJob {
  snapshot: Snapshot
  revision: string
}

export interface TriggerSet {
  /**
   * Makes exactly these jobs watched. Resolves once every new trigger is primed; false where one could not be: that job
   * keeps its old watch, the others go on, and the same call again tries it again.
   */
  swap(jobs: ReadonlyMap<JobId, ActiveJob>): Promise<boolean>
  /** Stops watching these jobs at once. */
  release(jobs: JobId[]): void
  stop(): void
}

export function createTriggerSet(parts: TriggerParts): TriggerSet {
  const watched = new Map<JobId, { digest: string; abort: AbortController }>()
  let stopped = false

  async function watch(job: ActiveJob): Promise<void> {
    const { snapshot } = job
    const before = watched.get(snapshot.job)
    if (before?.digest === snapshot.digest) return
    const trigger = snapshot.manifest.trigger
    const type = parts.triggers.find((each) => each.type === trigger.type)
    if (!type) throw new Error(`there is no trigger type ${trigger.type}`)
    const abort = new AbortController()
    const since = await parts.ledger.schedulesSince(snapshot.job, parts.clock.now().toISOString())
    await type.watch(trigger as never, snapshot, createHost(job, since), abort.signal)
    if (stopped) return abort.abort()
    watched.set(snapshot.job, { digest: snapshot.digest, abort })
    before?.abort.abort()
  }

  function createHost({ snapshot, revision }: ActiveJob, since: Record<string, Instant>): TriggerHost {
    const { ledger, endpoints, artifacts, clock, log, onRuns } = parts
    const now = () => clock.now().toISOString()
    const callCenters = snapshot.manifest.scope === 'client' ? [null] : snapshot.manifest.callCenters
    return {
      since: (schedule) => since[schedule] ?? now(),
      async due(due) {
        const type = snapshot.manifest.trigger.type
        const runIds = await ledger.recordDue(toDueRecord(snapshot, revision, { ...due, type }, now()))
        if (runIds.length > 0) onRuns(runIds)
        return runIds.length > 0
      },
      passOver: (schedule, slots, outcome, note) =>
        ledger.recordSlots(
          slots.flatMap((at) =>
            callCenters.map((callCenter) => ({
              job: snapshot.job,
              schedule,
              at,
              callCenter,
              outcome,
              note,
              runId: null,
            })),
          ),
        ),
      knowsFile: (key) => ledger.knowsFile(snapshot.job, key),
      connection: (name) => connectionOf(snapshot, name),
      endpoints,
      artifacts,
      clock,
      log,
    }
  }

  return {
    async swap(jobs) {
      if (stopped) return true
      let isWhole = true
      for (const job of jobs.values()) {
        if (!job.snapshot.manifest.enabled) continue
        try {
          await watch(job)
        } catch (error) {
          isWhole = false
          const { stack, message } = error as Error
          parts.log.error(
            { job: job.snapshot.job, reason: message, stack },
            'its new trigger cannot be watched',
          )
        }
      }
      for (const [id, { abort }] of watched) {
        if (jobs.get(id)?.snapshot.manifest.enabled) continue
        abort.abort()
        watched.delete(id)
      }
      return isWhole
    },
    release(jobs) {
      for (const job of jobs) watched.get(job)?.abort.abort()
      for (const job of jobs) watched.delete(job)
    },
    stop() {
      stopped = true
      for (const { abort } of watched.values()) abort.abort()
      watched.clear()
    },
  }
}
