/**
 * Watches over the engine's own storage. Whoever was told STORAGE_FAILED has told this too: from then on the engine is
 * not ready, until a write of its own went well. So it recovers without anybody asking for anything.
 */
import type { Ledger } from '../core/contracts/ledger.ts'
import type { ArtifactStore, Clock, Log } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'

const probeMs = 3_000

export interface StorageParts {
  ledger: Ledger
  artifacts: ArtifactStore
  clock: Clock
  log: Log
}

export interface StorageWatch {
  /** The same, watched: to be used by everybody instead of those. */
  ledger: Ledger
  artifacts: ArtifactStore
  /** What fails, a sentence; null while nothing does. */
  trouble(): string | null
}

/** `onRecovery` is called when it works again: what was refused in between may be safe all the same. */
export function watchStorage(
  parts: StorageParts,
  signal: AbortSignal,
  onRecovery: () => Promise<void>,
): StorageWatch {
  const { clock, log } = parts
  let trouble: string | null = null
  let failures = 0

  function met(error: unknown): void {
    if (!(error instanceof JobsdError) || error.code !== 'STORAGE_FAILED') return
    failures += 1
    const isNew = trouble === null
    trouble = error.message
    if (!isNew) return
    log.error({ reason: error.details.reason }, 'the storage fails: nothing is accepted until it works again')
    probe().catch(() => undefined) // It ends with the engine only.
  }

  async function probe(): Promise<void> {
    while (trouble !== null) {
      await clock.sleep(probeMs, signal)
      const before = failures
      try {
        await parts.ledger.probe(clock.now().toISOString())
        await parts.artifacts.probe()
        await onRecovery()
        // Something failed again meanwhile.
        if (failures > before) continue
        trouble = null
        log.info({}, 'the storage works again')
      } catch (error) {
        trouble = (error as Error).message
        log.warn({ reason: trouble }, 'the storage still fails')
      }
    }
  }

  return {
    ledger: watched(parts.ledger, met),
    artifacts: watched(parts.artifacts, met),
    trouble: () => trouble,
  }
}

/** The same object, whose methods tell what they reject with. */
function watched<T extends object>(target: T, met: (error: unknown) => void): T {
  return new Proxy(target, {
    get(object, name, receiver) {
      const member = Reflect.get(object, name, receiver)
      // Such as the part of the ledger that is about posted files.
      if (typeof member === 'object' && member !== null) return watched(member, met)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        const answer = member.apply(object, args)
        if (answer instanceof Promise) answer.catch(met)
        return answer
      }
    },
  })
}
