/** What a revision changes, as data: pure, from what was read and what runs. */
import type { Compiled } from '../config/compile.ts'
import type { Config } from '../config/config.ts'
import { readText } from '../config/templates.ts'
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

/** A new name takes over what runs under its previous one, if that is gone and nothing ever ran under the new one. */
export function markRenames(
  changes: JobChange[],
  before: ReadonlyMap<JobId, ActiveJob>,
  records: ReadonlyMap<JobId, JobRecord>,
): JobChange[] {
  const present = new Set(changes.map(({ job }) => job))
  return changes.map((change) => {
    const { client, previousName } = change.snapshot?.manifest ?? {}
    const from: JobId = `${client}/${previousName}`
    const isRename = before.has(from) && !present.has(from) && !records.get(change.job)?.snapshot
    return isRename ? { ...change, renamedFrom: from } : change
  })
}

/** The jobs whose new name does not compile: until it does, they run on under the old one. */
export function brokenRenames(
  config: Pick<Config, 'files' | 'jobFiles'>,
  changes: JobChange[],
): Map<JobId, JobId> {
  const renames = new Map<JobId, JobId>()
  for (const { job, snapshot } of changes) {
    if (snapshot) continue
    // From the text: a manifest that cannot even be parsed may say it too.
    const text = readText(config, config.jobFiles.get(job) ?? '')
    const previousName = /^previousName:[ \t]*["']?([a-z0-9-]+)["']?[ \t]*(?:#.*)?\r?$/m.exec(text)?.[1]
    const client = job.slice(0, job.indexOf('/'))
    if (previousName) renames.set(`${client}/${previousName}`, job)
  }
  return renames
}

/** The pins in force, by job. */
export function pinsOf(holds: readonly Hold[]): Map<JobId, Hold> {
  return new Map(holds.filter(({ kind, pin }) => kind === 'pinned' && pin).map((hold) => [hold.job, hold]))
}

/** What a pinned job runs instead of its newest version. */
export function pinnedChange({ job, pin, who, why }: Hold, snapshot: Snapshot): JobChange {
  const message = `pinned to ${pin?.revision} by ${who}: ${why}`
  return { job, snapshot, sync: 'OutOfSync', message, ...(pin && { revision: pin.revision }) }
}

/** Puts what is pinned in place of the newest version; a newer one than the pin knows of ends it. */
export function applyPins(
  changes: JobChange[],
  holds: readonly Hold[],
  pinned: ReadonlyMap<Sha256, Snapshot>,
): { changes: JobChange[]; ended: Hold[] } {
  const pins = pinsOf(holds)
  const ended: Hold[] = []
  const held = changes.map((change): JobChange => {
    const hold = pins.get(change.job) ?? (change.renamedFrom && pins.get(change.renamedFrom))
    const snapshot = hold?.pin ? pinned.get(hold.pin.snapshot) : undefined
    if (!hold?.pin || !snapshot) return change
    if (change.renamedFrom || (change.snapshot && change.snapshot.digest !== hold.pin.newest)) {
      ended.push({ ...hold, job: change.job })
      return change
    }
    return pinnedChange(hold, snapshot)
  })
  return { changes: held, ended }
}

/**
 * Lets nobody run beside a client's one campaign or ftp-in job. The rules look at the manifests; a job may run another
 * version than its newest, because that does not compile, is pinned, or is gone and held.
 */
export function holdSingletons(
  changes: JobChange[],
  kept: JobId[],
  before: ReadonlyMap<JobId, ActiveJob>,
): JobChange[] {
  const holders = new Map<string, JobId>()
  const claim = (snapshot: Snapshot | undefined | null): string | undefined => {
    if (!snapshot?.manifest.enabled) return undefined
    const { type } = snapshot.manifest.trigger
    return type === 'campaign' || type === 'ftp-in' ? `${snapshot.client.name} ${type}` : undefined
  }
  // Whoever runs it already, and goes on to, comes first.
  for (const job of kept) {
    const place = claim(before.get(job)?.snapshot)
    if (place) holders.set(place, job)
  }
  for (const { job, snapshot, renamedFrom } of changes) {
    const running = before.get(renamedFrom ?? job)?.snapshot
    const place = claim(snapshot ?? running)
    if (place && place === claim(running) && !holders.has(place)) holders.set(place, job)
  }
  return changes.map((change): JobChange => {
    const place = claim(change.snapshot)
    if (!place) return change
    const holder = holders.get(place) ?? change.job
    holders.set(place, holder)
    if (holder === change.job) return change
    const [client, type] = place.split(' ')
    const message = `${holder} still runs as the one ${type} job of ${client}: in another version than its newest`
    return { job: change.job, snapshot: null, sync: 'Invalid', message }
  })
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

/** Holds removals back where more than `maxRemovals` would go, or where nothing at all would be left. */
export function guardRemovals(
  surely: JobId[],
  perhaps: JobId[],
  maxRemovals: number,
  leftOver: number,
  renamed: ReadonlyMap<JobId, JobId> = new Map(),
): Gone {
  const waiting = surely.filter((job) => renamed.has(job))
  if (waiting.length > 0) {
    const rest = surely.filter((job) => !renamed.has(job))
    const gone = guardRemovals(rest, perhaps, maxRemovals, leftOver + waiting.length)
    const kept = waiting.map((job): JobChange => {
      const message = `its new name ${renamed.get(job)} does not compile: it runs on under the old one`
      return { job, snapshot: null, sync: 'OutOfSync', message }
    })
    return { ...gone, kept: [...gone.kept, ...kept] }
  }
  if (surely.length === 0) return { removed: [], perhaps, kept: [] }
  if (surely.length <= maxRemovals && leftOver > 0) return { removed: surely, perhaps, kept: [] }
  const why =
    leftOver > 0
      ? `${surely.length} jobs went at once and maxRemovals is ${maxRemovals}`
      : 'nothing else of the revision would run'
  const message = `its file is gone, but ${why}: it runs on`
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
): Map<JobId, ActiveJob> {
  const next = new Map<JobId, ActiveJob>()
  for (const { job, snapshot, revision: origin } of changes) {
    const running = before.get(job)
    if (snapshot) {
      const isSame = running?.snapshot.digest === snapshot.digest
      next.set(job, { snapshot: isSame ? running.snapshot : snapshot, revision: origin ?? revision })
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
      const isAbsent = new Set(absent)
      for (const job of since.keys()) if (!isAbsent.has(job)) since.delete(job)
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
