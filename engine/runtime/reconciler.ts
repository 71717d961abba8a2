/** fetch revision → load → problems → compile each job → changes → swap. A job that does not compile keeps its last good snapshot. */

import { createCompiler } from '../config/compile.ts'
import type { Config } from '../config/config.ts'
import { createManifestReader } from '../config/manifest-reader.ts'
import {
  compileOperators,
  fromOperatorFacts,
  noOperators,
  type Operators,
  routeProblem,
  toOperatorFacts,
} from '../config/operators.ts'
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Clock, Log } from '../core/contracts/services.ts'
import type { Hold, JobChange } from '../core/contracts/sync.ts'
import type { JobId, JobRecord, Sha256 } from '../core/model.ts'
import { loadTrusted, readSources, type SourceState, type Sources, type Trusted } from './read-sources.ts'
import {
  absentJobs,
  applyPins,
  brokenRenames,
  compileAll,
  countChanges,
  createAbsenceWatch,
  guardRemovals,
  holdSingletons,
  incumbentsOf,
  markRenames,
  nextJobs,
  onlyNews,
  pinnedChange,
  pinsOf,
} from './sync-changes.ts'
import { createSyncRecord, type SyncRecord } from './sync-record.ts'
import type { ActiveJob } from './trigger-set.ts'

/** So soon is read again what could not be put in force as a whole. */
const againMs = 3_000
const defaultMaxRemovals = 10

export interface ReconcilerParts extends Sources {
  ledger: Ledger
  clock: Clock
  log: Log
  /** Makes exactly these jobs run; false where it has to be tried again. */
  swap(jobs: ReadonlyMap<JobId, ActiveJob>): Promise<boolean>
  /** Stops the triggers of jobs whose debts another name takes over. */
  release(jobs: JobId[]): void
  /** Called when the operators may have to be told something. */
  onNotice(): void
}

export interface Reconciler {
  /** Takes the last good jobs from the ledger, so that they run whatever the source holds now. */
  restore(): Promise<void>
  /**
   * Reads the source once and makes it what runs. What keeps it from that is recorded, told and logged here; rejects
   * only where the ledger fails or the signal aborts. Gives whether it is in force.
   */
  reconcile(signal: AbortSignal): Promise<boolean>
  /** Reads the source once, for runs by hand: nothing is recorded, nothing is watched, nothing removed. */
  look(signal: AbortSignal): Promise<void>
  /** How long to wait for the next one where nothing hints. */
  restMs(): number
  /** Watches what is in force; for an engine whose source cannot be read. */
  watchAgain(): Promise<void>
  /** Puts a hold of a job, or its end, in force as the ledger has it now. */
  applyHold(job: JobId, kind: Hold['kind']): Promise<void>
  jobs(): ReadonlyMap<JobId, ActiveJob>
  /** What is wrong with the newest version of each job that does not compile. */
  problems(): ReadonlyMap<JobId, string>
  /** The newest version of each job that compiles, whether it runs or not. */
  newest(): ReadonlyMap<JobId, Sha256>
  holds(): readonly Hold[]
  operators(): Operators
  record: SyncRecord
}

