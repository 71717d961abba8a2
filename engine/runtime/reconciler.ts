/** fetch revision → load → problems → compile each job → changes → swap. A job that does not compile keeps its last good snapshot. */
import { compileJob } from '../config/compile.ts'
import type { Config } from '../config/config.ts'
import { loadConfigAside } from '../config/load.ts'
import { createManifestReader } from '../config/manifest-reader.ts'
import { type AlertRoute, compilePolicies, compileRoute } from '../config/operators.ts'
import type { ConfigSource } from '../core/contracts/config-source.ts'
import type { JobChange, Ledger } from '../core/contracts/ledger.ts'
import type { Clock, Log } from '../core/contracts/services.ts'
import type { ClientPolicy } from '../core/manifest.ts'
import type { JobId, JobRecord, Problem, Snapshot, Trigger } from '../core/model.ts'
import type { ActiveJob } from './trigger-set.ts'

/** chokidar is only a hint; this often the folder is read whether or not it hinted. */
const rescanMs = 30_000
/** A job is gone when it is still gone then: many tools replace a file by deleting and creating it. */
const goneMs = 3_000

export interface ReconcilerParts {
  ledger: Ledger
  source: ConfigSource
  platform: ConfigSource | undefined
  /** The standard templates that come with jobsd. */
  standard: ConfigSource
  clock: Clock
  log: Log
  /** Makes exactly these jobs run; false where it has to be tried again. */
  swap(jobs: ReadonlyMap<JobId, ActiveJob>): Promise<boolean>
  /** Stops the triggers of jobs whose debts another name takes over. */
  release(jobs: JobId[]): void
}

/** What the operators keep apart from any job, each part the last good one. */
export interface Operators {
  route: AlertRoute | undefined
  policies: ReadonlyMap<string, ClientPolicy>
}

export interface Reconciler {
  /** Takes the last good jobs from the ledger, so that they run whatever the source holds now. */
  restore(): Promise<void>
  /** Reads the source once and makes it what runs. */
  reconcile(signal: AbortSignal): Promise<void>
  /** Reads the source once, for runs by hand: nothing is recorded, nothing is watched, nothing removed. */
  look(signal: AbortSignal): Promise<void>
  /** Reconciles on every hint and every rescan until the signal aborts. Never rejects. */
  follow(signal: AbortSignal): Promise<void>
  /** Asks for a reconcile soon. */
  hint(): void
  jobs(): ReadonlyMap<JobId, ActiveJob>
  /** What is wrong with the newest version of each job that does not compile. */
  problems(): ReadonlyMap<JobId, string>
  operators(): Operators
}

