import type { FileEntry } from '../core/contracts/endpoints.ts'

const neededPolls = 3
const neededMs = 30_000

interface Sighting {
  size: number
  mtimeMs: number
  polls: number
  sinceMs: number
}

/** Tells by watching whether files are complete: size and time the same for three polls and 30 s of our clock. */
export interface Completeness {
  /** Counts one more poll that saw the file, and tells whether it is complete. */
  see(entry: FileEntry, nowMs: number): boolean
  /** Begins again with a file that turned out to be still written, or is gone. */
  forget(path: string): void
  /** Forgets every file that is not listed any more. */
  keepOnly(paths: ReadonlySet<string>): void
}

export function createCompleteness(): Completeness {
  const sightings = new Map<string, Sighting>()
  return {
    see(entry, nowMs) {
      const { path, size, mtimeMs } = entry
      const before = sightings.get(path)
      const same = before !== undefined && before.size === size && before.mtimeMs === mtimeMs
      const polls = same ? before.polls + 1 : 1
      // A clock that was set back must not keep a file waiting for hours.
      const sinceMs = same ? Math.min(before.sinceMs, nowMs) : nowMs
      sightings.set(path, { size, mtimeMs, polls, sinceMs })
      return polls >= neededPolls && nowMs - sinceMs >= neededMs
    },
    forget(path) {
      sightings.delete(path)
    },
    keepOnly(paths) {
      for (const path of sightings.keys()) if (!paths.has(path)) sightings.delete(path)
    },
  }
}
