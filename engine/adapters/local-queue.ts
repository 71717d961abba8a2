import type { LaneLimits, Queue, QueuedRun } from '../core/contracts/queue.ts'
import type { Clock } from '../core/contracts/services.ts'
import { createLanes } from '../core/lanes.ts'

interface Work {
  abort: AbortController
  settled: Promise<void>
  /** Handed over again meanwhile. */
  again: QueuedRun | undefined
}

function createWork(): Work {
  return { abort: new AbortController(), settled: Promise.resolve(), again: undefined }
}

/** A queue in this process. */
export function createLocalQueue(clock: Clock): Queue {
  const lanes = createLanes({ runs: 0 })
  const working = new Map<string, Work>()
  let start: ((run: QueuedRun, signal: AbortSignal) => Promise<void>) | undefined
  let isDraining = false

  function pump(): void {
    if (!start || isDraining) return
    for (let run = lanes.take(); run; run = lanes.take()) begin(run, start)
  }

  function begin(run: QueuedRun, handle: NonNullable<typeof start>): void {
    const work = createWork()
    working.set(run.id, work)
    work.settled = workOn(work, run, handle)
  }

  async function workOn(work: Work, run: QueuedRun, handle: NonNullable<typeof start>): Promise<void> {
    try {
      await handle(run, work.abort.signal)
    } finally {
      // Another one may work on it by now.
      if (working.get(run.id) === work) {
        leave(run.id)
        if (work.again) lanes.add(work.again)
        pump()
      }
    }
  }

  function leave(runId: string): void {
    working.delete(runId)
    lanes.rest(runId)
  }

  return {
    send(run) {
      const work = working.get(run.id)
      if (work) work.again = run
      else lanes.add(run)
      pump()
    },
    admit(run) {
      const handle = start
      if (!handle || isDraining || !lanes.admit(run)) return undefined
      const work = createWork()
      const { promise, resolve } = Promise.withResolvers<void>()
      work.settled = promise
      working.set(run.id, work)
      return {
        begin() {
          if (working.get(run.id) === work) void workOn(work, run, handle).then(resolve)
          else resolve()
        },
        withdraw() {
          resolve()
          if (working.get(run.id) !== work) return
          working.delete(run.id)
          lanes.end(run.id)
          pump()
        },
      }
    },
    work(limits, handler, onError) {
      lanes.limit(limits)
      start = async (run, signal) => {
        try {
          await handler(run, signal)
        } catch (error) {
          onError(run.id, error)
        }
      }
      pump()
    },
    limit(limits: LaneLimits) {
      lanes.limit(limits)
      pump()
    },
    move(runId, connections) {
      if (!lanes.move(runId, connections)) return false
      pump()
      return true
    },
    release(runId) {
      lanes.rest(runId)
      pump()
    },
    end(runId, reason) {
      const work = working.get(runId)
      working.delete(runId)
      lanes.end(runId)
      if (reason) work?.abort.abort(reason)
      pump()
    },
    abandon(runId, reason) {
      const work = working.get(runId)
      if (!work) return
      leave(runId)
      work.abort.abort(reason)
      if (work.again) lanes.add(work.again)
      pump()
    },
    members: (group) => lanes.members(group),
    async drain(graceMs) {
      isDraining = true
      const ended = Promise.allSettled([...working.values()].map(({ settled }) => settled))
      const patience = new AbortController()
      const overdue = clock.sleep(graceMs, patience.signal).then(
        () => {
          for (const { abort } of working.values()) abort.abort(new Error('the engine stops'))
        },
        () => undefined,
      )
      await ended.finally(() => patience.abort())
      await overdue
    },
    size: () => ({ waiting: lanes.waiting(), working: working.size }),
  }
}
