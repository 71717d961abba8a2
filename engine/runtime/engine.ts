/** The engine: reconciler, triggers, queue, runner and alerts, started and stopped together. */
import type { ConfigSource } from '../core/contracts/config-source.ts'
import type { Endpoints } from '../core/contracts/endpoints.ts'
import type { EventRecord, Ledger } from '../core/contracts/ledger.ts'
import type { Queue } from '../core/contracts/queue.ts'
import type { Artifacts, Clock, Log } from '../core/contracts/services.ts'
import type { StepType } from '../core/contracts/step.ts'
import type { Action, Hold, Sync } from '../core/contracts/sync.ts'
import type { TriggerType } from '../core/contracts/trigger.ts'
import { JobsdError } from '../core/errors.ts'
import type { ClientPolicy } from '../core/manifest.ts'
import type { JobId, RunDetail, Snapshot } from '../core/model.ts'
import { unknownJob } from '../core/unknown-job.ts'
import { createAlerts, type RenderMail } from './alerts.ts'
import { createFollower } from './follow.ts'
import { createHolds, type Holds } from './holds.ts'
import { describeProvenance, type Provenance } from './provenance.ts'
import { createReconciler } from './reconciler.ts'
import { dueFromEvent, type RunRequest, requestRun } from './requests.ts'
import { createRunner } from './runner.ts'
import { readStatus, type Status } from './status.ts'
import { createTriggerSet } from './trigger-set.ts'

const drainMs = 30_000
const alertMs = 5_000
/** A run that broke off goes on after a second, then twice as long each time, up to five minutes. */
const firstAgainMs = 1_000
const lastAgainMs = 300_000

export interface EngineParts {
  source: ConfigSource
  platform: ConfigSource | undefined
  standard: ConfigSource
  ledger: Ledger
  queue: Queue
  endpoints: Endpoints
  artifacts: Artifacts
  steps: readonly StepType[]
  triggers: readonly TriggerType[]
  renderMail: RenderMail
  clock: Clock
  log: Log
  /** Unique text for what people start by hand. */
  createId(): string
}

export interface Engine {
  /**
   * Restores and reconciles once. With `triggers` it then primes them, goes on with runs that had not ended and follows
   * the source; without, it only runs what is asked by hand.
   */
  start(options: { triggers: boolean }): Promise<void>
  /** Takes nothing new, gives running steps 30 s, then stops them; they go on at the next start. */
  stop(): Promise<void>
  reload(): void
  isReady(): boolean
  status(): Promise<Status>
  /** Records a run by hand and returns the ids of its runs, one a call center. Throws JOB_UNKNOWN, BAD_REQUEST. */
  run(request: RunRequest): Promise<string[]>
  /** Records an event once, with the runs it starts. */
  acceptEvent(event: EventRecord): Promise<{ known: boolean; sameBody: boolean; runIds: string[] }>
  runs(filter: { job?: JobId; client?: string; limit: number }): Promise<RunDetail[]>
  runDetail(id: string): Promise<RunDetail | undefined>
  /** Each client's policy in force. */
  policies(): ReadonlyMap<string, ClientPolicy>
  queueSize(): { waiting: number; working: number }
  holds: Holds
  /** What was done by hand, newest first. */
  actions(filter: { subject?: string; limit: number }): Promise<Action[]>
  /** Where a run's deliveries come from, back to the commit. Throws RUN_UNKNOWN. */
  provenance(runId: string): Promise<Provenance>
  /** The newest sync, and since when the source could not be read: for metrics. */
  sync(): { last: Sync | undefined; lastReadMs: number | null }
}

