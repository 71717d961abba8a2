/** The engine: reconciler, triggers, queue, runner and alerts, started and stopped together. */
import type { NoticeFacts } from '../core/contracts/alerts.ts'
import type { ReadReturnedMail } from '../core/contracts/bounces.ts'
import type { ConfigSource } from '../core/contracts/config-source.ts'
import type { Endpoints } from '../core/contracts/endpoints.ts'
import type { FanOut } from '../core/contracts/fan-out.ts'
import type { EventAnswer, EventRecord, Ledger, Repeats } from '../core/contracts/ledger.ts'
import type { Queue } from '../core/contracts/queue.ts'
import type { ArtifactStore, Clock, Log } from '../core/contracts/services.ts'
import type { StepType } from '../core/contracts/step.ts'
import type { Action, Hold, Sync } from '../core/contracts/sync.ts'
import type { TriggerType } from '../core/contracts/trigger.ts'
import { JobsdError } from '../core/errors.ts'
import type { ClientPolicy, Settings } from '../core/manifest.ts'
import type { JobId, RunDetail } from '../core/model.ts'
import { unknownJob } from '../core/unknown-job.ts'
import { createAlerts, type RenderMail } from './alerts.ts'
import { type Bounces, createBounces } from './bounces.ts'
import type { OpenBreaker } from './breaker.ts'
import { createDispatch } from './dispatch.ts'
import { createExpectations, followSwaps } from './expectations.ts'
import { createFollower } from './follow.ts'
import { createFollowUps } from './follow-ups.ts'
import { createHolds, type Holds } from './holds.ts'
import { judgeEvent } from './judge-event.ts'
import { followLeftovers } from './leftovers.ts'
import { type LiveLook, lookAtFile } from './look-at-file.ts'
import { describeProvenance, type Provenance } from './provenance.ts'
import { createReconciler } from './reconciler.ts'
import { createRepeats, type RepeatRuns } from './repeats.ts'
import { type RunRequest, requestRun } from './requests.ts'
import { followRetention } from './retention.ts'
import { createSnapshotLookup } from './snapshot-lookup.ts'
import { readStatus, type Status } from './status.ts'
import { createCodeWatch, type StepCodes } from './step-codes.ts'
import { watchStorage } from './storage-watch.ts'
import { type ActiveJob, createTriggerSet } from './trigger-set.ts'

const drainMs = 30_000
const alertMs = 5_000

export interface EngineParts {
  source: ConfigSource
  platform: ConfigSource | undefined
  standard: ConfigSource
  ledger: Ledger
  queue: Queue
  endpoints: Endpoints
  artifacts: ArtifactStore
  steps: readonly StepType[]
  /** Operators' own step types whose code `steps` has. Without it nobody is warned of one that it lacks. */
  stepCodes?: StepCodes
  /** Asks for the rows of jobs with `fanOut`. */
  fanOut?: FanOut
  triggers: readonly TriggerType[]
  renderMail: RenderMail
  /** Without it nobody hears of mails that come back. */
  readReturnedMail?: ReadReturnedMail
  clock: Clock
  log: Log
  /** Unique text for what people start by hand. */
  createId(): string
}

