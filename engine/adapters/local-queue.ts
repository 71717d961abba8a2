import type { Queue } from '../core/contracts/queue.ts'
import type { Clock } from '../core/contracts/services.ts'

/** A queue in this process. */
export function createLocalQueue(clock: Clock): Queue {
  const waiting = new Set<string>()
  const working = new Map<string, Promise<void>>()
  const again = new Set<string>()
  const abort = new AbortController()
  let start: ((runId: string) => Promise<void>) | undefined
  let limit = 0
  let draining = false

  function pump(): void {
    if (!start || draining) return
    for (const runId of waiting) {
      if (working.size >= limit) return
      waiting.delete(runId)
      const work = start(runId).finally(() => {
        working.delete(runId)
        if (again.delete(runId)) waiting.add(runId)
        pump()
      })
      working.set(runId, work)
    }
  }

  return {
    send(runId) {
      if (working.has(runId)) again.add(runId)
      else waiting.add(runId)
      pump()
    },
    work(atMost, handler, onError) {
      limit = atMost
      start = async (runId) => {
        try {
          await handler(runId, abort.signal)
        } catch (error) {
          onError(runId, error)
        }
      }
      pump()
    },
    async drain(graceMs) {
      draining = true
      const ended = Promise.allSettled(working.values())
      const patience = new AbortController()
      const overdue = clock.sleep(graceMs, patience.signal).then(
        () => abort.abort(new Error('the engine stops')),
        () => undefined,
      )
      await ended.finally(() => patience.abort())
      await overdue
    },
    size: () => ({ waiting: waiting.size, working: working.size }),
  }
}