export function createEngine(parts: EngineParts): Engine {
  const { ledger, queue, clock, log } = parts
  const stopping = new AbortController()
  const cache = new Map<string, Snapshot>()
  const now = () => clock.now().toISOString()
  let ready = false
  let isFollowing = false
  let following: Promise<void> | undefined

  const enqueue = (runIds: string[]): void => {
    for (const runId of runIds) queue.send(runId)
  }
  const suspension = (job: JobId): Hold | undefined =>
    reconciler.holds().find((hold) => hold.job === job && hold.kind === 'suspended')
  const triggerSet = createTriggerSet({ ...parts, suspension, onRuns: enqueue })
  const reconciler = createReconciler({ ...parts, ...triggerSet, onNotice: () => alerts.notify() })
  const follower = createFollower(parts, reconciler)
  const alerts = createAlerts({ ...parts, route: () => reconciler.operators().route })
  const holds = createHolds(ledger, reconciler, now, async (kind) => {
    if (!isFollowing) return
    await reconciler.refreshHolds()
    if (kind === 'pinned') await reconciler.reconcile(stopping.signal, { anew: true })
  })
  const walk = createRunner({ ...parts, snapshot: findSnapshot, onProgress: () => alerts.notify() })
  const brokenOff = new Map<string, number>()

  async function findSnapshot(digest: string): Promise<Snapshot> {
    for (const { snapshot } of reconciler.jobs().values()) if (snapshot.digest === digest) return snapshot
    const known = cache.get(digest)
    if (known) return known
    const [stored] = await ledger.snapshots([digest])
    if (!stored) throw new Error(`the ledger lacks snapshot ${digest}`)
    cache.set(digest, stored)
    return stored
  }

  /** Works on a run; one that waits, or broke off by an error of the ledger, is handed to the queue again later. */
  async function workOn(runId: string, signal: AbortSignal): Promise<void> {
    try {
      const waits = await walk(runId, signal)
      brokenOff.delete(runId)
      if (waits) sendLater(runId, waits.forMs)
    } catch (error) {
      if (signal.aborted) return
      const { code, message, stack } = error as { code?: string; message: string; stack?: string }
      if (code === 'RUN_LOST') return log.warn({ run: runId }, message)
      const times = (brokenOff.get(runId) ?? 0) + 1
      brokenOff.set(runId, times)
      const forMs = Math.min(firstAgainMs * 2 ** (times - 1), lastAgainMs)
      log.error({ run: runId, reason: message, stack, forMs }, 'a run broke off; it goes on later')
      sendLater(runId, forMs)
    }
  }

  function sendLater(runId: string, forMs: number): void {
    clock.sleep(forMs, stopping.signal).then(
      () => queue.send(runId),
      () => undefined, // The engine stops: the run goes on at the next start.
    )
  }

  return {
    async start({ triggers }) {
      isFollowing = triggers
      await reconciler.restore()
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
      if (triggers && !isInForce) await triggerSet.swap(reconciler.jobs())
      const report = (runId: string, error: unknown): void => {
        log.error({ run: runId, reason: (error as Error).message }, 'a run cannot be worked on')
      }
      queue.work(reconciler.operators().settings?.maxRuns ?? 8, workOn, report)
      if (triggers) {
        enqueue((await ledger.unfinishedRuns()).map((run) => run.id))
        alerts.notify()
        following = follower.follow(stopping.signal)
      }
      ready = true
    },
    async stop() {
      ready = false
      triggerSet.stop()
      await queue.drain(drainMs)
      stopping.abort(new Error('the engine stops'))
      await following
      await alerts.finish(alertMs)
    },
    reload: () => follower.hint(),
    isReady: () => ready,
    async status() {
      const { source, platform } = parts
      const sources = [source.description, ...(platform ? [platform.description] : [])]
      const [active, held, readMs] = [reconciler.jobs(), reconciler.holds(), reconciler.record.lastReadMs()]
      return readStatus(ledger, { sources, active, held, readMs }, clock.now().getTime())
    },
    async run(request) {
      const job = reconciler.jobs().get(request.job as JobId)
      const problem = reconciler.problems().get(request.job as JobId)
      if (!job && problem) throw new JobsdError('JOB_INVALID', { job: request.job, problem })
      if (!job) throw unknownJob(request.job, reconciler.jobs().keys())
      if (problem && !isFollowing)
        log.warn({ job: job.snapshot.job }, `its last good version runs: ${problem}`)
      const due = requestRun(job, request, parts.createId(), now())
      if (!isFollowing) await ledger.keepSnapshot(job.snapshot, now())
      const runIds = await ledger.recordDue(due)
      enqueue(runIds)
      return runIds
    },
    async acceptEvent(event) {
      const dues = dueFromEvent(event, reconciler.jobs().values(), parts.triggers, suspension, log, now())
      const result = await ledger.recordEvent(event, dues)
      if (!result.known) enqueue(result.runIds)
      return result
    },
    runs: (filter) => ledger.runs(filter),
    runDetail: (id) => ledger.run(id),
    policies: () => reconciler.operators().policies,
    queueSize: () => queue.size(),
    holds,
    actions: (filter) => ledger.actions(filter),
    provenance: (runId) => describeProvenance(ledger, runId),
    sync: () => ({ last: reconciler.record.last(), lastReadMs: reconciler.record.lastReadMs() }),
  }
}