export interface Engine extends RepeatRuns {
  /**
   * Restores and reconciles once. With `triggers` it then primes them, goes on with runs that had not ended and follows
   * the source; without, it only runs what is asked by hand.
   */
  start(options: { triggers: boolean }): Promise<void>
  /** Takes nothing new, gives running steps 30 s, then stops them; they go on at the next start. */
  stop(): Promise<void>
  reload(): void
  /** Whether jobs are in force, and what is accepted can be kept. */
  isReady(): boolean
  /** What fails of the engine's own storage, a sentence; null while nothing does. */
  trouble(): string | null
  status(): Promise<Status>
  /** Records a run by hand and returns the ids of its runs, one a call center. Throws JOB_UNKNOWN, BAD_REQUEST. */
  run(request: RunRequest): Promise<string[]>
  /** Records an event once, with the runs it starts; where it starts none the operators are told. */
  acceptEvent(event: EventRecord): Promise<EventAnswer>
  /** What lies at a path of a job's drop folders now. Throws JOB_UNKNOWN, JOB_INVALID. */
  lookAtFile(job: string, path: string): Promise<LiveLook>
  runs(filter: { job?: JobId; client?: string; limit: number }): Promise<RunDetail[]>
  runDetail(id: string): Promise<RunDetail | undefined>
  repeats(runId: string): Promise<Repeats>
  /** Each client's policy in force. */
  policies(): ReadonlyMap<string, ClientPolicy>
  queueSize(): { waiting: number; working: number }
  /** Jobs in force. It is another map where another version came into force. */
  jobs(): ReadonlyMap<JobId, ActiveJob>
  /** What is wrong with the newest version of each job that does not compile. */
  problems(): ReadonlyMap<JobId, string>
  /** null while none were ever valid. */
  settings(): Settings | null
  /** Tells the operators; of the same id only once. */
  tell(id: string, notice: NoticeFacts): Promise<void>
  openBreakers(): OpenBreaker[]
  /** Ends a run, and aborts whoever works on it. Throws RUN_UNKNOWN, BAD_REQUEST for one that has ended. */
  cancel(runId: string, by: { who: string; why: string }): Promise<void>
  holds: Holds
  /** Mails that came back. */
  bounces: Omit<Bounces, 'restore' | 'use' | 'stop' | 'flagged'>
  /** What was done by hand, newest first. */
  actions(filter: { subject?: string; limit: number }): Promise<Action[]>
  /** Where a run's deliveries come from, back to the commit. Throws RUN_UNKNOWN. */
  provenance(runId: string): Promise<Provenance>
  /** The newest sync, and since when the source could not be read: for metrics. */
  sync(): { last: Sync | undefined; lastReadMs: number | null }
}

