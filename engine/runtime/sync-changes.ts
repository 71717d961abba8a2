/** What a revision changes, as data: pure, from what was read and what runs. */
import type { Compiled } from '../config/compile.ts'
import type { Config } from '../config/config.ts'
import type { Hold, JobChange, SyncCounts } from '../core/contracts/sync.ts'
import type { Instant, JobId, JobRecord, Problem, Sha256, Snapshot, Trigger } from '../core/model.ts'
import type { ActiveJob } from './trigger-set.ts'

/** Every job that the source has a file for. `instead` keeps all of them from running, with its reason. */
export function compileAll(
  config: Config,
  compileJob: (config: Config, job: JobId) => Compiled,
  instead: string | undefined,
): JobChange[] {
  return [...config.jobFiles.keys()].sort().map((job): JobChange => {
    const compiled = compileJob(config, job)
    if ('problem' in compiled) return invalid(job, oneLine(compiled.problem))
    if (instead !== undefined) return invalid(job, instead)
    return { job, snapshot: compiled.snapshot, sync: 'Synced', message: '' }
  })
}

function invalid(job: JobId, message: string): JobChange {
  return { job, snapshot: null, sync: 'Invalid', message }
}

function oneLine({ file, line, column, message, rule }: Problem): string {
  return `${file}:${line}:${column}: ${message} [${rule}]`
}

/** A new name takes over what runs under its previous one, if that is gone. */
export function markRenames(changes: JobChange[], before: ReadonlyMap<JobId, ActiveJob>): JobChange[] {
  const present = new Set(changes.map(({ job }) => job))
  return changes.map((change) => {
    const { client, previousName } = change.snapshot?.manifest ?? {}
    const from: JobId = `${client}/${previousName}`
    const isRename = before.has(from) && !present.has(from) && !before.has(change.job)
    return isRename ? { ...change, renamedFrom: from } : change
  })
}

/** Puts what is pinned in place of the newest version; a newer one than the pin knows of ends it. */
export function applyPins(
  changes: JobChange[],
  holds: readonly Hold[],
  pinned: ReadonlyMap<Sha256, Snapshot>,
): { changes: JobChange[]; ended: Hold[] } {
  const ended: Hold[] = []
  const held = changes.map((change): JobChange => {
    const hold = holds.find(
      ({ job, kind }) => kind === 'pinned' && (job === change.job || job === change.renamedFrom),
    )
    const snapshot = hold?.pin ? pinned.get(hold.pin.snapshot) : undefined
    if (!hold?.pin || !snapshot) return change
    if (change.snapshot && change.snapshot.digest !== hold.pin.newest) {
      ended.push(hold)
      return change
    }
    const message = `pinned to ${hold.pin.revision} by ${hold.who}: ${hold.why}`
    return { job: change.job, snapshot, sync: 'OutOfSync', message }
  })
  return { changes: held, ended }
}

/** Whose file is missing, and what is done about it. */
export interface Gone {
  /** Missing for long enough: they end. */
  removed: JobId[]
  /** Perhaps only being replaced: they run on, and it is looked again soon. */
  perhaps: JobId[]
  /** More than may go at once: they run on. */
  kept: JobChange[]
}

/** Holds removals back where more than `maxRemovals` would go. */
export function guardRemovals(surely: JobId[], perhaps: JobId[], maxRemovals: number): Gone {
  if (surely.length <= maxRemovals) return { removed: surely, perhaps, kept: [] }
  const message = `its file is gone, but ${surely.length} jobs went at once and maxRemovals is ${maxRemovals}: it runs on`
  return {
    removed: [],
    perhaps,
    kept: surely.map((job) => ({ job, snapshot: null, sync: 'OutOfSync', message })),
  }
}

/** The changes whose job's record is not yet as they say. */
export function onlyNews(changes: JobChange[], records: ReadonlyMap<JobId, JobRecord>): JobChange[] {
  return changes.filter(({ job, snapshot, sync, message, renamedFrom }) => {
    const record = records.get(job)
    const isKnown =
      record && !record.removedAt && !renamedFrom && record.sync === sync && record.message === message
    return !isKnown || (snapshot !== null && snapshot.digest !== record.snapshot)
  })
}

