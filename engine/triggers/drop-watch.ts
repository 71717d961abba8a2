/** Watching one drop folder: polls are the truth, a hint of the file system only brings the next look forward. */
import { createCompleteness, type Look } from '../core/completeness.ts'
import type { FileEntry, RemoteFiles } from '../core/contracts/endpoints.ts'
import type { TriggerHost } from '../core/contracts/trigger.ts'
import { isHalf, isWanted } from '../core/drop-names.ts'
import { dropRules } from '../core/drop-rules.ts'
import { JobsdError } from '../core/errors.ts'
import { fileKey } from '../core/file-key.ts'
import type { DropFolder } from '../core/manifest.ts'
import type { Snapshot } from '../core/model.ts'
import { repeatInBackground } from './background.ts'
import { createClaims, type ReadyFile } from './drop-claim.ts'
import { createLateness } from './drop-lateness.ts'
import { createDropQueue } from './drop-queue.ts'
import { createUnsettled, settleEnded } from './drop-settle-all.ts'
import { createTaker, type TakeParts } from './drop-take.ts'
import { createTroubleLog } from './drop-troubles.ts'
import { createWaker } from './drop-waker.ts'

export interface DropWatch {
  /** Resolves once nothing that was found is still being taken or moved. */
  idle(): Promise<void>
}

