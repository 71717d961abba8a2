/** fetch revision → load → problems → compile each job → changes → swap. A job that does not compile keeps its last good snapshot. */
import { compileJob } from '../config/compile.ts'
import { loadConfig } from '../config/load.ts'
import type { ConfigSource, SourceTree } from '../core/contracts/config-source.ts'
import type { JobChange, Ledger } from '../core/contracts/ledger.ts'
import type { Clock, Log } from '../core/contracts/services.ts'
import type { JobId, JobRecord, Problem, Snapshot } from '../core/model.ts'
import type { ActiveJob } from './trigger-set.ts'

/** chokidar is only a hint; this often the folder is read whether or not it hinted. */
const rescanMs = 30_000

export interface ReconcilerParts {
  ledger: Ledger
  source: ConfigSource
  platform: ConfigSource | undefined
  /** The standard templates that come with jobsd. */
  standard: ConfigSource
  clock: Clock
  log: Log
  /** Makes exactly these jobs run. */
  swap(jobs: ReadonlyMap<JobId, ActiveJob>): Promise<void>
}

export interface Reconciler {
  /** Takes the last good jobs from the ledger, so that they run whatever the source holds now. */
  restore(): Promise<void>
  /** Reads the source once and makes it what runs. */
  reconcile(signal: AbortSignal): Promise<void>
  /** Reconciles on every hint and every rescan until the signal aborts. */
  follow(signal: AbortSignal): Promise<void>
  /** Asks for a reconcile soon. */
  hint(): void
  jobs(): ReadonlyMap<JobId, ActiveJob>
}

export function createReconciler(parts: ReconcilerParts): Reconciler {
  const { ledger, clock, log } = parts
  let jobs = new Map<JobId, ActiveJob>()
  let seen = ''
  let wake: () => void = () => undefined
  let hinted = false

  async function restore(): Promise<void> {
    const records = (await ledger.jobs()).filter((record) => record.snapshot && !record.removedAt)
    const snapshots = await ledger.snapshots(records.map((record) => record.snapshot as string))
    const byDigest = new Map(snapshots.map((snapshot) => [snapshot.digest, snapshot]))
    for (const record of records) {
      const snapshot = byDigest.get(record.snapshot as string)
      if (snapshot)
        jobs.set(record.job, { snapshot, revision: record.appliedRevision ?? record.attemptedRevision })
    }
  }

  async function reconcile(signal: AbortSignal): Promise<void> {
    const [tree, standard, platform] = await Promise.all([
      parts.source.read(signal),
      parts.standard.read(signal),
      parts.platform?.read(signal),
    ])
    const revision = platform ? `${tree.revision}+${platform.revision}` : tree.revision
    const state = `${revision} ${standard.revision}`
    if (state === seen) return
    const records = await ledger.jobs()
    const changes = compileAll(tree, standard, platform, incumbentsOf(records, jobs))
    const gone = records.filter(
      (record) => !record.removedAt && !changes.some(({ job }) => job === record.job),
    )
    if (changes.length === 0 && gone.length > 0) {
      log.error(
        { revision, jobs: gone.length },
        'the source holds no job at all: nothing is removed, the last good jobs run on',
      )
      seen = state
      return
    }
    const now = clock.now().toISOString()
    await ledger.applyRevision(
      revision,
      changes,
      gone.map((record) => record.job),
      now,
    )
    const next = new Map<JobId, ActiveJob>()
    for (const { job, snapshot } of changes) {
      const before = jobs.get(job)
      if (snapshot)
        next.set(job, before?.snapshot.digest === snapshot.digest ? before : { snapshot, revision })
      else if (before) next.set(job, before)
    }
    await parts.swap(next)
    report(revision, changes, jobs, next)
    jobs = next
    seen = state
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
    log.info(
      { revision, changed: changed.map(([job]) => job), removed, invalid },
      `${after.size} jobs in force`,
    )
  }

  return {
    restore,
    reconcile,
    async follow(signal) {
      const hint = (): void => {
        hinted = true
        wake()
      }
      const stops = await Promise.all([parts.source.watch(hint), parts.platform?.watch(hint)])
      while (!signal.aborted) {
        hinted = false
        try {
          await reconcile(signal)
        } catch (error) {
          if (!signal.aborted)
            log.error(
              { source: parts.source.description, reason: (error as Error).message },
              'the source cannot be read: the last good jobs run on',
            )
        }
        if (!hinted) await waitForHint(signal)
      }
      for (const stop of stops) await stop?.()
    },
    hint() {
      hinted = true
      wake()
    },
    jobs: () => jobs,
  }

  async function waitForHint(signal: AbortSignal): Promise<void> {
    const woken = new AbortController()
    wake = () => woken.abort()
    await clock.sleep(rescanMs, AbortSignal.any([signal, woken.signal])).catch(() => undefined)
  }
}

function compileAll(
  tree: SourceTree,
  standard: SourceTree,
  platform: SourceTree | undefined,
  incumbents: ReadonlySet<JobId>,
): JobChange[] {
  const config = loadConfig(tree, { standard, incumbents, ...(platform ? { platform } : {}) })
  return [...config.jobFiles.keys()].sort().map((job) => {
    const compiled = compileJob(config, job)
    if ('snapshot' in compiled) return { job, snapshot: compiled.snapshot, message: '' }
    return { job, snapshot: null, message: oneLine(compiled.problem) }
  })
}

/** The jobs that hold the place of their client's only campaign or ftp-in job. */
function incumbentsOf(records: JobRecord[], jobs: ReadonlyMap<JobId, ActiveJob>): Set<JobId> {
  const inForce = records.filter((record) => !record.removedAt).map((record) => record.job)
  return new Set(inForce.filter((job) => isSingleton(jobs.get(job)?.snapshot)))
}

function isSingleton(snapshot: Snapshot | undefined): boolean {
  const type = snapshot?.manifest.trigger.type
  return snapshot?.manifest.enabled === true && (type === 'campaign' || type === 'ftp-in')
}

function oneLine({ file, line, column, message, rule }: Problem): string {
  return `${file}:${line}:${column}: ${message} [${rule}]`
}
