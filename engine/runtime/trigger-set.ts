/** The triggers of all jobs that run. A new one is primed before the old one is released: no gap; the unique key: no double. */

import { connectionOf } from '../core/connection-of.ts'
import type { Endpoints } from '../core/contracts/endpoints.ts'
import type { DueRecord, Ledger } from '../core/contracts/ledger.ts'
import type { Artifacts, Clock, Log } from '../core/contracts/services.ts'
import type { Hold } from '../core/contracts/sync.ts'
import type { TriggerHost, TriggerType } from '../core/contracts/trigger.ts'
import type { Instant, JobId, Snapshot } from '../core/model.ts'
import { createDropRecords } from './drop-records.ts'
import { toDueRecord } from './due.ts'

/** Their writes share a transaction. */
const primedAtOnce = 64

export interface TriggerParts {
  ledger: Ledger
  triggers: readonly TriggerType[]
  endpoints: Endpoints
  artifacts: Artifacts
  clock: Clock
  log: Log
  /** Who suspended the job, if anybody did. */
  suspension(job: JobId): Hold | undefined
  /** Records something due and has its runs worked on. Returns the ids of new ones; none where it was known. */
  recordDue(due: DueRecord): Promise<string[]>
  /** Called when a notice is pending. */
  onNotice?(): void
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
  let current: ReadonlyMap<JobId, ActiveJob> = new Map()
  let stopped = false

  /** A suspended job's slots pass by with an outcome; its files stay where they are. */
  function isWatched(job: ActiveJob | undefined): job is ActiveJob {
    if (!job?.snapshot.manifest.enabled) return false
    return job.snapshot.manifest.trigger.type !== 'ftp-in' || !parts.suspension(job.snapshot.job)
  }

  async function watch(job: ActiveJob): Promise<void> {
    const { snapshot } = job
    const before = watched.get(snapshot.job)
    if (before?.digest === snapshot.digest) return
    const trigger = snapshot.manifest.trigger
    const type = parts.triggers.find((each) => each.type === trigger.type)
    if (!type) throw new Error(`there is no trigger type ${trigger.type}`)
    const abort = new AbortController()
    const since = await parts.ledger.schedulesSince(snapshot.job, parts.clock.now().toISOString())
    await type.watch(trigger as never, snapshot, createHost(job, since, abort.signal), abort.signal)
    if (stopped) return abort.abort()
    watched.set(snapshot.job, { digest: snapshot.digest, abort })
    before?.abort.abort()
  }

  async function tryWatch(job: ActiveJob): Promise<boolean> {
    try {
      await watch(job)
      return true
    } catch (error) {
      const { stack, message: reason } = error as Error
      parts.log.error({ job: job.snapshot.job, reason, stack }, 'its new trigger cannot be watched')
      return false
    }
  }

  function createHost(
    { snapshot, revision }: ActiveJob,
    since: Record<string, Instant>,
    signal: AbortSignal,
  ): TriggerHost {
    const { ledger, endpoints, artifacts, clock, log } = parts
    const now = () => clock.now().toISOString()
    const callCenters = snapshot.manifest.scope === 'client' ? [null] : snapshot.manifest.callCenters
    const passOver: TriggerHost['passOver'] = (schedule, slots, outcome, note) =>
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
      )
    return {
      since: (schedule) => since[schedule] ?? now(),
      async due(due) {
        // Released while it was being looked at: whoever watches now finds it by itself.
        if (signal.aborted) return false
        const held = parts.suspension(snapshot.job)
        if (held && due.schedule !== null) {
          await passOver(due.schedule, [due.slot], 'skipped', `suspended by ${held.who}: ${held.why}`)
          return false
        }
        const type = snapshot.manifest.trigger.type
        const newest = current.get(snapshot.job)
        // The same version may have come into force once more with a later revision.
        const isSame = newest?.snapshot.digest === snapshot.digest
        const ran = isSame ? newest.revision : revision
        const runIds = await parts.recordDue(toDueRecord(snapshot, ran, { ...due, type }, now()))
        return runIds.length > 0
      },
      passOver,
      knowsFile: (key) => ledger.knowsFile(snapshot.job, key),
      drops: createDropRecords(snapshot.job, ledger, now, () => parts.onNotice?.()),
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
      current = jobs
      let isWhole = true
      const wanted = [...jobs.values()].filter(isWatched)
      for (let first = 0; first < wanted.length; first += primedAtOnce) {
        const primed = await Promise.all(wanted.slice(first, first + primedAtOnce).map(tryWatch))
        isWhole &&= primed.every(Boolean)
      }
      for (const [id, { abort }] of watched) {
        if (isWatched(jobs.get(id))) continue
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