/** Watches a folder until the signal aborts, from when `before` resolves. What lies in it is found by the first poll. */
export function watchDropFolder(
  folder: DropFolder,
  snapshot: Snapshot,
  host: TriggerHost,
  inTurn: TakeParts['inTurn'],
  signal: AbortSignal,
  before: Promise<void> = Promise.resolve(),
): DropWatch {
  const { job } = snapshot
  const rules = dropRules(folder)
  const about = { job, connection: folder.connection, folder: folder.path }
  const queue = createDropQueue(signal)
  const completeness = createCompleteness(rules)
  const lateness = createLateness(rules, job, host)
  const troubles = createTroubleLog(host, about)
  /** Files that were decided on, as they lie there: nobody need be asked about them again. */
  const known = new Map<string, string>()
  /** Keys of files that lie there no more, to be recorded. */
  let gone: string[] = []
  const keyOf = (entry: FileEntry) => fileKey(rules.connection, entry)
  const unsettled = createUnsettled(host, about)
  const waker = createWaker(host.clock, rules.everyMs)
  let mustRecover = true
  let isPrimed = false
  let isHinting = false

  const taker = createTaker({
    rules,
    job,
    host,
    claims: createClaims(rules, host, about, signal),
    completeness,
    signal,
    inTurn,
    onKnown(path, key) {
      const before = known.get(path)
      if (before !== undefined && before !== key) gone.push(before)
      known.set(path, key)
    },
    onBroken: () => {
      mustRecover = rules.claims
    },
  })
  const onError = (path: string, error: unknown): void => {
    if (!signal.aborted) troubles.met(path, error, 'cannot take the file')
  }

  async function list(remote: RemoteFiles): Promise<FileEntry[] | undefined> {
    try {
      const entries = await remote.list(folder.path, signal)
      troubles.ended('folder')
      return entries
    } catch (error) {
      if (signal.aborted) return undefined
      const isNew = troubles.met('folder', error, 'cannot list the drop folder')
      if (isNew && error instanceof JobsdError && error.code === 'TARGET_REFUSED') await tellRefused(error)
      return undefined
    }
  }

  function tellRefused({ message }: JobsdError): Promise<void> {
    return host.drops.tell(`drop-folder ${job} ${rules.path} ${host.clock.now().toISOString()}`, {
      title: `${job} cannot list its drop folder`,
      message: `${message}. No file is taken from it until this is over.`,
      facts: [{ name: 'folder', value: `${folder.connection}:${folder.path}` }],
      list: [],
      next: 'It is tried again at every poll.',
    })
  }

  /** Files that were there before and are not any more may be forgotten one day. */
  async function forgetGone(wanted: ReadonlyMap<string, FileEntry>): Promise<void> {
    if (!isPrimed) {
      for (const { key, path } of await host.drops.lying(rules.connection, rules.path)) {
        const entry = wanted.get(path)
        if (entry && keyOf(entry) === key) known.set(path, key)
        else gone.push(key)
      }
      isPrimed = true
    }
    for (const [path, key] of known) {
      if (wanted.has(path)) continue
      gone.push(key)
      known.delete(path)
    }
    if (gone.length === 0) return
    const keys = gone
    gone = []
    await host.drops.markGone(keys)
  }

  async function recover(remote: RemoteFiles): Promise<void> {
    if (!mustRecover) return
    mustRecover = false
    for (const claim of await host.drops.claims(rules.connection, rules.path)) {
      if (queue.has(claim.path)) continue
      queue.add([claim.path], async () => {
        try {
          await taker.recover(remote, claim)
        } catch (error) {
          mustRecover = true
          onError(claim.path, error)
        }
      })
    }
  }

  async function findReady(wanted: FileEntry[], look: Look): Promise<ReadyFile[]> {
    const ready: ReadyFile[] = []
    for (const entry of wanted) {
      if (queue.has(entry.path) || known.get(entry.path) === keyOf(entry)) continue
      const judged = completeness.see(entry, look)
      if (judged.isComplete) ready.push({ key: keyOf(entry), entry, companion: judged.companion })
      else await lateness.wait(entry, judged.why)
    }
    return ready
  }

  function enqueue(remote: RemoteFiles, ready: ReadyFile[]): void {
    const size = rules.maxFiles ?? 1
    for (let at = 0; at < ready.length; at += size) {
      const files = ready.slice(at, at + size)
      queue.add(
        files.map(({ entry }) => entry.path),
        async () => {
          const failed = new Set<string>()
          await taker.take(remote, files, (path, error) => {
            failed.add(path)
            onError(path, error)
          })
          for (const { entry } of files) if (!failed.has(entry.path)) troubles.ended(entry.path)
        },
      )
    }
  }

  /** Moves files whose runs have ended, apart from what is taken: it waits behind new files. */
  function enqueueSettling(remote: RemoteFiles): void {
    if (rules.archive === null && rules.error === null) return
    queue.add(['settling'], async () => {
      try {
        // There may be more: without waiting for the next poll.
        if (await settleEnded({ rules, snapshot, host, signal }, remote, unsettled)) waker.wake()
        troubles.ended('settling')
      } catch (error) {
        if (!signal.aborted) troubles.met('settling', error, 'cannot move a file whose run has ended')
      }
    })
  }

  async function hint(remote: RemoteFiles): Promise<void> {
    if (isHinting || !remote.hint) return
    isHinting = true
    try {
      await remote.hint(folder.path, waker.wake, signal)
    } catch (error) {
      isHinting = false
      if (!(error instanceof JobsdError)) throw error
    }
  }

  async function look(isPoll: boolean): Promise<void> {
    const remote = host.endpoints.files(host.connection(folder.connection))
    // Before the first listing: what comes in between is told of.
    await hint(remote)
    const entries = await list(remote)
    if (entries === undefined) return
    const wanted = entries.filter((entry) => isWanted(entry, folder))
    const halves = rules.complete === 'renamed' ? entries.filter(isHalf) : []
    const byPath = new Map(wanted.map((entry) => [entry.path, entry]))
    const paths = new Set(byPath.keys())
    completeness.keepOnly(paths)
    troubles.keepOnly(paths)
    await recover(remote)
    await forgetGone(byPath)
    const byName = new Map(entries.map((entry) => [entry.name, entry]))
    const ready = await findReady(wanted, { nowMs: host.clock.now().getTime(), isPoll, byName })
    for (const half of halves) await lateness.wait(half, 'its name is that of a file still being written')
    lateness.keepOnly(entries, ready)
    enqueue(remote, ready)
    enqueueSettling(remote)
  }

  const round = async (): Promise<number> => {
    await before
    return await waker.round(look)
  }
  repeatInBackground(round, { clock: waker.clock, log: host.log }, signal, about)
  return { idle: () => queue.idle() }
}