export function createEngine(given: EngineParts): Engine {
  const stopping = new AbortController()
  const storage = watchStorage(given, stopping.signal, async () => {
    if (isFollowing && ready) await dispatch.enqueueAll()
  })
  const parts = { ...given, ledger: storage.ledger, artifacts: storage.artifacts }
  const { ledger, queue, clock, log } = parts
  const now = () => clock.now().toISOString()
  let ready = false
  let isFollowing = false
  let following: Promise<void> | undefined
  let pruning: Promise<void> | undefined
  let sweeping: Promise<void> | undefined

  const settings = () => reconciler.operators().settings
  const suspension = (job: JobId): Hold | undefined =>
    reconciler.holds().find((hold) => hold.job === job && hold.kind === 'suspended')
  const followUps = createFollowUps({ suspension, log, now })
  const expectations = createExpectations({ ...parts, suspension, onNotice: () => alerts.notify() })
  const triggers = createTriggerSet({
    ...parts,
    suspension,
    recordDue: (due) => dispatch.record(due),
    onNotice: () => alerts.notify(),
  })
  const bounces = createBounces({ ...parts, onNotice: () => alerts.notify() })
  const tellUncoded = createCodeWatch(parts.stepCodes, log)
  const triggerSet = followSwaps(triggers, expectations, log)
  const reconciler = createReconciler({
    ...parts,
    ...triggerSet,
    swap(jobs) {
      dispatch.limit(settings())
      followUps.use(jobs)
      tellUncoded(jobs)
      bounces.use(reconciler.operators().bounces)
      return triggerSet.swap(jobs)
    },
    onNotice: () => alerts.notify(),
  })
  const follower = createFollower(parts, reconciler)
  const alerts = createAlerts({ ...parts, route: () => reconciler.operators().route })
  const holds = createHolds(ledger, reconciler, now, async (kind, job) => {
    if (!isFollowing) return
    await reconciler.applyHold(job, kind)
    if (kind === 'pinned') follower.hint()
  })
  const findSnapshot = createSnapshotLookup(ledger, () => reconciler.jobs())
  const dispatch = createDispatch({
    ...parts,
    snapshot: findSnapshot,
    flagged: bounces.flagged,
    onAlert: () => alerts.notify(),
    dueAfter: (run, snapshot, state) => followUps.dueAfter(run, snapshot, state),
    everyNth: () => reconciler.operators().settings?.alerts.everyNth,
    stopping: stopping.signal,
  })

  /** The version in force, kept for its runs. Throws JOB_UNKNOWN, JOB_INVALID. */
  async function findJob(id: string): Promise<ActiveJob> {
    const job = reconciler.jobs().get(id as JobId)
    const problem = reconciler.problems().get(id as JobId)
    if (!job && problem) throw new JobsdError('JOB_INVALID', { job: id, problem })
    if (!job) throw unknownJob(id, reconciler.jobs().keys())
    if (problem && !isFollowing) log.warn({ job: id }, `its last good version runs: ${problem}`)
    if (!isFollowing) await ledger.keepSnapshot(job.snapshot, now())
    return job
  }

  return {
    async start({ triggers }) {
      isFollowing = triggers
      await reconciler.restore()
      await bounces.restore()
      const [lastSync] = await ledger.syncs(1)
      let isInForce = false
      try {
        if (triggers) isInForce = await reconciler.reconcile(stopping.signal)
        else await reconciler.look(stopping.signal)
      } catch (error) {
        const reason = (error as Error).message
        const source = parts.source.description
        log.error({ source, reason }, 'it could not be applied: the last good jobs run')
      }
      // What could not be read, or was refused, leaves the restored jobs in force.
      if (triggers && !isInForce) await reconciler.watchAgain()
      dispatch.start(settings())
      if (triggers) {
        await dispatch.enqueueAll()
        alerts.notify()
        following = follower.follow(stopping.signal)
        const lastKnownMs = lastSync ? Date.parse(lastSync.endedAt) : null
        pruning = followRetention({ ...parts, settings }, lastKnownMs, stopping.signal)
        sweeping = followLeftovers({ ...parts, snapshot: findSnapshot }, stopping.signal)
      }
      ready = true
    },
    async stop() {
      ready = false
      triggerSet.stop()
      await queue.drain(drainMs)
      stopping.abort(new Error('the engine stops'))
      await following
      await bounces.stop()
      await pruning
      await sweeping
      await expectations.stop()
      await alerts.finish(alertMs)
    },
    reload: () => follower.hint(),
    isReady: () => ready && storage.trouble() === null,
    trouble: () => storage.trouble(),
    async status() {
      const { source, platform } = parts
      const sources = [source.description, ...(platform ? [platform.description] : [])]
      const [active, held, readMs] = [reconciler.jobs(), reconciler.holds(), reconciler.record.lastReadMs()]
      const { stepCodes } = parts
      return readStatus(ledger, { sources, active, held, readMs, stepCodes }, clock.now().getTime())
    },
    async run(request) {
      const job = await findJob(request.job)
      return dispatch.record(requestRun(job, request, parts.createId(), now()))
    },
    ...createRepeats({ ...parts, findJob, begin: dispatch.record, now }),
    repeats: (runId) => ledger.repeats(runId),
    async acceptEvent(event) {
      const among = { jobs: reconciler.jobs().values(), triggers: parts.triggers, suspension }
      const { dues, verdict } = judgeEvent(event, among, now())
      const answer = await ledger.recordEvent(event, dues, verdict)
      if (answer.known) return answer
      dispatch.enqueue(answer.runIds)
      const { client, type, id } = event
      if (answer.note) log.warn({ client, type, event: id, reason: answer.note }, 'an event starts nothing')
      if (verdict.notice) alerts.notify()
      return answer
    },
    async lookAtFile(job, path) {
      const { snapshot } = await findJob(job)
      return lookAtFile(snapshot, path, parts.endpoints, clock.now(), stopping.signal)
    },
    runs: (filter) => ledger.runs(filter),
    runDetail: (id) => ledger.run(id),
    policies: () => reconciler.operators().policies,
    queueSize: () => dispatch.size(),
    jobs: () => reconciler.jobs(),
    problems: () => reconciler.problems(),
    settings,
    async tell(id, notice) {
      await ledger.raiseNotice(id, notice, now())
      alerts.notify()
    },
    openBreakers: () => dispatch.openBreakers(),
    cancel: (runId, by) => dispatch.cancel(runId, by),
    holds,
    bounces,
    actions: (filter) => ledger.actions(filter),
    provenance: (runId) => describeProvenance(ledger, runId),
    sync: () => ({ last: reconciler.record.last(), lastReadMs: reconciler.record.lastReadMs() }),
  }
}
