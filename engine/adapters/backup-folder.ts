/**
 * A backup: a folder with a copy of the ledger and the artifacts that it names. `backup.json` says what belongs to it and
 * is renamed into place last, so that the folder holds the old backup or the new one, whole, at any moment.
 */
import { constants } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { JobsdError } from '../core/errors.ts'
import type { Artifact, Instant, Sha256 } from '../core/model.ts'
import { toStorageError } from '../core/storage-error.ts'
import { countBytes, readHandle, syncFolder, writeAll } from './local-bytes.ts'
import { isErrno } from './local-errors.ts'

export const contentsName = 'backup.json'
export const artifactsName = 'artifacts'

/** What a backup holds. */
export interface BackupContents {
  format: 1
  createdAt: Instant
  ledger: Artifact & { file: string }
  artifacts: Artifact[]
  /** Named by the ledger, but not there when it was made. */
  missing: Sha256[]
}

export function artifactPath(folder: string, sha256: Sha256): string {
  return join(folder, sha256.slice(0, 2), sha256)
}

/** Throws BACKUP_DAMAGED; undefined where the folder holds none. */
export async function readContents(folder: string): Promise<BackupContents | undefined> {
  let text: string
  try {
    text = await readFile(join(folder, contentsName), 'utf8')
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
  try {
    const contents = JSON.parse(text) as BackupContents
    const isNamed = ({ sha256 }: Artifact) => /^[0-9a-f]{64}$/.test(sha256)
    if (contents.format === 1 && /^ledger-[0-9a-f]+\.db$/.test(contents.ledger.file)) {
      if ([contents.ledger, ...contents.artifacts].every(isNamed)) return contents
    }
  } catch {
    // Said below: it is not what was written.
  }
  throw new JobsdError('BACKUP_DAMAGED', { folder, reason: `${contentsName} is not what a backup writes` })
}

/** Replaces the contents, durably. */
export async function writeContents(folder: string, contents: BackupContents): Promise<void> {
  const part = join(folder, `${contentsName}.part`)
  await rm(part, { force: true })
  const file = await open(part, 'wx', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(contents, null, 1)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(part, join(folder, contentsName))
  await syncFolder(folder)
}

/** Reads a file and hashes it; undefined where there is none. */
export async function countFile(path: string): Promise<Artifact | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      return await countBytes(readHandle(file))
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Copies a file under a name of its own, fsynced. `damaged`: it was not what was expected, and there is no copy. */
export async function copyFile(
  from: string,
  to: string,
  expected: Artifact,
): Promise<'copied' | 'missing' | 'damaged'> {
  const source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  })
  if (!source) return 'missing'
  const part = `${to}.part`
  try {
    await rm(part, { force: true })
    const target = await open(part, 'wx', 0o600)
    let found: Artifact
    try {
      found = await countBytes(readHandle(source), (chunk, position) => writeAll(target, chunk, position))
      await target.sync()
    } finally {
      await target.close()
    }
    if (found.sha256 !== expected.sha256 || found.size !== expected.size) {
      await rm(part, { force: true })
      return 'damaged'
    }
    await rename(part, to)
    return 'copied'
  } catch (error) {
    await rm(part, { force: true })
    throw toStorageError(error)
  } finally {
    await source.close()
  }
}

/** Makes the folders that artifacts lie in, private. */
export async function makeFolders(root: string, artifacts: Artifact[]): Promise<void> {
  const names = new Set(artifacts.map(({ sha256 }) => sha256.slice(0, 2)))
  await mkdir(root, { recursive: true, mode: 0o700 })
  for (const name of names) await mkdir(join(root, name), { recursive: true, mode: 0o700 })
}

/** Makes the names in all folders of artifacts survive a power cut. */
export async function syncFolders(root: string): Promise<void> {
  for (const entry of await readdir(root, { withFileTypes: true })) {
    if (entry.isDirectory()) await syncFolder(join(root, entry.name))
  }
  await syncFolder(root)
}
