/**
 * What should be in force after each commit, by the rules of the manual alone: nothing of engine/runtime is used. Only
 * whether a job of a commit compiles, and to what, is asked of engine/config.
 */
import { isContentUsed, maxContentBytes } from '../../engine/adapters/source-file.ts'
import { compileJob } from '../../engine/config/compile.ts'
import type { Config } from '../../engine/config/config.ts'
import { loadConfig } from '../../engine/config/load.ts'
import type { SourceTree } from '../../engine/core/contracts/config-source.ts'
import type { JobId, Snapshot, Trigger } from '../../engine/core/model.ts'
import type { Files } from './repository.ts'

export interface ModelJob {
  /** null: no version of it ever compiled. */
  snapshot: Snapshot | null
  sync: 'Synced' | 'OutOfSync' | 'Invalid'
}

/** What one commit did to the jobs. */
export interface Step {
  before: ReadonlyMap<JobId, ModelJob>
  /** New names by the old ones. */
  renamed: ReadonlyMap<JobId, JobId>
  /** Nobody meant a commit without any job: it changed nothing. */
  refused: boolean
}

interface Pin {
  snapshot: Snapshot
  newest: string | null
}

export interface Model {
  jobs: ReadonlyMap<JobId, ModelJob>
  suspended: Set<JobId>
  /** What ran with which commit: the last few of them. */
  versions: Map<string, Map<JobId, Snapshot>>
  pins: Map<JobId, Pin>
  apply(revision: string, files: Files): Step
  /** Pins a job to what runs, or to what ran with a commit. */
  pin(job: JobId, revision: string | undefined): void
  /** Whether the newest versions are known: a pin needs to know what will be newer than it. */
  canPin(): boolean
  /** The engine ended: it has to read the source anew to know the newest versions. */
  forget(): void
  /** What triggers have to watch. */
  watched(): Map<JobId, string>
}

const keptVersions = 12
const nothing: SourceTree = { revision: 'none', files: new Map() }

export function createModel(): Model {
  let maxRemovals = 10
  let newest = new Map<JobId, Snapshot>()
  /** The last version of each job that came into force with its commit. */
  const synced = new Map<JobId, Snapshot>()
  /** Names with a history of their own: nothing else's is put on top of it. */
  const ran = new Set<JobId>()

  /** Puts a pinned version in the place of the newest; a newer one than the pin knew of ends it. */
  function holdPin(job: JobId, from: JobId | undefined, found: Snapshot | null): Snapshot | undefined {
    const name = model.pins.has(job) ? job : from
    const pin = name && model.pins.get(name)
    if (!pin) return undefined
    if (found === null || found.digest === pin.newest) return pin.snapshot
    model.pins.delete(name)
    return undefined
  }

  function moveNames(from: JobId, to: JobId): void {
    ran.delete(from)
    if (model.suspended.delete(from)) model.suspended.add(to)
    for (const version of model.versions.values()) {
      // What it ran under another name it cannot be pinned to.
      version.delete(from)
    }
  }

  const model: Model = {
    jobs: new Map(),
    suspended: new Set(),
    versions: new Map(),
    pins: new Map(),
    apply(revision, files) {
      const before = model.jobs
      const config = loadConfig(toTree(revision, files), {
        standard: nothing,
        incumbents: incumbentsOf(before),
      })
      const present = [...config.jobFiles.keys()]
      const isRunning = [...before.values()].some(({ snapshot }) => snapshot)
      if (present.length === 0 && isRunning) return { before, renamed: new Map(), refused: true }
      maxRemovals = maxRemovalsOf(config) ?? maxRemovals
      const renamed = new Map<JobId, JobId>()
      const next = new Map<JobId, ModelJob>()
      newest = new Map()
      for (const job of present) {
        const found = compileOf(config, job)
        if (found) newest.set(job, found)
        const from = found && !ran.has(job) ? oldNameOf(found, before, present) : undefined
        const pinned = holdPin(job, from, found)
        if (from && !pinned) renamed.set(from, job)
        if (pinned) next.set(job, { snapshot: pinned, sync: 'OutOfSync' })
        else if (found) next.set(job, { snapshot: found, sync: 'Synced' })
        else next.set(job, { snapshot: before.get(job)?.snapshot ?? null, sync: 'Invalid' })
        // A name that comes back broken begins anew: what ran under it long ago counts no more.
        if (!found && !before.has(job)) ran.delete(job)
      }
      for (const [from, to] of renamed) moveNames(from, to)
      const missing = [...before.keys()].filter((job) => !next.has(job) && !renamed.has(job))
      const awaited = brokenNewNames(files, present, newest)
      const gone = missing.filter((job) => !awaited.has(job))
      for (const job of missing) {
        if (awaited.has(job)) next.set(job, { ...before.get(job)!, sync: 'OutOfSync' })
      }
      const isLeft = [...next.values()].some(({ snapshot }) => snapshot)
      for (const job of gone) {
        if (gone.length > maxRemovals || !isLeft) next.set(job, { ...before.get(job)!, sync: 'OutOfSync' })
        else {
          model.pins.delete(job)
          synced.delete(job)
        }
      }
      refuseRivals(next, before)
      model.jobs = next
      remember(revision)
      return { before, renamed, refused: false }
    },
    pin(job, revision) {
      const snapshot =
        revision === undefined ? model.jobs.get(job)!.snapshot! : model.versions.get(revision)!.get(job)!
      model.pins.set(job, { snapshot, newest: newest.get(job)?.digest ?? null })
    },
    canPin: () => newest.size > 0,
    forget() {
      newest = new Map()
    },
    watched() {
      const watched = new Map<JobId, string>()
      for (const [job, { snapshot }] of model.jobs) {
        if (!snapshot?.manifest.enabled) continue
        if (snapshot.manifest.trigger.type === 'ftp-in' && model.suspended.has(job)) continue
        watched.set(job, snapshot.digest)
      }
      return watched
    },
  }

  function remember(revision: string): void {
    for (const [job, { snapshot, sync }] of model.jobs) if (sync === 'Synced') synced.set(job, snapshot!)
    // What a commit brought, also while something else is pinned.
    const running = [...model.jobs].flatMap(([job, { snapshot }]) => {
      if (snapshot) ran.add(job)
      const version = synced.get(job)
      return snapshot && version ? [[job, version] as const] : []
    })
    model.versions.delete(revision)
    model.versions.set(revision, new Map(running))
    for (const old of model.versions.keys())
      if (model.versions.size > keptVersions) model.versions.delete(old)
  }

  return model
}