export function createReconciler(parts: ReconcilerParts): Reconciler {
  const { ledger, clock, log, source, platform } = parts
  let jobs = new Map<JobId, ActiveJob>()
  let operators: Operators = noOperators
  let holds: Hold[] = []
  let problems = new Map<JobId, string>()
  let newest = new Map<JobId, Sha256>()
  let seen = ''
  /** A job is missing that may only be being replaced. */
  let isUnfinished = false
  /** Something that is in force could not be watched. */
  let isUnwatched = false
  const reader = createManifestReader()
  const compiler = createCompiler()
  const absence = createAbsenceWatch(source.settleMs)
  const record = createSyncRecord(parts)

  async function restore(): Promise<void> {
    const facts = await ledger.operators()
    if (facts) operators = fromOperatorFacts(facts)
    holds = await ledger.holds()
    await record.restore()
    const records = (await ledger.jobs()).filter(({ snapshot, removedAt }) => snapshot && !removedAt)
    const snapshots = await ledger.snapshots(records.map(({ snapshot }) => snapshot as string))
    const byDigest = new Map(snapshots.map((snapshot) => [snapshot.digest, snapshot]))
    const pins = pinsOf(holds)
    for (const { job, snapshot: digest, sync, appliedRevision, attemptedRevision } of records) {
      const snapshot = byDigest.get(digest as string)
      const pin = pins.get(job)?.pin
      if (!snapshot) continue
      jobs.set(job, { snapshot, revision: pin?.revision ?? appliedRevision ?? attemptedRevision })
      const known = sync === 'Synced' ? snapshot.digest : pin?.newest
      if (known) newest.set(job, known)
    }
  }

  async function reconcile(signal: AbortSignal): Promise<boolean> {
    const startedMs = clock.now().getTime()
    if (isUnwatched) await swap(jobs)
    let read: SourceState
    try {
      read = await readSources(parts, reader, signal)
    } catch (error) {
      signal.throwIfAborted()
      await record.failed('unread', null, error, startedMs)
      return false
    }
    record.wasRead(startedMs)
    if (read.state === seen) {
      await record.unchanged()
      return true
    }
    let trusted: Trusted
    try {
      const incumbents = incumbentsOf(jobs)
      trusted = await loadTrusted(parts, read, record.accepted(), operators, incumbents, signal)
    } catch (error) {
      signal.throwIfAborted()
      await record.failed('refused', read.revision, error, startedMs)
      return false
    }
    return apply(read, trusted, startedMs)
  }

  async function apply(read: SourceState, trusted: Trusted, startedMs: number): Promise<boolean> {
    const { revision, state } = read
    const { config } = trusted
    holds = await ledger.holds()
    const records = new Map((await ledger.jobs()).map((each) => [each.job, each]))
    const compiledOperators = compileOperators(config, operators)
    const compiled = await compile(config, compiledOperators, records)
    if (config.jobFiles.size === 0 && jobs.size > 0) {
      // Not even its operators' documents are taken over: nobody meant such a revision.
      await record.refuseEmpty(revision, trusted, jobs.size, startedMs)
      return false
    }
    const renames = brokenRenames(config, compiled.changes)
    const gone = findGone(records, compiled.changes, renames, compiledOperators)
    const keptOn = [...gone.perhaps, ...gone.kept.map(({ job }) => job)]
    const changes = holdSingletons(compiled.changes, keptOn, jobs)
    const all = [...changes, ...gone.kept]
    const counts = countChanges(changes, gone, records)
    const news = onlyNews(all, records)
    const sync = record.describe(revision, trusted, counts, changes, startedMs)
    const { removed } = gone
    const { ended } = compiled
    const facts = toOperatorFacts(compiledOperators)
    parts.release(all.flatMap(({ renamedFrom }) => renamedFrom ?? []))
    try {
      await ledger.applyRevision({ revision, changes: news, removed, ended, operators: facts, sync })
    } catch (error) {
      // Nothing was written: what was released for a rename is watched again.
      await swap(jobs)
      throw error
    }
    operators = compiledOperators
    holds = await ledger.holds()
    problems = problemsOf(changes)
    newest = compiled.newest
    const next = nextJobs(revision, changes, keptOn, jobs)
    const before = jobs
    jobs = next
    await swap(next)
    logChanges(revision, news, before, next)
    compiler.forgetOthers(next)
    isUnfinished = gone.perhaps.length > 0
    // Read again, unless all of it is in force for certain.
    seen = isUnfinished || isUnwatched ? '' : state
    await record.applied(sync, all, trusted)
    return true
  }

  /** Watches exactly these jobs; what cannot be watched is tried again soon, whatever becomes of the source. */
  async function swap(wanted: ReadonlyMap<JobId, ActiveJob>): Promise<void> {
    isUnwatched = !(await parts.swap(wanted))
  }

  async function compile(
    config: Config,
    compiledOperators: Operators,
    records: ReadonlyMap<JobId, JobRecord>,
  ) {
    const fresh = compileAll(config, compiler.compile, routeProblem(config, compiledOperators))
    const found = markRenames(fresh, jobs, records)
    const digests = holds.flatMap(({ pin }) => pin?.snapshot ?? [])
    const pinned = new Map((await ledger.snapshots(digests)).map((each) => [each.digest, each]))
    const newestOf = new Map(
      found.flatMap(({ job, snapshot }) => (snapshot ? [[job, snapshot.digest] as const] : [])),
    )
    return { ...applyPins(found, holds, pinned), newest: newestOf }
  }

  function findGone(
    records: ReadonlyMap<JobId, JobRecord>,
    changes: JobChange[],
    renames: ReadonlyMap<JobId, JobId>,
    { settings }: Operators,
  ): ReturnType<typeof guardRemovals> {
    const absent = absentJobs(records.values(), changes)
    const { surely, perhaps } = absence.split(absent, clock.now().getTime())
    const leftOver = perhaps.length + changes.filter(({ job, snapshot }) => snapshot ?? jobs.has(job)).length
    return guardRemovals(surely, perhaps, settings?.maxRemovals ?? defaultMaxRemovals, leftOver, renames)
  }

  /** A hold takes effect at once, also while the source is away or its head is refused. */
  async function applyHold(job: JobId, kind: Hold['kind']): Promise<void> {
    holds = await ledger.holds()
    if (kind === 'pinned') {
      const hold = pinsOf(holds).get(job)
      const digest = hold?.pin?.snapshot ?? newest.get(job)
      const [snapshot] = digest ? await ledger.snapshots([digest]) : []
      const problem = problems.get(job)
      if (snapshot && hold) await runInstead(pinnedChange(hold, snapshot))
      else if (snapshot && problem !== undefined)
        await runInstead({ job, snapshot, sync: 'Invalid', message: problem })
      else if (snapshot) await runInstead({ job, snapshot, sync: 'Synced', message: '' })
      // What else the newest revision says of it, a reconcile tells.
      seen = ''
    }
    await swap(jobs)
  }

  async function runInstead(change: JobChange): Promise<void> {
    await ledger.applyHolds([change], clock.now().toISOString())
    const revision = record.accepted().revision ?? ''
    jobs = nextJobs(
      revision,
      [change],
      [...jobs.keys()].filter((job) => job !== change.job),
      jobs,
    )
  }

  async function look(signal: AbortSignal): Promise<void> {
    const read = await readSources(parts, reader, signal)
    const { config } = await loadTrusted(
      parts,
      read,
      record.accepted(),
      operators,
      incumbentsOf(jobs),
      signal,
    )
    operators = compileOperators(config, operators)
    const compiled = await compile(config, operators, new Map())
    problems = problemsOf(compiled.changes)
    newest = compiled.newest
    for (const { job, snapshot } of compiled.changes)
      if (snapshot) jobs.set(job, { snapshot, revision: read.revision })
  }

  function logChanges(
    revision: string,
    news: JobChange[],
    before: ReadonlyMap<JobId, ActiveJob>,
    after: ReadonlyMap<JobId, ActiveJob>,
  ): void {
    for (const { job, snapshot, message, sync } of news) {
      const runs = before.has(job) ? 'its last good version' : 'nothing'
      if (!snapshot) log[sync === 'Invalid' ? 'error' : 'warn']({ job, revision, runs }, message)
    }
    const isChanged = ([job, { snapshot }]: [JobId, ActiveJob]) =>
      before.get(job)?.snapshot.digest !== snapshot.digest
    const changed = [...after].filter(isChanged).map(([job]) => job)
    const removed = [...before.keys()].filter((job) => !after.has(job))
    const invalid = problems.size
    log.info({ revision, changed, removed, invalid }, `${after.size} jobs in force`)
  }

  const serially = createSerial()
  return {
    restore,
    reconcile: (signal) => serially(() => reconcile(signal)),
    look,
    restMs() {
      if (isUnfinished || isUnwatched) return againMs
      return Math.min(source.rescanMs, platform?.rescanMs ?? Number.POSITIVE_INFINITY)
    },
    watchAgain: () => serially(() => swap(jobs)),
    applyHold: (job, kind) => serially(() => applyHold(job, kind)),
    jobs: () => jobs,
    problems: () => problems,
    newest: () => newest,
    holds: () => holds,
    operators: () => operators,
    record,
  }
}

function problemsOf(changes: JobChange[]): Map<JobId, string> {
  const broken = changes.filter(({ sync }) => sync === 'Invalid')
  return new Map(broken.map(({ job, message }) => [job, message]))
}

/** One at a time, in the order of asking. */
function createSerial(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => undefined) // Told to whoever asked for it.
    return mine
  }
}
