/** Bringing files that are there and complete into the artifact store. */
import { readFile, rm } from 'node:fs/promises'
import { readChecksum } from '../core/checksum-text.ts'
import type { FileEntry, RemoteFiles } from '../core/contracts/endpoints.ts'
import type { OfferedFile, StepContext } from '../core/contracts/step.ts'
import type { DropRules } from '../core/drop-rules.ts'
import { JobsdError } from '../core/errors.ts'
import { mediaTypeOf } from '../core/media-type.ts'
import { digestFile } from './file-digest.ts'

/** A complete file, and what vouches for it. */
export interface Awaited {
  entry: FileEntry
  companion: FileEntry | undefined
}

/** Far more than a checksum with a name needs. */
const mostCompanionBytes = 4_096

/**
 * Fetches each file and verifies it. Undefined where one of them is not what it seemed: gone, written to meanwhile,
 * or with another checksum than its companion says.
 */
export async function fetchAwaited(
  remote: RemoteFiles,
  awaited: readonly Awaited[],
  rules: DropRules,
  context: StepContext,
): Promise<OfferedFile[] | undefined> {
  const files: OfferedFile[] = []
  try {
    for (const each of awaited) {
      const file = await fetchOne(remote, each, rules, context)
      if (file === undefined) return undefined
      files.push(file)
    }
    return files
  } catch (error) {
    if (error instanceof JobsdError && error.code === 'FILE_MISSING') return undefined
    throw error
  }
}

async function fetchOne(
  remote: RemoteFiles,
  { companion, entry }: Awaited,
  rules: DropRules,
  { artifacts, log, run, signal }: StepContext,
): Promise<OfferedFile | undefined> {
  const { mtimeMs, name, path, size } = entry
  const scratch = await artifacts.scratch()
  try {
    const fetched = await remote.fetch(path, scratch, signal)
    const after = await remote.stat(path, signal)
    const isSame = after?.size === size && after.mtimeMs === mtimeMs && fetched.size === size
    if (!isSame) return undefined
    if (companion && rules.checksum !== 'none') {
      const stated = await readStated(remote, companion, rules.checksum, { artifacts, signal })
      const found = rules.checksum === 'sha256' ? fetched.sha256 : await digestFile(scratch, 'md5', signal)
      if (stated !== found) {
        const reason = `its companion holds another ${rules.checksum}, or none`
        log.warn({ run: run.id, connection: rules.connection, path, reason }, 'awaited file left waiting')
        return undefined
      }
    }
    const artifact = await artifacts.adopt(scratch)
    // Between the fetch and the store of artifacts are only disks of our own.
    if (artifact.sha256 !== fetched.sha256)
      throw new JobsdError('ARTIFACT_DAMAGED', { sha256: fetched.sha256 })
    return {
      ...artifact,
      fileName: name,
      mediaType: mediaTypeOf(name),
      rows: null,
      period: null,
      origin: { connection: rules.connection, path, mtimeMs },
    }
  } finally {
    await rm(scratch, { force: true })
  }
}

/** undefined where the companion holds no checksum. */
async function readStated(
  remote: RemoteFiles,
  { path, size }: FileEntry,
  checksum: 'sha256' | 'md5',
  { artifacts, signal }: Pick<StepContext, 'artifacts' | 'signal'>,
): Promise<string | undefined> {
  if (size > mostCompanionBytes) return undefined
  const scratch = await artifacts.scratch()
  try {
    await remote.fetch(path, scratch, signal)
    return readChecksum(await readFile(scratch, 'utf8'), checksum)
  } finally {
    await rm(scratch, { force: true })
  }
}
