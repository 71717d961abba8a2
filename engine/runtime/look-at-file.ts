/** What lies at a path of a drop folder just now, for who asks why it is not taken. */
import { connectionOf } from '../core/connection-of.ts'
import type { Endpoints, FileEntry } from '../core/contracts/endpoints.ts'
import { type DropRules, dropRules } from '../core/drop-rules.ts'
import { JobsdError } from '../core/errors.ts'
import type { Instant, Snapshot } from '../core/model.ts'

export interface LiveLook {
  at: Instant
  /** What speaks against the file itself, or is still missing; null where nothing does. */
  sentence: string | null
  facts: string[]
}

/** Looks at the servers of the job's drop folders that have that path; it reads and changes nothing. */
export async function lookAtFile(
  snapshot: Snapshot,
  path: string,
  endpoints: Endpoints,
  now: Date,
  signal: AbortSignal,
): Promise<LiveLook> {
  const { trigger } = snapshot.manifest
  const parent = path.slice(0, path.lastIndexOf('/'))
  const folders = trigger.type === 'ftp-in' ? trigger.folders.map(dropRules) : []
  const live: LiveLook = { at: now.toISOString(), sentence: null, facts: [] }
  for (const rules of folders.filter((each) => each.path === parent)) {
    const place = `${rules.connection}:${path}`
    try {
      const files = endpoints.files(connectionOf(snapshot, rules.connection))
      const entry = await files.stat(path, signal)
      live.facts.push(describeEntry(place, entry, now))
      live.sentence ??= whyNot(entry)
      if (rules.complete !== 'companion' || entry?.kind !== 'file') continue
      const companion = await files.stat(path + rules.suffix, signal)
      live.facts.push(describeEntry(`${place}${rules.suffix}`, companion, now))
      live.sentence ??= whyNotYet(entry, companion, rules)
    } catch (error) {
      if (!(error instanceof JobsdError)) throw error
      live.facts.push(`${place} cannot be looked at: ${error.message}`)
      live.sentence ??= `its server cannot be asked now (${error.code})`
    }
  }
  return live
}

function describeEntry(place: string, entry: FileEntry | undefined, now: Date): string {
  if (!entry) return `nothing lies at ${place} now`
  const kind = { file: 'a file', folder: 'a folder', other: 'a link or something else that is no file' }[
    entry.kind
  ]
  const seconds = Math.round((now.getTime() - entry.mtimeMs) / 1000)
  return `${kind} lies at ${place} now: ${entry.size} bytes, changed ${seconds} s ago`
}

function whyNot(entry: FileEntry | undefined): string | null {
  if (!entry) return 'nothing lies there now'
  if (entry.kind === 'file') return null
  return entry.kind === 'folder'
    ? 'a folder lies there, and folders are left'
    : 'a link lies there, and links are not followed'
}

function whyNotYet(entry: FileEntry, companion: FileEntry | undefined, { suffix }: DropRules): string | null {
  if (companion?.kind !== 'file') return `${entry.name}${suffix} is not there yet`
  return companion.mtimeMs < entry.mtimeMs ? `${companion.name} is older than the file itself` : null
}
