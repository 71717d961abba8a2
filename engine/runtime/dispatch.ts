/** From recorded runs to worked-on ones: the queue, the runner, and what is between two attempts. */
import { checkAuditText } from '../core/audit-text.ts'
import type { NoticeFacts } from '../core/contracts/alerts.ts'
import type { DueRecord, WaitingRun } from '../core/contracts/ledger.ts'
import type { LaneLimits, Queue, QueuedRun } from '../core/contracts/queue.ts'
import type { Audit } from '../core/contracts/sync.ts'
import { JobsdError } from '../core/errors.ts'
import type { Settings } from '../core/manifest.ts'
import type { RunDetail } from '../core/model.ts'
import { createRecordDue } from './begin-at-once.ts'
import { createBreakers, type OpenBreaker } from './breaker.ts'
import { connectionsOf, startOf, toWaitingRun } from './queued-run.ts'
import { createRunner, type RunnerParts } from './runner.ts'
import { createWatchdog } from './watchdog.ts'

/** A run that broke off goes on after a second, then twice as long each time, up to five minutes. */
const firstAgainMs = 1_000
const lastAgainMs = 300_000
/** Timers do not follow the wall clock when it is set, so a run that starts later is looked at again by then. */
const longestWaitMs = 600_000
const defaultMaxRuns = 8

type OwnParts = 'onProgress' | 'onEnding' | 'onFollow' | 'enter' | 'breakers'

export interface DispatchParts extends Omit<RunnerParts, OwnParts> {
  queue: Queue
  /** Called when alerts became pending. */
  onAlert(): void
  /** Aborts when the engine has stopped: what waits goes on at the next start. */
  stopping: AbortSignal
}

export interface Dispatch {
  /** Begins to work on what is queued. */
  start(settings: Settings | null): void
  /** Takes over other limits. */
  limit(settings: Settings | null): void
  /** Queues recorded runs; those that have ended already are passed over. */
  enqueue(runIds: string[]): void
  /**
   * Records something due and returns the ids of its new runs; none where it was known. They are queued then, or begun in
   * the same transaction.
   */
  record(due: DueRecord): Promise<string[]>
  /** Queues every run that has not ended. */
  enqueueAll(): Promise<void>
  /** Ends a run by hand, and aborts whoever works on it. Throws RUN_UNKNOWN, BAD_REQUEST for one that has ended. */
  cancel(runId: string, by: { who: string; why: string }): Promise<void>
  size(): { waiting: number; working: number }
  openBreakers(): OpenBreaker[]
}

