/** Deletes what the settings say is too old, in small steps beside the work. */
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Pruned, PruneLimits } from '../core/contracts/retention.ts'
import type { ArtifactStore, Clock, Log } from '../core/contracts/services.ts'
import type { Settings } from '../core/manifest.ts'
import { dayMs, hourMs, retentionTimes } from '../core/retention-times.ts'

/** An engine that starts so long after its ledger's last word may have a wrong clock. */
const longestRestMs = 7 * dayMs

/** Between two steps, so that runs get their turn. */
const pauseMs = 50
const rowsAtOnce = 200

/** As long as any catchUpWindow reaches, whatever the settings say. */
const leastKeyMs = 400 * dayMs

export interface RetentionParts {
  ledger: Ledger
  artifacts: ArtifactStore
  clock: Clock
  log: Log
  settings(): Settings | null
}

/**
 * Prunes once an hour until the signal aborts; never rejects. A clock that was set by more than an hour, or that is more
 * than a week beyond `lastKnownMs`, is believed a day later: a wrong one must not delete a year's work in a minute.
 * `lastKnownMs`: the newest moment that the ledger knew when the engine started; null for an empty one.
 */
export async function followRetention(
  parts: RetentionParts,
  lastKnownMs: number | null,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = parts
  const startedMs = clock.now().getTime()
  let distrustedUntilMs = 0
  if (lastKnownMs !== null && startedMs - lastKnownMs > longestRestMs) {
    distrustedUntilMs = startedMs + dayMs
    const lastKnown = new Date(lastKnownMs).toISOString()
    log.warn(
      { lastKnown, until: new Date(distrustedUntilMs).toISOString() },
      'the clock is far beyond the last moment of the ledger: nothing is pruned',
    )
  }
  while (!signal.aborted) {
    const beganMs = clock.now().getTime()
    try {
      await clock.sleep(hourMs, signal)
      const nowMs = clock.now().getTime()
      if (Math.abs(nowMs - beganMs - hourMs) > hourMs) {
        distrustedUntilMs = nowMs + dayMs
        log.warn({ until: new Date(distrustedUntilMs).toISOString() }, 'the clock was set: nothing is pruned')
      }
      // Set back far, it would never come to that moment.
      if (nowMs < distrustedUntilMs && distrustedUntilMs - nowMs <= dayMs) continue
      await pruneOnce(parts, signal)
    } catch (error) {
      if (!signal.aborted)
        log.error({ reason: (error as Error).message }, 'pruning broke off; it goes on later')
    }
  }
}

/** One whole pass. Rejects with the signal's reason, or an error of the ledger or the artifacts. */
export async function pruneOnce(parts: RetentionParts, signal: AbortSignal): Promise<void> {
  const { ledger, clock, log } = parts
  const nowMs = clock.now().getTime()
  const counts: Record<string, number> = {}
  for (let pruned: Pruned | undefined; pruned?.more !== false; ) {
    pruned = await ledger.prune(limitsAt(nowMs, parts.settings()))
    const { more: _more, ...rows } = pruned
    for (const [kind, count] of Object.entries(rows)) counts[kind] = (counts[kind] ?? 0) + count
    if (pruned.more) await clock.sleep(pauseMs, signal)
  }
  counts.artifactBytes = await pruneArtifacts(parts, nowMs, signal)
  if (Object.values(counts).some((count) => count > 0)) log.info(counts, 'pruned')
}

async function pruneArtifacts(parts: RetentionParts, nowMs: number, signal: AbortSignal): Promise<number> {
  const { ledger, artifacts, clock } = parts
  const { artifactsMs } = retentionTimes(parts.settings())
  const endedSince = new Date(nowMs - artifactsMs).toISOString()
  // What was stored just now may be of a step that has not ended yet: no run names it.
  const storedBefore = new Date(nowMs - dayMs)
  let bytes = 0
  for await (const old of artifacts.storedBefore(storedBefore)) {
    signal.throwIfAborted()
    const kept = new Set(await ledger.keptArtifacts(old, endedSince))
    for (const sha256 of old) {
      if (!kept.has(sha256)) bytes += await artifacts.remove(sha256, storedBefore)
    }
    await clock.sleep(pauseMs, signal)
  }
  return bytes
}

/** What is pruned at a moment. */
export function limitsAt(nowMs: number, settings: Settings | null): PruneLimits {
  const { runsMs, eventsMs } = retentionTimes(settings)
  const before = (keptMs: number) => new Date(nowMs - keptMs).toISOString()
  return {
    runsBefore: before(runsMs),
    eventsBefore: before(eventsMs),
    duesBefore: before(Math.max(runsMs, eventsMs, leastKeyMs)),
    rows: rowsAtOnce,
  }
}