export function countChanges(
  changes: JobChange[],
  { removed, kept }: Gone,
  records: ReadonlyMap<JobId, JobRecord>,
): SyncCounts {
  const counts = { added: 0, changed: 0, renamed: 0, invalid: 0, unchanged: 0 }
  for (const { job, snapshot, sync, renamedFrom } of changes) {
    const record = records.get(job)
    const ran = record?.removedAt === null ? record.snapshot : null
    if (sync === 'Invalid') counts.invalid += 1
    else if (renamedFrom) counts.renamed += 1
    else if (ran === null || ran === undefined) counts.added += 1
    else if (snapshot && snapshot.digest !== ran) counts.changed += 1
    else counts.unchanged += 1
  }
  return { ...counts, removed: removed.length, kept: kept.length }
}

/** The jobs in force once the changes are: what has no new version goes on with what it has. */
export function nextJobs(
  revision: string,
  changes: JobChange[],
  keptOn: JobId[],
  before: ReadonlyMap<JobId, ActiveJob>,
  holds: readonly Hold[],
): Map<JobId, ActiveJob> {
  const next = new Map<JobId, ActiveJob>()
  for (const { job, snapshot, sync } of changes) {
    const running = before.get(job)
    if (snapshot) {
      const pin = holds.find((hold) => hold.job === job && hold.kind === 'pinned')?.pin
      const isSame = running?.snapshot.digest === snapshot.digest
      next.set(job, {
        snapshot: isSame ? running.snapshot : snapshot,
        revision: sync === 'OutOfSync' && pin ? pin.revision : revision,
      })
    } else if (running) next.set(job, running)
  }
  for (const job of keptOn) {
    const running = before.get(job)
    if (running) next.set(job, running)
  }
  return next
}

/** The jobs that hold the place of their client's only campaign or ftp-in job, with which of the two. */
export function incumbentsOf(jobs: ReadonlyMap<JobId, ActiveJob>): Map<JobId, Trigger['type']> {
  const incumbents = new Map<JobId, Trigger['type']>()
  for (const [job, { snapshot }] of jobs) {
    const { enabled, trigger } = snapshot.manifest
    if (enabled && (trigger.type === 'campaign' || trigger.type === 'ftp-in'))
      incumbents.set(job, trigger.type)
  }
  return incumbents
}

/** Which jobs were not there at the last reads, and since when. */
export interface AbsenceWatch {
  /** Splits the jobs whose file is missing by whether it is missing for long enough. */
  split(absent: JobId[], nowMs: number): { surely: JobId[]; perhaps: JobId[] }
}

/** A job is gone when it is still gone after `goneMs`: many tools replace a file by deleting and creating it. */
export function createAbsenceWatch(goneMs: number): AbsenceWatch {
  const since = new Map<JobId, number>()
  return {
    split(absent, nowMs) {
      for (const job of since.keys()) if (!absent.includes(job)) since.delete(job)
      for (const job of absent) since.set(job, since.get(job) ?? nowMs)
      const isSure = (job: JobId) => Math.abs(nowMs - (since.get(job) ?? nowMs)) >= goneMs
      return { surely: absent.filter(isSure), perhaps: absent.filter((job) => !isSure(job)) }
    },
  }
}

/** The jobs that the records know and the source does not have any more. */
export function absentJobs(records: Iterable<JobRecord>, changes: JobChange[]): JobId[] {
  const present = new Set(changes.map(({ job }) => job))
  const renamed = new Set(changes.map(({ renamedFrom }) => renamedFrom))
  return [...records]
    .filter(({ job, removedAt }) => !removedAt && !present.has(job) && !renamed.has(job))
    .map(({ job }) => job)
}

export function toInstant(ms: number): Instant {
  return new Date(ms).toISOString()
}