function toTree(revision: string, files: Files): SourceTree {
  const read = [...files].filter(([path]) => /^(jobs\.d|templates)\//.test(path))
  const sources = read.map(([path, { mode, data }]) => {
    const bytes = Buffer.from(data)
    const isRead = mode === '100644' && bytes.length <= maxContentBytes && isContentUsed(path)
    const kind = mode === '100644' ? ('file' as const) : ('other' as const)
    return [path, { size: bytes.length, kind, content: isRead ? bytes : new Uint8Array() }] as const
  })
  return { revision, files: new Map(sources) }
}

function compileOf(config: Config, job: JobId): Snapshot | null {
  const compiled = compileJob(config, job)
  return 'snapshot' in compiled ? compiled.snapshot : null
}

function maxRemovalsOf(config: Config): number | undefined {
  const { settings } = config
  if (!settings || config.firstErrors.has(settings.file)) return undefined
  return settings.value.maxRemovals ?? 10
}

/** The name whose history a job takes over: it says so, that name ran, its file is gone, and the job itself is new. */
function oldNameOf(
  { job, manifest }: Snapshot,
  before: ReadonlyMap<JobId, ModelJob>,
  present: JobId[],
): JobId | undefined {
  if (manifest.previousName === undefined || before.get(job)?.snapshot) return undefined
  const from: JobId = `${manifest.client}/${manifest.previousName}`
  return before.get(from)?.snapshot && !present.includes(from) ? from : undefined
}

/** The old names of jobs whose new name does not compile yet. */
function brokenNewNames(files: Files, present: JobId[], good: ReadonlyMap<JobId, Snapshot>): Set<JobId> {
  const names = new Set<JobId>()
  for (const job of present) {
    const text = good.has(job) ? '' : Buffer.from(files.get(`jobs.d/${job}.yaml`)?.data ?? '').toString()
    const previousName = /^previousName: (\S+)$/m.exec(text)?.[1]
    if (previousName) names.add(`${job.slice(0, job.indexOf('/'))}/${previousName}`)
  }
  return names
}

/** A job that newly claims a place that a running one still has, waits: whatever keeps that one running. */
function refuseRivals(next: Map<JobId, ModelJob>, before: ReadonlyMap<JobId, ModelJob>): void {
  const [held, claimed] = [incumbentsOf(before), incumbentsOf(next)]
  for (const [job, type] of claimed) {
    if (held.get(job) === type) continue
    const isTaken = [...claimed.keys()].some(
      (other) =>
        other !== job &&
        claimed.get(other) === type &&
        held.get(other) === type &&
        other.split('/')[0] === job.split('/')[0],
    )
    if (isTaken) next.set(job, { snapshot: before.get(job)?.snapshot ?? null, sync: 'Invalid' })
  }
}

/** Who holds a client's only place for a campaign or a drop-folder job. */
function incumbentsOf(jobs: ReadonlyMap<JobId, ModelJob>): Map<JobId, Trigger['type']> {
  const incumbents = new Map<JobId, Trigger['type']>()
  for (const [job, { snapshot }] of jobs) {
    const type = snapshot?.manifest.enabled ? snapshot.manifest.trigger.type : undefined
    if (type === 'campaign' || type === 'ftp-in') incumbents.set(job, type)
  }
  return incumbents
}