export function createDispatch(parts: DispatchParts): Dispatch {
  const { ledger, queue, clock, log, stopping } = parts
  const now = () => clock.now().toISOString()
  /** To be read from the ledger and queued. */
  let pending = new Set<string>()
  let isReading = false
  let readingCount = 0
  let restoring = 0
  /** As they were read last. */
  const rows = new Map<string, WaitingRun>()
  /** Recorded as begun. */
  const begun = new Map<string, RunDetail>()
  const brokenOff = new Map<string, number>()
  /** They wait for their moment. */
  const later = new Set<string>()
  /** Wakes those that wait for a connection. */
  const wakers = new Map<string, Set<() => void>>()

  const breakers = createBreakers(clock, log, (connection) => {
    for (const wake of wakers.get(connection) ?? []) wake()
  })
  const watchdog = createWatchdog(clock, giveUp)
  const walk = createRunner({
    ...parts,
    breakers,
    enter: (runId, connections) => queue.move(runId, connections),
    onEnding: (runId) => queue.release(runId),
    onProgress: (runId, withinMs) => watchdog.progress(runId, withinMs),
    onFollow: enqueue,
  })

  /** Whether recorded runs are not in the queue yet. */
  function isBehind(): boolean {
    return pending.size > 0 || readingCount > 0 || restoring > 0
  }

  function enqueue(runIds: string[]): void {
    for (const runId of runIds) pending.add(runId)
    if (pending.size > 0 && !isReading) void readPending()
  }

  function enqueueDue(due: DueRecord, runIds: string[]): void {
    // A group may have skipped or replaced some: the ledger knows. And none overtakes what is on its way into the queue.
    if (due.group || due.passedOver !== undefined || isBehind()) enqueue(runIds)
    else for (const id of runIds) void send(toWaitingRun(due, id))
  }

  async function readPending(): Promise<void> {
    isReading = true
    while (pending.size > 0) {
      const ids = [...pending]
      pending = new Set()
      readingCount = ids.length
      try {
        const found = await ledger.waitingRuns(ids)
        const unfinished = new Set(found.map(({ id }) => id))
        for (const id of ids) if (!unfinished.has(id)) queue.end(id)
        readingCount = found.length
        for (const row of found) {
          await send(row)
          readingCount -= 1
        }
      } catch (error) {
        log.error(
          { runs: ids.length, reason: (error as Error).message },
          'runs cannot be read; they begin later',
        )
        for (const id of ids) if (!later.has(id)) sendLater(id, firstAgainMs)
      } finally {
        readingCount = 0
      }
    }
    // In the same turn as the last look: what comes from here on is nobody's yet.
    isReading = false
  }

  async function send(row: WaitingRun): Promise<void> {
    const snapshot = await parts.snapshot(row.snapshot).catch(() => undefined)
    const waitMs = snapshot && !row.hasBegun ? startOf(row, snapshot) - clock.now().getTime() : 0
    if (waitMs > 0) {
      if (!later.has(row.id)) sendLater(row.id, Math.min(waitMs, longestWaitMs))
      return
    }
    if (row.group && snapshot?.manifest.concurrency?.onConflict === 'replace')
      await dropReplaced(row.group.name)
    rows.set(row.id, row)
    // A snapshot that cannot be read is told by whoever works on the run.
    queue.send({ ...row, connections: snapshot ? connectionsOf(row, snapshot) : [] })
  }

  /** The ledger cancelled runs of the group when it recorded the new one. */
  async function dropReplaced(group: string): Promise<void> {
    const members = queue.members(group)
    const unfinished = new Set((await ledger.waitingRuns(members)).map(({ id }) => id))
    for (const id of members) {
      if (unfinished.has(id)) continue
      watchdog.end(id)
      queue.end(id, new JobsdError('RUN_LOST', { run: id }))
    }
  }

  /** Works on a run; one that waits, or broke off by an error of the ledger, is handed to the queue again later. */
  async function workOn({ id }: QueuedRun, signal: AbortSignal): Promise<void> {
    const row = rows.get(id)
    rows.delete(id)
    const taken = begun.get(id)
    watchdog.begin(id)
    try {
      const waits = await walk(id, signal, row, taken)
      if (signal.aborted) return
      watchdog.end(id)
      brokenOff.delete(id)
      if (!waits) queue.end(id)
      else if (waits.forMs === 0) enqueue([id])
      else sendLater(id, waits.forMs, waits.connection)
    } catch (error) {
      // Whoever aborted it has seen to the rest; another one may work on it by now.
      if (signal.aborted) return
      watchdog.end(id)
      await breakOff(id, error as Error & { code?: string })
    }
  }

  async function breakOff(id: string, { code, message, stack }: Error & { code?: string }): Promise<void> {
    if (code === 'RUN_LOST') {
      log.warn({ run: id }, message)
      if ((await ledger.waitingRuns([id])).length === 0) queue.end(id)
      else sendLater(id, firstAgainMs)
      return
    }
    const times = (brokenOff.get(id) ?? 0) + 1
    brokenOff.set(id, times)
    const forMs = Math.min(firstAgainMs * 2 ** (times - 1), lastAgainMs)
    log.error({ run: id, reason: message, stack, forMs }, 'a run broke off; it goes on later')
    sendLater(id, forMs)
  }

  /** `connection`: earlier, as soon as that one is back. */
  function sendLater(runId: string, forMs: number, connection?: string): void {
    later.add(runId)
    const early = new AbortController()
    const wake = () => early.abort()
    const waiters = connection === undefined ? undefined : (wakers.get(connection) ?? new Set())
    if (connection !== undefined && waiters) wakers.set(connection, waiters.add(wake))
    clock
      .sleep(forMs, AbortSignal.any([stopping, early.signal]))
      .catch(() => undefined) // Woken early, or the engine stops: then the run goes on at the next start.
      .finally(() => {
        waiters?.delete(wake)
        later.delete(runId)
        if (!stopping.aborted) enqueue([runId])
      })
  }

  async function cancelRun(runId: string, audit: Audit) {
    const run = await ledger.run(runId)
    const follows = run && parts.dueAfter?.(run, await parts.snapshot(run.snapshot), 'cancelled')
    if (follows?.length) return ledger.cancelRunAndFollow(runId, audit, follows)
    return { state: await ledger.cancelRun(runId, audit), runIds: [] }
  }

  function giveUp(runId: string, forMs: number): void {
    log.error(
      { run: runId, forMs },
      'a run made no progress: whoever works on it is given up, and it begins anew',
    )
    queue.abandon(runId, new JobsdError('RUN_LOST', { run: runId }))
    enqueue([runId])
    const notice = describeStuck(runId, forMs)
    ledger.raiseNotice(`stuck-${runId}`, notice, now()).then(
      () => parts.onAlert(),
      (error: Error) =>
        log.error({ run: runId, reason: error.message }, 'that a run is stuck cannot be told'),
    )
  }

  return {
    start(settings) {
      queue.work(readLimits(settings), workOn, (runId, error) => {
        log.error({ run: runId, reason: (error as Error).message }, 'a run cannot be worked on')
      })
    },
    limit: (settings) => queue.limit(readLimits(settings)),
    enqueue,
    record: createRecordDue({
      ...{ ledger, queue, breakers, clock },
      snapshot: parts.snapshot,
      isBehind,
      onBegun(run, admission) {
        begun.set(run.id, run)
        admission.begin()
        // Whoever works on it has it by now; one that was ended meanwhile has nobody.
        begun.delete(run.id)
      },
      onWaiting: enqueueDue,
    }),
    async enqueueAll() {
      restoring += 1
      try {
        // What waits for its moment is not cut short.
        for (const row of await ledger.waitingRuns()) if (!later.has(row.id)) await send(row)
      } finally {
        restoring -= 1
      }
    },
    async cancel(runId, { who, why }) {
      const audit = { who: checkAuditText('who', who), why: checkAuditText('why', why), at: now() }
      const { state, runIds } = await cancelRun(runId, audit)
      if (state === undefined) throw new JobsdError('RUN_UNKNOWN', { run: runId })
      if (state !== 'queued' && state !== 'running')
        throw new JobsdError('BAD_REQUEST', { reason: `run ${runId} has ended already: ${state}` })
      log.info({ run: runId, who }, 'run cancelled')
      watchdog.end(runId)
      queue.end(runId, new JobsdError('RUN_LOST', { run: runId }))
      enqueue(runIds)
    },
    openBreakers: () => breakers.open(),
    size() {
      const { waiting, working } = queue.size()
      return { waiting: waiting + readingCount + pending.size, working }
    },
  }
}

function readLimits(settings: Settings | null): LaneLimits {
  return { runs: settings?.maxRuns ?? defaultMaxRuns, ...settings?.limits }
}

function describeStuck(runId: string, forMs: number): NoticeFacts {
  return {
    title: `run ${runId} was stuck`,
    message: `It was worked on for ${Math.round(forMs / 1000)} s without any progress, longer than its step may take.`,
    facts: [{ name: 'run', value: runId }],
    list: [],
    next: 'It was given to another worker, and goes on at the step that had not ended. Look at the log for what hung.',
  }
}
