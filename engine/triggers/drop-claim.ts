/**
 * Claiming: a posted file is renamed to `.jobsd/claimed/<id>` in its folder before it is read, so that nobody changes it
 * and only one wins it. The claim is recorded first: one that broke off is found again.
 */
import { createHash } from 'node:crypto'
import type { SeenFile } from '../core/contracts/drops.ts'
import type { FileEntry, RemoteFiles } from '../core/contracts/endpoints.ts'
import type { TriggerHost } from '../core/contracts/trigger.ts'
import type { DropRules } from '../core/drop-rules.ts'
import { JobsdError } from '../core/errors.ts'

/** A complete file, with the one that vouched for it. */
export interface ReadyFile {
  /** What it is known by. */
  key: string
  entry: FileEntry
  companion: FileEntry | undefined
}

/** Where a file and its companion lie now. */
export type PlacedFile = Pick<SeenFile, 'lies' | 'companion'>

export interface Claims {
  /** Moves a file aside, or leaves it where the server cannot; undefined where it is gone or somebody else's. */
  claim(remote: RemoteFiles, ready: ReadyFile): Promise<PlacedFile | undefined>
  /** Puts a claimed file back under its name. false where another one has that name now: it is refused for good. */
  giveBack(remote: RemoteFiles, ready: ReadyFile, placed: PlacedFile): Promise<boolean>
}

export function createClaims(
  rules: DropRules,
  host: TriggerHost,
  about: Record<string, unknown>,
  signal: AbortSignal,
): Claims {
  let isTold = false

  /** Whether it was moved; false where it is not there. */
  async function tryMove(
    remote: RemoteFiles,
    from: string,
    to: string,
    overwrite: 'fail' | 'replace' = 'fail',
  ): Promise<boolean> {
    try {
      await remote.move(from, to, overwrite, signal)
      return true
    } catch (error) {
      if (error instanceof JobsdError && error.code === 'FILE_MISSING') return false
      throw error
    }
  }

  async function restoreCompanion(remote: RemoteFiles, { companion }: PlacedFile): Promise<void> {
    if (!companion || companion.lies === companion.path) return
    try {
      await tryMove(remote, companion.lies, companion.path)
    } catch (error) {
      // A newer one took its place.
      if (!(error instanceof JobsdError && error.code === 'FILE_EXISTS')) throw error
    }
  }

  return {
    async claim(remote, { key, entry, companion }) {
      const inPlace: PlacedFile = {
        lies: entry.path,
        companion: companion ? { path: companion.path, lies: companion.path } : null,
      }
      if (!rules.claims) return inPlace
      const lies = claimedPath(rules, key)
      const placed: PlacedFile = {
        lies,
        companion: companion ? { path: companion.path, lies: `${lies}${rules.suffix}` } : null,
      }
      await host.drops.record({
        ...seenFile(rules, { key, entry }, placed),
        outcome: 'claiming',
        note: '',
        sha256: null,
        awaits: false,
      })
      try {
        // A claim of the same file that broke off: it goes on where that one ended.
        if (await remote.stat(lies, signal)) return undefined
        // The companion first: without it whatever is posted under the name meanwhile is not complete.
        if (companion && placed.companion) await tryMove(remote, companion.path, placed.companion.lies)
        // A plain rename: a link and a removal would take away what is put in its place in between.
        if (await tryMove(remote, entry.path, lies, 'replace')) return placed
        if (await remote.stat(lies, signal)) return undefined
      } catch (error) {
        if (signal.aborted || !(error instanceof JobsdError)) throw error
        if (error.code === 'FILE_EXISTS') return undefined
        if (error.code !== 'TARGET_REFUSED') throw error
        if (!isTold)
          host.log.warn(
            { ...about, subject: entry.path, code: error.code, reason: error.message },
            'a file cannot be claimed by a rename: it is taken where it lies',
          )
        isTold = true
        await restoreCompanion(remote, placed)
        await host.drops.unclaim(key)
        return inPlace
      }
      await restoreCompanion(remote, placed)
      await host.drops.unclaim(key)
      return undefined
    },
    async giveBack(remote, { key, entry }, placed) {
      if (placed.lies === entry.path) return true
      try {
        await tryMove(remote, placed.lies, entry.path)
      } catch (error) {
        if (error instanceof JobsdError && error.code === 'FILE_EXISTS') return false
        throw error
      }
      await restoreCompanion(remote, placed)
      await host.drops.unclaim(key)
      return true
    },
  }
}

function claimedPath({ path }: DropRules, key: string): string {
  return `${path}/.jobsd/claimed/${createHash('sha256').update(key).digest('hex').slice(0, 24)}`
}

/** What is recorded of a file whatever is decided on it. */
export function seenFile(
  { connection, path: folder }: DropRules,
  { key, entry }: Pick<ReadyFile, 'key' | 'entry'>,
  { lies, companion }: PlacedFile,
): Omit<SeenFile, 'outcome' | 'note' | 'sha256' | 'awaits'> {
  const { path, size, mtimeMs } = entry
  return { key, connection, folder, path, size, mtimeMs, lies, companion }
}
