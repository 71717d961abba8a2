import type { FileEntry } from './contracts/endpoints.ts'
import type { DropRules } from './drop-rules.ts'

interface Sighting {
  size: number
  mtimeMs: number
  polls: number
  sinceMs: number
}

/** Who saw a file: a poll in its turn, or a look that a hint brought about, which proves nothing about time. */
export interface Look {
  nowMs: number
  isPoll: boolean
  /** Everything in the folder, by name. */
  byName: ReadonlyMap<string, FileEntry>
}

export type Judgement =
  | { isComplete: true; companion: FileEntry | undefined }
  | { isComplete: false; why: string }

/** Tells by watching whether files are complete, by the folder's rule. */
export interface Completeness {
  see(entry: FileEntry, look: Look): Judgement
  /** Begins again with a file that turned out to be still written, or is gone. */
  forget(path: string): void
  /** A file's companion does not fit it: the two are not looked at again until one of them changes. */
  reject(entry: FileEntry, companion: FileEntry, why: string): void
  /** Forgets every file that is not listed any more. */
  keepOnly(paths: ReadonlySet<string>): void
}

export function createCompleteness(rules: DropRules): Completeness {
  const sightings = new Map<string, Sighting>()
  const rejected = new Map<string, { pair: string; why: string }>()

  function seeStable(entry: FileEntry, { nowMs, isPoll }: Look): Judgement {
    const { path, size, mtimeMs } = entry
    const before = sightings.get(path)
    const same = before !== undefined && before.size === size && before.mtimeMs === mtimeMs
    const polls = same ? before.polls + (isPoll ? 1 : 0) : 1
    // A clock that was set back must not keep a file waiting for hours.
    const sinceMs = same ? Math.min(before.sinceMs, nowMs) : nowMs
    sightings.set(path, { size, mtimeMs, polls, sinceMs })
    if (polls >= rules.polls && nowMs - sinceMs >= rules.minAgeMs)
      return { isComplete: true, companion: undefined }
    const why = `it was seen unchanged ${polls} of ${rules.polls} times, for ${Math.round((nowMs - sinceMs) / 1000)} s of ${rules.minAge}`
    return { isComplete: false, why }
  }

  function seeCompanion(entry: FileEntry, { byName }: Look): Judgement {
    const companion = byName.get(entry.name + rules.suffix)
    if (companion?.kind !== 'file')
      return { isComplete: false, why: `no ${entry.name}${rules.suffix} lies beside it` }
    // It may be that of an earlier file of the same name, which is being overwritten.
    if (companion.mtimeMs < entry.mtimeMs)
      return { isComplete: false, why: `its companion ${companion.name} is older than the file itself` }
    const before = rejected.get(entry.path)
    if (before?.pair === pairOf(entry, companion)) return { isComplete: false, why: before.why }
    return { isComplete: true, companion }
  }

  return {
    see(entry, look) {
      if (rules.complete === 'stable') return seeStable(entry, look)
      if (rules.complete === 'companion') return seeCompanion(entry, look)
      return { isComplete: true, companion: undefined }
    },
    forget(path) {
      sightings.delete(path)
    },
    reject(entry, companion, why) {
      rejected.set(entry.path, { pair: pairOf(entry, companion), why })
    },
    keepOnly(paths) {
      for (const map of [sightings, rejected])
        for (const path of map.keys()) if (!paths.has(path)) map.delete(path)
    },
  }
}

function pairOf(entry: FileEntry, companion: FileEntry): string {
  return [entry, companion].map(({ size, mtimeMs }) => `${size}:${mtimeMs}`).join(' ')
}
