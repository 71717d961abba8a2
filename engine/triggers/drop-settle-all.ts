import type { RemoteFiles } from '../core/contracts/endpoints.ts'
import type { TriggerHost } from '../core/contracts/trigger.ts'
import { JobsdError } from '../core/errors.ts'
import { type SettleParts, settleFile } from './drop-settle.ts'
import { createTroubleLog } from './drop-troubles.ts'

const settledAtOnce = 100
// What a server says of one file; anything else is said of all of them.
const ofOneFile = ['TARGET_REFUSED', 'FILE_EXISTS', 'FILE_MISSING']

/** Files that could not be moved where they belong: tried again with the others, which do not wait for them. */
export interface Unsettled {
  size(): number
  met(key: string, path: string, error: JobsdError): void
  ended(key: string): void
}

export function createUnsettled(host: TriggerHost, about: Record<string, unknown>): Unsettled {
  const troubles = createTroubleLog(host, about)
  const keys = new Set<string>()
  return {
    size: () => keys.size,
    met(key, path, error) {
      keys.add(key)
      troubles.met(path, error, 'cannot move a file whose run has ended')
    },
    ended: (key) => keys.delete(key),
  }
}

/** Moves files whose runs have ended; true where there may be more. Throws what concerns all of them. */
export async function settleEnded(
  parts: SettleParts,
  remote: RemoteFiles,
  unsettled: Unsettled,
): Promise<boolean> {
  const { rules, host, signal } = parts
  const limit = settledAtOnce + unsettled.size()
  const files = await host.drops.ended(rules.connection, rules.path, limit)
  let isAnyMoved = false
  for (const ended of files) {
    if (signal.aborted) return false
    try {
      await settleFile(parts, remote, ended)
      unsettled.ended(ended.key)
      isAnyMoved = true
    } catch (error) {
      if (!(error instanceof JobsdError && ofOneFile.includes(error.code))) throw error
      unsettled.met(ended.key, ended.path, error)
    }
  }
  return files.length === limit && isAnyMoved
}
