/** Notices runs that are worked on but go nowhere. It counts time that passed, so a clock that is set alarms nobody. */
import type { Clock } from '../core/contracts/services.ts'

const tickMs = 15_000
/** What a durable transition may take beside the step. */
const slackMs = 60_000

export interface Watchdog {
  /** Somebody begins to work on the run. */
  begin(runId: string): void
  /** It made a durable transition; the next one is due within `withinMs` and a minute. */
  progress(runId: string, withinMs?: number): void
  /** Nobody works on it any more. */
  end(runId: string): void
}

/** `onStuck` is called once for each time that nothing comes; the run is then no more watched. */
export function createWatchdog(clock: Clock, onStuck: (runId: string, forMs: number) => void): Watchdog {
  const watched = new Map<string, { sinceTick: number; forTicks: number }>()
  let ticks = 0
  let rest = new AbortController()
  let isWatching = false

  async function watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(tickMs, signal).catch(() => undefined)
      if (signal.aborted) return
      ticks += 1
      for (const [runId, { sinceTick, forTicks }] of watched) {
        if (ticks - sinceTick <= forTicks) continue
        end(runId)
        onStuck(runId, (ticks - sinceTick) * tickMs)
      }
    }
  }

  function end(runId: string): void {
    watched.delete(runId)
    if (watched.size > 0 || !isWatching) return
    isWatching = false
    rest.abort()
  }

  function progress(runId: string, withinMs = 0): void {
    const watch = watched.get(runId)
    if (!watch) return
    watch.sinceTick = ticks
    watch.forTicks = Math.ceil((withinMs + slackMs) / tickMs)
  }

  return {
    begin(runId) {
      watched.set(runId, { sinceTick: ticks, forTicks: Math.ceil(slackMs / tickMs) })
      if (isWatching) return
      isWatching = true
      rest = new AbortController()
      void watch(rest.signal)
    },
    progress,
    end,
  }
}
