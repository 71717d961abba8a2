/** Taking complete files: claimed, fetched whole, checked, decided on, and their run recorded. */
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import type { Completeness } from '../core/completeness.ts'
import type { SeenFile, SeenRecord } from '../core/contracts/drops.ts'
import type { FileEntry, RemoteFiles } from '../core/contracts/endpoints.ts'
import type { TriggerHost } from '../core/contracts/trigger.ts'
import type { DropRules } from '../core/drop-rules.ts'
import { JobsdError } from '../core/errors.ts'
import { mediaTypeOf } from '../core/media-type.ts'
import type { Artifact, DroppedFile, JobId } from '../core/model.ts'
import { type Claims, type PlacedFile, type ReadyFile, seenFile } from './drop-claim.ts'
import { checkCompanion } from './drop-companion.ts'

/** A file whose bytes are safe in the artifact store. */
interface Brought {
  ready: ReadyFile
  placed: PlacedFile
  artifact: Artifact
}

export interface TakeParts {
  rules: DropRules
  job: JobId
  host: TriggerHost
  claims: Claims
  completeness: Completeness
  signal: AbortSignal
  /** Runs one after the other whatever the job decides on contents: two equal files must not both be the first. */
  inTurn<T>(decide: () => Promise<T>): Promise<T>
  /** Called with a file that was decided on: by now it is known by that key. */
  onKnown(path: string, key: string): void
  /** Called where a claimed file could not be taken: it is to be looked after. */
  onBroken(): void
}

export interface Taker {
  /** Takes complete files, each in a run of its own or all in one. One that cannot be taken keeps none of the others. */
  take(
    remote: RemoteFiles,
    files: ReadyFile[],
    onError: (path: string, error: unknown) => void,
  ): Promise<void>
  /** Goes on with a claim that broke off. */
  recover(remote: RemoteFiles, claim: SeenRecord): Promise<void>
}

