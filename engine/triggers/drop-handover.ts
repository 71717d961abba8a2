/** From one watch of a job's drop folders to the next: what the old one has in its hands is nobody else's yet. */
import type { TriggerHost } from '../core/contracts/trigger.ts'
import type { Snapshot } from '../core/model.ts'
import type { DropWatch } from './drop-watch.ts'

interface Watched {
  signal: AbortSignal
  /** Resolves once it was released, and nothing that it found is still being taken or moved. */
  ended: Promise<void>
}

/** By job, for each engine by its endpoints. */
const watched = new WeakMap<TriggerHost['endpoints'], Map<string, Watched>>()

/**
 * Resolves once the watch before has ended: the one of this job, which is released after the new one was begun, or the
 * one under its previous name, if that was released.
 */
export async function oldWatchesEnd({ endpoints }: TriggerHost, { job, manifest }: Snapshot): Promise<void> {
  const ofEngine = watched.get(endpoints)
  const renamed = ofEngine?.get(`${manifest.client}/${manifest.previousName}`)
  await Promise.all([ofEngine?.get(job)?.ended, renamed?.signal.aborted ? renamed.ended : undefined])
}

/** Remembers the watches of a job's folders, for those that come after them. `before` is what they wait for themselves. */
export function rememberWatches(
  { endpoints }: TriggerHost,
  { job }: Snapshot,
  watches: DropWatch[],
  before: Promise<void>,
  signal: AbortSignal,
): void {
  const ofEngine = watched.get(endpoints) ?? new Map<string, Watched>()
  watched.set(endpoints, ofEngine)
  const waitForEnd = async (): Promise<void> => {
    await aborted(signal)
    await before
    for (const watch of watches) await watch.idle()
  }
  ofEngine.set(job, { signal, ended: waitForEnd() })
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
