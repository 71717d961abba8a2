import { rm } from 'node:fs/promises'
import type { FileEntry, RemoteFiles } from '../core/contracts/endpoints.ts'
import type { TriggerHost, TriggerType } from '../core/contracts/trigger.ts'
import { parseDuration } from '../core/duration.ts'
import { JobsdError } from '../core/errors.ts'
import { fileKey } from '../core/file-key.ts'
import type { DropFolder } from '../core/manifest.ts'
import { mediaTypeOf } from '../core/media-type.ts'
import type { Artifact, JobId } from '../core/model.ts'
import { describeError, repeatInBackground } from './background.ts'
import { createCompleteness } from './completeness.ts'
import { isWanted } from './drop-names.ts'

/** Runs a job for each file that was posted to a drop folder, once its bytes are safe in the artifact store. */
export const ftpInTrigger: TriggerType<'ftp-in'> = {
  type: 'ftp-in',
  title: 'FTPin',
  watch(trigger, snapshot, host, signal) {
    for (const folder of trigger.folders) {
      const about = { job: snapshot.job, connection: folder.connection, folder: folder.path }
      repeatInBackground(createPoll(folder, snapshot.job, host, signal), host, signal, about)
    }
    // Primed from the start: a file that lies in the folder is found by the first poll.
    return Promise.resolve()
  },
}

/** One poll takes every complete file that is not known yet, and returns the ms until the next. */
function createPoll(
  folder: DropFolder,
  job: JobId,
  host: TriggerHost,
  signal: AbortSignal,
): () => Promise<number> {
  const about = { job, connection: folder.connection, folder: folder.path }
  const everyMs = parseDuration(folder.every ?? '10s')
  const completeness = createCompleteness()
  const taken = new Map<string, string>()
  const troubles = createTroubleLog(host, about)

  async function listFolder(remote: RemoteFiles): Promise<FileEntry[] | undefined> {
    try {
      const entries = await remote.list(folder.path, signal)
      troubles.ended('folder')
      return entries
    } catch (error) {
      if (!signal.aborted) troubles.met('folder', error, 'cannot list the drop folder')
      return undefined
    }
  }

  async function consider(remote: RemoteFiles, entry: FileEntry): Promise<void> {
    const key = fileKey(folder.connection, entry)
    if (taken.get(entry.path) === key) return
    const isRenamed = folder.complete === 'renamed'
    if (!isRenamed && !completeness.see(entry, host.clock.now().getTime())) return
    if (!(await host.knowsFile(key))) {
      const artifact = await fetchWhole(remote, entry, host, signal)
      if (artifact === undefined) return completeness.forget(entry.path)
      await host.due({ ...dueNow(key, host), file: droppedFile(folder, entry, artifact) })
    }
    taken.set(entry.path, key)
  }

  return async () => {
    const remote = host.endpoints.files(host.connection(folder.connection))
    const entries = await listFolder(remote)
    if (entries === undefined) return everyMs
    const wanted = entries.filter((entry) => isWanted(entry, folder))
    const paths = new Set(wanted.map((entry) => entry.path))
    completeness.keepOnly(paths)
    troubles.keepOnly(paths)
    for (const path of taken.keys()) if (!paths.has(path)) taken.delete(path)
    for (const entry of wanted) {
      if (signal.aborted) break
      try {
        await consider(remote, entry)
        troubles.ended(entry.path)
      } catch (error) {
        // One bad file must not keep the others waiting.
        if (!signal.aborted) troubles.met(entry.path, error, 'cannot take the file')
      }
    }
    return everyMs
  }
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

function dueNow(key: string, { clock }: TriggerHost) {
  return { key, slot: clock.now().toISOString(), schedule: null, event: null, callCenter: null }
}

function droppedFile({ connection }: DropFolder, { name, path }: FileEntry, artifact: Artifact) {
  const origin = { connection, path }
  return { ...artifact, fileName: name, mediaType: mediaTypeOf(name), rows: null, period: null, origin }
}

/** Logs a lasting trouble once when it begins or changes, and once when it ends. */
function createTroubleLog({ log }: TriggerHost, about: Record<string, unknown>) {
  const current = new Map<string, unknown>()
  return {
    keepOnly(paths: ReadonlySet<string>): void {
      for (const subject of current.keys()) if (!paths.has(subject)) current.delete(subject)
    },
    met(subject: string, error: unknown, message: string): void {
      const described = describeError(error)
      if (current.get(subject) === described.code) return
      current.set(subject, described.code)
      log.warn({ ...about, subject, ...described }, message)
    },
    ended(subject: string): void {
      if (current.delete(subject)) log.info({ ...about, subject }, 'the drop folder works again')
    },
  }
}
