/** Brings a backup back into an empty data folder. */
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { RestoreReport } from '../core/contracts/backup.ts'
import { JobsdError } from '../core/errors.ts'
import {
  artifactPath,
  artifactsName,
  contentsName,
  copyFile,
  makeFolders,
  readContents,
  syncFolders,
} from './backup-folder.ts'
import { type DataFolder, type LockOptions, lockDataFolder, restoringName } from './data-folder.ts'
import { checkLedgerFile } from './ledger/sqlite-backup.ts'
import { syncFolder } from './local-bytes.ts'

/** Of an engine that stopped, or of a file system. */
const ofNobody = ['engine.lock', 'engine.lock-journal', 'work', 'lost+found']

/**
 * Reads every byte of the backup before it puts anything in place. Throws BAD_REQUEST for a folder that is not empty or
 * no backup, ENGINE_RUNNING, LEDGER_ON_NETWORK, and BACKUP_DAMAGED, after which the folder is as empty as before.
 */
export async function restoreBackup(
  from: string,
  data: DataFolder,
  options: LockOptions = {},
): Promise<RestoreReport> {
  const source = resolve(from)
  const contents = await readContents(source)
  if (!contents)
    throw new JobsdError('BAD_REQUEST', { reason: `${source} holds no backup: no ${contentsName}` })
  await checkEmpty(data)
  const lock = lockDataFolder(data.root, options)
  const restoring = join(data.root, restoringName)
  try {
    // Again, now that no engine can begin.
    await checkEmpty(data)
    await mkdir(restoring, { mode: 0o700 })
    const damaged = (what: string) =>
      new JobsdError('BACKUP_DAMAGED', { folder: source, reason: `${what} is missing or damaged` })
    try {
      const ledger = join(restoring, 'ledger.db')
      const { file } = contents.ledger
      if ((await copyFile(join(source, file), ledger, contents.ledger)) !== 'copied') throw damaged(file)
      checkLedgerFile(ledger)
      const artifacts = join(restoring, artifactsName)
      await makeFolders(artifacts, contents.artifacts)
      for (const artifact of contents.artifacts) {
        const path = artifactPath(join(source, artifactsName), artifact.sha256)
        const copied = await copyFile(path, artifactPath(artifacts, artifact.sha256), artifact)
        if (copied !== 'copied') throw damaged(`artifact ${artifact.sha256}`)
      }
      await syncFolders(artifacts)
      await syncFolder(restoring)
    } catch (error) {
      await rm(restoring, { recursive: true, force: true })
      throw error
    }
    await rename(join(restoring, artifactsName), data.artifacts)
    await rename(join(restoring, 'ledger.db'), data.ledger)
    await syncFolder(data.root)
    // Only from here on an engine may begin in it.
    await rm(restoring, { recursive: true })
    await syncFolder(data.root)
  } finally {
    lock.release()
  }
  const { createdAt, artifacts, missing } = contents
  return { folder: data.root, createdAt, artifacts: artifacts.length, missing: missing.length }
}

async function checkEmpty({ root }: DataFolder): Promise<void> {
  const names: string[] = await readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new JobsdError('BAD_REQUEST', { reason: `${root} cannot be read: ${error.code}` }, { cause: error })
  })
  if (names.every((name) => ofNobody.includes(name))) return
  // Says ENGINE_RUNNING, which is more to the point.
  if (names.includes('engine.lock')) lockDataFolder(root, { unsafeFs: true }).release()
  throw new JobsdError('BAD_REQUEST', {
    reason: `${root} is not empty; a restore needs an empty data folder`,
  })
}
