import type { FileEntry } from '../core/contracts/endpoints.ts'
import type { TriggerHost } from '../core/contracts/trigger.ts'
import type { DropRules } from '../core/drop-rules.ts'
import { fileKey } from '../core/file-key.ts'
import type { JobId } from '../core/model.ts'
import { type ReadyFile, seenFile } from './drop-claim.ts'

/** Watches how long files wait to be complete, from when they were first seen. */
export interface Lateness {
  /** Counts a file that is not complete. One that waited too long is recorded and told, once. */
  wait(entry: FileEntry, why: string): Promise<void>
  /** Forgets files that are complete, or not there any more. */
  keepOnly(entries: readonly FileEntry[], ready: readonly ReadyFile[]): void
}

export function createLateness(rules: DropRules, job: JobId, host: TriggerHost): Lateness {
  const since = new Map<string, { ms: number; isTold: boolean }>()
  return {
    async wait(entry, why) {
      const nowMs = host.clock.now().getTime()
      const waiting = since.get(entry.path) ?? { ms: nowMs, isTold: false }
      waiting.ms = Math.min(waiting.ms, nowMs)
      since.set(entry.path, waiting)
      if (waiting.isTold || nowMs - waiting.ms < rules.maxWaitMs) return
      const { path } = entry
      const key = fileKey(rules.connection, entry)
      const seen = seenFile(rules, { key, entry }, { lies: path, companion: null })
      await host.drops.record({
        ...seen,
        sha256: null,
        outcome: 'incomplete',
        note: `it was not complete after ${rules.maxWait}: ${why}`,
        awaits: false,
      })
      await host.drops.tell(`drop-incomplete ${job} ${key}`, {
        kind: 'late',
        title: `a posted file of ${job} does not become complete`,
        message: `${path} (${entry.size} bytes) was not complete after ${rules.maxWait}: ${why}.`,
        facts: [
          { name: 'job', value: job },
          { name: 'file', value: `${rules.connection}:${path}` },
        ],
        list: [],
        next: 'It is taken as soon as it is complete. Ask whoever posted it, or remove it.',
      })
      waiting.isTold = true
    },
    keepOnly(entries, ready) {
      if (since.size === 0) return
      const paths = new Set(entries.map(({ path }) => path))
      for (const path of since.keys()) if (!paths.has(path)) since.delete(path)
      for (const { entry } of ready) since.delete(entry.path)
    },
  }
}