export function createReconciler(parts: ReconcilerParts): Reconciler {
  const { ledger, clock, log } = parts
  let jobs = new Map<JobId, ActiveJob>()
  let operators: Operators = { route: undefined, policies: new Map() }
  let seen = ''
  const reader = createManifestReader()
  let wake: () => void = () => undefined
  let hinted = false
  let problems = new Map<JobId, string>()
  /** Since when a job that runs was not found any more. */
  const missingSince = new Map<JobId, number>()

  async function restore(): Promise<void> {
    const records = (await ledger.jobs()).filter((record) => record.snapshot && !record.removedAt)
    const snapshots = await ledger.snapshots(records.map((record) => record.snapshot as string))
    const byDigest = new Map(snapshots.map((snapshot) => [snapshot.digest, snapshot]))
    for (const record of records) {
      const snapshot = byDigest.get(record.snapshot as string)
      if (snapshot)
        jobs.set(record.job, { snapshot, revision: record.appliedRevision ?? record.attemptedRevision })
    }
    operators = restoreOperators(snapshots)
  }

  async function readConfig(signal: AbortSignal) {
    const incumbents = incumbentsOf(jobs)
    const [tree, standard, platform] = await Promise.all([
      parts.source.read(signal),
      parts.standard.read(signal),
      parts.platform?.read(signal),
    ])
    const revision = platform ? `${tree.revision}+${platform.revision}` : tree.revision
    const load = () => loadConfigAside(tree, { standard, incumbents, reader, ...(platform && { platform }) })
    return { revision, state: `${revision} ${standard.revision}`, load }
  }

  async function reconcile(signal: AbortSignal): Promise<void> {
    const records = await ledger.jobs()
    const { revision, state, load } = await readConfig(signal)
    if (state === seen) return
    const config = await load()
    const changes = markRenames(compileAll(config), jobs)
    const gone = findGone(records, changes)
    if (gone === 'all') {
      log.error({ revision, jobs: jobs.size }, 'the source holds no job at all: the last good jobs run on')
      seen = state
      return
    }
    parts.release(changes.flatMap(({ renamedFrom }) => renamedFrom ?? []))
    await ledger.applyRevision(revision, changes, gone.surely, clock.now().toISOString())
    updateOperators(config)
    problems = problemsOf(changes)
    const next = nextJobs(revision, changes, gone.perhaps)
    const isWhole = await parts.swap(next)
    report(revision, changes, jobs, next)
    jobs = next
    // Read again, unless all of it is in force for certain.
    seen = isWhole && gone.perhaps.length === 0 ? state : ''
  }

  /** Jobs that the source lacks: surely gone, or perhaps only being replaced. */
  function findGone(records: JobRecord[], changes: JobChange[]) {
    const nowMs = clock.now().getTime()
    const present = new Set(changes.map(({ job }) => job))
    const renamed = new Set(changes.map(({ renamedFrom }) => renamedFrom))
    const absent = records
      .filter(({ job, removedAt }) => !removedAt && !present.has(job) && !renamed.has(job))
      .map(({ job }) => job)
    for (const job of missingSince.keys()) if (!absent.includes(job)) missingSince.delete(job)
    for (const job of absent) missingSince.set(job, missingSince.get(job) ?? nowMs)
    if (changes.length === 0 && absent.length > 0) return 'all'
    const isSure = (job: JobId) => Math.abs(nowMs - (missingSince.get(job) ?? nowMs)) >= goneMs
    return { surely: absent.filter(isSure), perhaps: absent.filter((job) => !isSure(job)) }
  }

  function nextJobs(revision: string, changes: JobChange[], kept: JobId[]): Map<JobId, ActiveJob> {
    const next = new Map<JobId, ActiveJob>()
    for (const { job, snapshot } of changes) {
      const before = jobs.get(job)
      if (snapshot)
        next.set(job, before?.snapshot.digest === snapshot.digest ? before : { snapshot, revision })
      else if (before) next.set(job, before)
    }
    for (const job of kept) {
      const before = jobs.get(job)
      if (before) next.set(job, before)
    }
    return next
  }

  function updateOperators(config: Config): void {
    operators = {
      route: compileRoute(config) ?? operators.route,
      policies: compilePolicies(config, operators.policies),
    }
  }

  async function look(signal: AbortSignal): Promise<void> {
    const { revision, load } = await readConfig(signal)
    const config = await load()
    updateOperators(config)
    const changes = compileAll(config)
    problems = problemsOf(changes)
    for (const { job, snapshot } of changes) if (snapshot) jobs.set(job, { snapshot, revision })
  }

  function report(
    revision: string,
    changes: JobChange[],
    before: Map<JobId, ActiveJob>,
    after: Map<JobId, ActiveJob>,
  ): void {
    for (const { job, snapshot, message } of changes) {
      if (!snapshot)
        log.error({ job, revision, runs: before.has(job) ? 'its last good version' : 'nothing' }, message)
    }
    const changed = [...after].filter(
      ([job, { snapshot }]) => before.get(job)?.snapshot.digest !== snapshot.digest,
    )
    const removed = [...before.keys()].filter((job) => !after.has(job))
    const invalid = changes.filter((change) => !change.snapshot).length
    const counts = { revision, changed: changed.map(([job]) => job), removed, invalid }
    log.info(counts, `${after.size} jobs in force`)
  }

  /** Watches a source; where that cannot be, rescans alone have to do. */
  async function watch(source: ConfigSource | undefined): Promise<(() => Promise<void>) | undefined> {
    try {
      return await source?.watch(hint)
    } catch (error) {
      const reason = (error as Error).message
      log.warn(
        { source: source?.description, reason },
        `no hints of changes: it is read every ${rescanMs / 1000} s`,
      )
      return undefined
    }
  }

  function hint(): void {
    hinted = true
    wake()
  }

  async function waitForHint(signal: AbortSignal): Promise<void> {
    const woken = new AbortController()
    wake = () => woken.abort()
    const forMs = seen === '' ? goneMs : rescanMs
    await clock.sleep(forMs, AbortSignal.any([signal, woken.signal])).catch(() => undefined)
  }

  return {
    restore,
    reconcile,
    look,
    async follow(signal) {
      const stops = await Promise.all([watch(parts.source), watch(parts.platform)])
      while (!signal.aborted) {
        hinted = false
        try {
          await reconcile(signal)
        } catch (error) {
          const reason = (error as Error).message
          if (!signal.aborted)
            log.error(
              { source: parts.source.description, reason },
              'it cannot be read: the last good jobs run on',
            )
        }
        if (!hinted) await waitForHint(signal)
      }
      for (const stop of stops) await stop?.()
    },
    hint,
    jobs: () => jobs,
    problems: () => problems,
    operators: () => operators,
  }
}

/** Before anything was read: as the last good jobs have it. */
function restoreOperators(snapshots: Snapshot[]): Operators {
  const policies = new Map(snapshots.map(({ policy }) => [policy.name, policy]))
  for (const { settings, connections, templates } of snapshots) {
    const connection = connections[settings.alerts.connection]
    if (connection) return { route: { settings, connection, template: templates.alert }, policies }
  }
  return { route: undefined, policies }
}

function compileAll(config: Config): JobChange[] {
  return [...config.jobFiles.keys()].sort().map((job) => {
    const compiled = compileJob(config, job)
    if ('snapshot' in compiled) return { job, snapshot: compiled.snapshot, message: '' }
    return { job, snapshot: null, message: oneLine(compiled.problem) }
  })
}

function problemsOf(changes: JobChange[]): Map<JobId, string> {
  return new Map(changes.filter(({ snapshot }) => !snapshot).map(({ job, message }) => [job, message]))
}

/** A new name takes over what runs under its previous one, if that is gone. */
function markRenames(changes: JobChange[], before: ReadonlyMap<JobId, ActiveJob>): JobChange[] {
  const present = new Set(changes.map(({ job }) => job))
  return changes.map((change) => {
    const { client, previousName } = change.snapshot?.manifest ?? {}
    const from: JobId = `${client}/${previousName}`
    const isRename = before.has(from) && !present.has(from) && !before.has(change.job)
    return isRename ? { ...change, renamedFrom: from } : change
  })
}

/** The jobs that hold the place of their client's only campaign or ftp-in job, with which of the two. */
function incumbentsOf(jobs: ReadonlyMap<JobId, ActiveJob>): Map<JobId, Trigger['type']> {
  const incumbents = new Map<JobId, Trigger['type']>()
  for (const [job, { snapshot }] of jobs) {
    const { enabled, trigger } = snapshot.manifest
    if (enabled && (trigger.type === 'campaign' || trigger.type === 'ftp-in'))
      incumbents.set(job, trigger.type)
  }
  return incumbents
}

function oneLine({ file, line, column, message, rule }: Problem): string {
  return `${file}:${line}:${column}: ${message} [${rule}]`
}
