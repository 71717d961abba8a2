/**
 * Removes temporary files that runs left at their targets and nobody will go on with. Their names are made of what the
 * ledger knows of a delivery, so nothing is listed, and no file that others wrote is ever looked for.
 */
import { connectionOf } from '../core/connection-of.ts'
import type { Endpoints } from '../core/contracts/endpoints.ts'
import type { Ledger } from '../core/contracts/ledger.ts'
import type { LeftDelivery } from '../core/contracts/leftovers.ts'
import type { Clock, Log } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { Sha256, Snapshot } from '../core/model.ts'
import { joinPath } from '../core/paths.ts'
import { dayMs, hourMs } from '../core/retention-times.ts'
import { temporaryName } from '../core/temporary-name.ts'

const firstAfterMs = 300_000
/** An attempt that was given up on, or an engine that lost its runs, may still write for a while. */
const restMs = hourMs
/** What an engine that starts looks back on, and how long a target that does not answer is tried. */
const reachMs = 7 * dayMs
/** Between two reads, so that runs get their turn. */
const pauseMs = 50

export interface LeftoverParts {
  ledger: Pick<Ledger, 'leftDeliveries'>
  endpoints: Pick<Endpoints, 'files'>
  clock: Clock
  log: Log
  snapshot(digest: Sha256): Promise<Snapshot>
}

/** Where a temporary file may lie. */
interface Leftover extends LeftDelivery {
  connection: string
  path: string
  knownMs: number
}

/** Sweeps soon after the start and then once an hour, until the signal aborts; never rejects. */
export async function followLeftovers(parts: LeftoverParts, signal: AbortSignal): Promise<void> {
  const { clock, log } = parts
  const sweep = createSweep(parts)
  for (let waitMs = firstAfterMs; !signal.aborted; waitMs = hourMs) {
    try {
      await clock.sleep(waitMs, signal)
      await sweep(signal)
    } catch (error) {
      if (!signal.aborted)
        log.error({ reason: (error as Error).message }, 'temporary files were not swept; it goes on later')
    }
  }
}

/**
 * Each sweep looks at the runs that ended since the one before, and once more where a target did not answer. Resolves
 * with how many files were removed. Rejects with the signal's reason, or an error of the ledger.
 */
export function createSweep(parts: LeftoverParts): (signal: AbortSignal) => Promise<number> {
  const { clock } = parts
  let doneMs: number | undefined
  let waiting: Leftover[] = []

  return async (signal) => {
    const nowMs = clock.now().getTime()
    const untilMs = nowMs - restMs
    // The clock was set back.
    if (doneMs !== undefined && doneMs > untilMs) doneMs = undefined
    for (let fromMs = Math.max(doneMs ?? 0, untilMs - reachMs); fromMs < untilMs; ) {
      const beforeMs = Math.min(fromMs + hourMs, untilMs)
      const [from, before] = [fromMs, beforeMs].map((ms) => new Date(ms).toISOString()) as [string, string]
      const found = await parts.ledger.leftDeliveries({ from, before })
      waiting.push(...found.map((each) => placeLeftover(each, nowMs)))
      doneMs = fromMs = beforeMs
      await clock.sleep(pauseMs, signal)
    }
    const tried = waiting.filter(({ knownMs }) => nowMs - knownMs < reachMs)
    const { later, removed } = await removeAll(parts, tried, signal)
    waiting = later
    return removed
  }
}

function placeLeftover(left: LeftDelivery, knownMs: number): Leftover {
  const [, connection = '', ...rest] = left.target.split(':')
  const path = rest.join(':')
  const slash = path.lastIndexOf('/')
  const name = temporaryName(path.slice(slash + 1), left.id)
  return { ...left, connection, path: joinPath(path.slice(0, slash), name), knownMs }
}

/** One target after the other; `later` are those whose target did not answer. */
async function removeAll(
  parts: LeftoverParts,
  leftovers: Leftover[],
  signal: AbortSignal,
): Promise<{ later: Leftover[]; removed: number }> {
  const { log } = parts
  const later: Leftover[] = []
  const silent = new Set<string>()
  let removed = 0
  for (const leftover of leftovers) {
    signal.throwIfAborted()
    const { connection, path, runId } = leftover
    if (silent.has(connection)) {
      later.push(leftover)
      continue
    }
    try {
      if (await removeOne(parts, leftover, signal)) {
        removed += 1
        log.info({ run: runId, connection, path }, 'temporary file of an ended run removed')
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      const mayPass = error instanceof JobsdError && error.retry
      const reason = (error as Error).message
      log.warn({ run: runId, connection, path, reason, isTriedAgain: mayPass }, 'temporary file not removed')
      if (!mayPass) continue
      silent.add(connection)
      later.push(leftover)
    }
  }
  return { later, removed }
}

async function removeOne(
  { endpoints, snapshot }: LeftoverParts,
  { connection, path, snapshot: digest }: Leftover,
  signal: AbortSignal,
): Promise<boolean> {
  const remote = endpoints.files(connectionOf(await snapshot(digest), connection))
  const there = await remote.stat(path, signal)
  // Whatever else bears that name is not what a put wrote.
  if (there?.kind !== 'file') return false
  await remote.remove(path, signal)
  return true
}
