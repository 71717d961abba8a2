/** The engine: reconciler, triggers, queue, runner and alerts, started and stopped together. */
import type { ConfigSource } from '../core/contracts/config-source.ts'
import type { Endpoints } from '../core/contracts/endpoints.ts'
import type { EventRecord, Ledger } from '../core/contracts/ledger.ts'
import type { Queue } from '../core/contracts/queue.ts'
import type { Artifacts, Clock, Log } from '../core/contracts/services.ts'
import type { StepType } from '../core/contracts/step.ts'
import type { TriggerType } from '../core/contracts/trigger.ts'
import { JobsdError } from '../core/errors.ts'
import type { Instant, JobId, RunDetail, Snapshot } from '../core/model.ts'
import { createAlerts, type RenderMail } from './alerts.ts'
import { toDueRecord } from './due.ts'
import { createReconciler } from './reconciler.ts'
import { createRunner } from './runner.ts'
import { describeStatus, type Status } from './status.ts'
import { type ActiveJob, createTriggerSet } from './trigger-set.ts'

const drainMs = 30_000

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

/** What a person or a command asks to run now. */
export interface RunRequest {
  job: string
  /** The slot it runs for; default now. */
  slot?: Instant
  callCenter?: string
  dryRun?: boolean
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
  /** The snapshots in force. */
  snapshots(): Snapshot[]
  queueSize(): { waiting: number; working: number }
}

export function createEngine(parts: EngineParts): Engine {
  const { ledger, queue, clock, log } = parts
  const stopping = new AbortController()
  const cache = new Map<string, Snapshot>()
  const now = () => clock.now().toISOString()
  let ready = false
  let watching = false
  let following: Promise<void> | undefined

  const enqueue = (runIds: string[]): void => {
    for (const runId of runIds) queue.send(runId)
  }
  const triggerSet = createTriggerSet({ ...parts, onRuns: enqueue })
  const swap = async (jobs: ReadonlyMap<JobId, ActiveJob>): Promise<void> => {
    if (watching) await triggerSet.swap(jobs)
  }
  const reconciler = createReconciler({ ...parts, swap })
  const active = (): Snapshot[] => [...reconciler.jobs().values()].map(({ snapshot }) => snapshot)
  const alerts = createAlerts({ ...parts, route: () => active()[0] }, stopping.signal)
  const runner = createRunner({ ...parts, snapshot: findSnapshot, onProgress: () => alerts.notify() })

  async function findSnapshot(digest: string): Promise<Snapshot> {
    const known = active().find((snapshot) => snapshot.digest === digest) ?? cache.get(digest)
    if (known) return known
    const [stored] = await ledger.snapshots([digest])
    if (!stored) throw new Error(`the ledger lacks snapshot ${digest}`)
    cache.set(digest, stored)
    return stored
  }

  function activeJob(job: string) {
    const found = reconciler.jobs().get(job as JobId)
    if (!found) throw new JobsdError('JOB_UNKNOWN', { job })
    return found
  }

  return {
    async start({ triggers }) {
      watching = triggers
      await reconciler.restore()
      try {
        await reconciler.reconcile(stopping.signal)
      } catch (error) {
        log.error(
          { source: parts.source.description, reason: (error as Error).message },
          'the source cannot be read: the last good jobs run',
        )
        await swap(reconciler.jobs())
      }
      const limit = active()[0]?.settings.maxRuns ?? 8
      queue.work(limit, runner, (runId, error) => reportLostRun(runId, error))
      if (watching) {
        enqueue((await ledger.unfinishedRuns()).map((run) => run.id))
        alerts.notify()
        following = reconciler.follow(stopping.signal)
      }
      ready = true
    },
    async stop() {
      ready = false
      triggerSet.stop()
      await queue.drain(drainMs)
      stopping.abort(new Error('the engine stops'))
      await following
      await alerts.settled()
    },
    reload: () => reconciler.hint(),
    isReady: () => ready,
    async status() {
      const [revision, records, latest] = await Promise.all([
        ledger.lastRevision(),
        ledger.jobs(),
        ledger.latestRuns(),
      ])
      return describeStatus(
        parts.source.description,
        revision,
        records,
        reconciler.jobs(),
        latest,
        clock.now().getTime(),
      )
    },
    async run({ job, slot, callCenter, dryRun }) {
      const { snapshot, revision } = activeJob(job)
      const { scope, callCenters } = snapshot.manifest
      if (callCenter !== undefined && (scope === 'client' || !callCenters.includes(callCenter))) {
        const allowed = scope === 'client' ? 'its scope is client' : `it has ${callCenters.join(', ')}`
        throw new JobsdError('BAD_REQUEST', { reason: `${job} has no call center ${callCenter}: ${allowed}` })
      }
      const at = slot ?? now()
      const key = `by-hand:${at}:${parts.createId()}`
      const due = {
        type: 'manual' as const,
        key,
        slot: at,
        schedule: null,
        event: null,
        file: null,
        callCenter: callCenter ?? null,
      }
      const runIds = await ledger.recordDue(toDueRecord(snapshot, revision, due, now(), dryRun ?? false))
      enqueue(runIds)
      return runIds
    },
    async acceptEvent(event) {
      const dues = [...reconciler.jobs().values()]
        .filter(({ snapshot }) => snapshot.manifest.enabled && snapshot.client.name === event.client)
        .flatMap(({ snapshot, revision }) => {
          const type = parts.triggers.find((each) => each.type === snapshot.manifest.trigger.type)
          if (!type?.accepts?.(event.type)) return []
          const named = event.data.callCenter
          const callCenter =
            snapshot.manifest.scope === 'call-center' && typeof named === 'string' ? named : null
          if (callCenter !== null && !snapshot.manifest.callCenters.includes(callCenter)) return []
          const key = `${event.source}:${event.id}`
          const due = {
            type: type.type,
            key,
            slot: event.receivedAt,
            schedule: null,
            event: event.data,
            file: null,
            callCenter,
          }
          return [toDueRecord(snapshot, revision, due, now())]
        })
      const result = await ledger.recordEvent(event, dues)
      if (!result.known) enqueue(result.runIds)
      return result
    },
    runs: (filter) => ledger.runs(filter),
    runDetail: (id) => ledger.run(id),
    snapshots: active,
    queueSize: () => queue.size(),
  }

  /** A run whose walk broke off: by the engine's stop, or by a bug. It stays unfinished in the ledger and goes on at the next start. */
  function reportLostRun(runId: string, error: unknown): void {
    if (stopping.signal.aborted || !ready) return
    log.error(
      { run: runId, reason: (error as Error).message, stack: (error as Error).stack },
      'a run broke off; it goes on at the next start',
    )
  }
}