export function createTaker(parts: TakeParts): Taker {
  const { rules, host, claims, completeness, signal } = parts

  async function bring(remote: RemoteFiles, found: ReadyFile): Promise<Brought | undefined> {
    const key = await findKey(found)
    if (key === null) {
      parts.onKnown(found.entry.path, found.key)
      return undefined
    }
    const ready = { ...found, key }
    const placed = await claims.claim(remote, ready)
    if (placed) return await bringPlaced(remote, ready, placed)
    completeness.forget(ready.entry.path)
    parts.onBroken()
    return undefined
  }

  /** null for a file that was decided on, and still lies there. */
  async function findKey({ key }: ReadyFile): Promise<string | null> {
    if (!(await host.knowsFile(key))) return key
    return rules.claims ? await host.drops.arrival(key) : null
  }

  async function bringPlaced(
    remote: RemoteFiles,
    ready: ReadyFile,
    placed: PlacedFile,
  ): Promise<Brought | undefined> {
    const brought = await fetchPlaced(remote, ready, placed)
    if (brought === undefined) {
      completeness.forget(ready.entry.path)
      await putBack(remote, ready, placed)
      return undefined
    }
    if (rules.complete === 'companion' && rules.checksum !== 'none' && placed.companion) {
      const { entry, companion } = ready
      const { lies } = placed.companion
      const { artifact } = brought
      const fault = await checkCompanion(remote, lies, rules.checksum, artifact, host.artifacts, signal)
      if (fault !== undefined) {
        if (companion) completeness.reject(entry, companion, fault)
        host.log.warn(
          { job: parts.job, subject: entry.path, reason: fault },
          'a companion does not fit its file',
        )
        await putBack(remote, ready, placed)
        return undefined
      }
    }
    return brought
  }

  async function fetchPlaced(
    remote: RemoteFiles,
    ready: ReadyFile,
    placed: PlacedFile,
  ): Promise<Brought | undefined> {
    const artifact = await fetchWhole(remote, { ...ready.entry, path: placed.lies }, host, signal)
    return artifact ? { ready, placed, artifact } : await fetchOther(remote, ready, placed)
  }

  /**
   * What was claimed is not the file that was listed: a newer one was renamed over it, or the server gave it another time.
   * Where only whole files ever have the name it is whole, unless it changes while it is read. It is not given back
   * first: its writer has seen that the name is free, and may put the next one over it.
   */
  async function fetchOther(
    remote: RemoteFiles,
    ready: ReadyFile,
    placed: PlacedFile,
  ): Promise<Brought | undefined> {
    const { path, name, size } = ready.entry
    if (placed.lies === path) return undefined
    const there = await remote.stat(placed.lies, signal)
    if (there?.kind !== 'file') return undefined
    // A companion vouched for the one that was listed.
    if (rules.complete === 'companion' && there.size !== size) return undefined
    if (rules.complete !== 'stable') {
      const artifact = await fetchWhole(remote, there, host, signal)
      return artifact && { ready: { ...ready, entry: { ...there, path, name } }, placed, artifact }
    }
    if (there.size !== size) return undefined
    const reason = 'its time was another one after it was renamed'
    host.log.warn({ job: parts.job, subject: path, reason }, 'a claimed file is put back')
    return undefined
  }

  async function putBack(remote: RemoteFiles, ready: ReadyFile, placed: PlacedFile): Promise<void> {
    if (await claims.giveBack(remote, ready, placed)) return
    const note = 'it changed after it was claimed, and another file of its name was posted meanwhile'
    await refuse({ ...seenFile(rules, ready, placed), sha256: null }, note)
  }

  async function refuse(file: Omit<SeenFile, 'outcome' | 'note' | 'awaits'>, note: string): Promise<void> {
    const { path, key, size } = file
    await host.drops.record({ ...file, outcome: 'refused', note, awaits: rules.error !== null })
    await host.drops.tell(`drop-refused ${parts.job} ${key}`, {
      title: `${parts.job} refused a posted file`,
      message: `${path} (${size} bytes) starts no run: ${note}.`,
      facts: [
        { name: 'job', value: parts.job },
        { name: 'file', value: `${rules.connection}:${path}` },
      ],
      list: [],
      next:
        rules.error === null
          ? 'It stays where it is.'
          : `It is moved to ${rules.error}, with the reason beside it.`,
    })
  }

  /** Records what is decided on files that are safe: one run for all that are new. */
  async function decide(brought: Brought[]): Promise<void> {
    const fresh: { file: DroppedFile; seen: SeenFile }[] = []
    for (const { ready, placed, artifact } of brought) {
      const file = { ...seenFile(rules, ready, placed), sha256: artifact.sha256 }
      const same = await findSame(artifact.sha256, fresh)
      if (same === undefined) {
        const awaits = rules.archive !== null || rules.error !== null
        const seen: SeenFile = { ...file, outcome: 'taken', note: '', awaits }
        fresh.push({ file: droppedFile(rules, ready, placed, artifact), seen })
      } else if (rules.onSameContent === 'skip') {
        await host.drops.record({ ...file, outcome: 'skipped', note: same, awaits: rules.archive !== null })
        tellKnown(file)
      } else {
        await refuse(file, same)
        tellKnown(file)
      }
    }
    const [first] = fresh
    if (!first) return
    const seen = fresh.map((each) => each.seen)
    const base = { slot: host.clock.now().toISOString(), schedule: null, event: null, callCenter: null, seen }
    const isNew = await host.due(
      rules.maxFiles === null
        ? { ...base, key: first.seen.key, file: first.file }
        : { ...base, key: batchKey(seen), file: null, files: fresh.map(({ file }) => file) },
    )
    // Known already: of one file that is so; of a batch only some may be, and the rest comes with the next one.
    if (isNew || rules.maxFiles === null) for (const each of seen) tellKnown(each)
    else parts.onBroken()
  }

  /** What was claimed lies there no more: whatever does is another file. */
  function tellKnown({ path, lies, key }: Pick<SeenFile, 'path' | 'lies' | 'key'>): void {
    if (lies === path) parts.onKnown(path, key)
  }

  async function findSame(sha256: string, fresh: { seen: SeenFile }[]): Promise<string | undefined> {
    if (rules.onSameContent === 'process') return undefined
    const inBatch = fresh.find(({ seen }) => seen.sha256 === sha256)
    if (inBatch) return `it has the same content as ${inBatch.seen.path}, which came with it`
    const before = await host.drops.sameContent(sha256)
    return before && `it has the same content as ${before.path}, taken at ${before.at}`
  }

  return {
    async take(remote, files, onError) {
      const brought: Brought[] = []
      for (const ready of files) {
        if (signal.aborted) return
        try {
          const one = await bring(remote, ready)
          if (one) brought.push(one)
        } catch (error) {
          parts.onBroken()
          onError(ready.entry.path, error)
        }
      }
      if (brought.length === 0 || signal.aborted) return
      try {
        await parts.inTurn(() => decide(brought))
      } catch (error) {
        parts.onBroken()
        for (const { ready } of brought) onError(ready.entry.path, error)
      }
    },
    async recover(remote, claim) {
      const { path, lies, size, mtimeMs, key, companion } = claim
      const entry: FileEntry = {
        path,
        name: path.slice(path.lastIndexOf('/') + 1),
        size,
        mtimeMs,
        kind: 'file',
      }
      const vouching = companion ? await remote.stat(companion.lies, signal) : undefined
      const ready: ReadyFile = { key, entry, companion: vouching }
      if (await host.knowsFile(key)) return
      if (!(await remote.stat(lies, signal))) {
        // It was never moved, or is gone: it is looked at like any other again.
        if (companion && vouching) await moveUnlessThere(remote, companion.lies, companion.path, signal)
        return await host.drops.unclaim(key)
      }
      const brought = await bringPlaced(remote, ready, { lies, companion })
      if (brought) await parts.inTurn(() => decide([brought]))
    },
  }
}

async function moveUnlessThere(
  remote: RemoteFiles,
  from: string,
  to: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await remote.move(from, to, 'fail', signal)
  } catch (error) {
    if (!(error instanceof JobsdError && ['FILE_EXISTS', 'FILE_MISSING'].includes(error.code))) throw error
  }
}

/** The same files give the same key, in whatever order. */
function batchKey(seen: SeenFile[]): string {
  const keys = seen.map(({ key }) => key).sort()
  return `batch:${seen[0]?.connection}:${seen[0]?.folder}:${createHash('sha256').update(JSON.stringify(keys)).digest('hex')}`
}

function droppedFile(
  { connection }: DropRules,
  { entry }: ReadyFile,
  { lies }: PlacedFile,
  artifact: Artifact,
): DroppedFile {
  const { name, path } = entry
  const origin = { connection, path, ...(lies !== path && { lies }) }
  return { ...artifact, fileName: name, mediaType: mediaTypeOf(name), rows: null, period: null, origin }
}

/** Fetches and stores a file; undefined where it was changed or taken away meanwhile, so that it is not that file any more. */
async function fetchWhole(
  remote: RemoteFiles,
  entry: FileEntry,
  { artifacts }: TriggerHost,
  signal: AbortSignal,
): Promise<Artifact | undefined> {
  const scratch = await artifacts.scratch()
  try {
    const { size } = await remote.fetch(entry.path, scratch, signal)
    const after = await remote.stat(entry.path, signal)
    const isSame = after?.size === entry.size && after.mtimeMs === entry.mtimeMs && after.kind === 'file'
    return isSame && size === entry.size ? await artifacts.adopt(scratch) : undefined
  } catch (error) {
    if (error instanceof JobsdError && error.code === 'FILE_MISSING') return undefined
    throw error
  } finally {
    await rm(scratch, { force: true })
  }
}
