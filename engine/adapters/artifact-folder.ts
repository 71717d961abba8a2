import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import {
  chmod,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  unlink,
  utimes,
} from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { ArtifactStore } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { Sha256 } from '../core/model.ts'
import { toStorageError } from '../core/storage-error.ts'
import { createArtifactUpkeep } from './artifact-upkeep.ts'
import { type ByteCount, countBytes, readHandle, syncFolder } from './local-bytes.ts'

const SHA256 = /^[0-9a-f]{64}$/

/**
 * Keeps artifacts as `<root>/<first two digits>/<sha256>`, private to the engine's user. Empties `<root>/scratch` when
 * it is created, so one engine at a time may own the folder.
 */
export async function createArtifactFolder(root: string): Promise<ArtifactStore> {
  const scratchFolder = resolve(root, 'scratch')
  await mkdir(scratchFolder, { recursive: true, mode: 0o700 })
  await chmod(scratchFolder, 0o700)
  for (const name of await readdir(scratchFolder))
    await rm(join(scratchFolder, name), { recursive: true, force: true, maxRetries: 3 })

  const pathOf = (sha256: Sha256) => join(resolve(root), sha256.slice(0, 2), sha256)
  /** Being stored: not to be removed in between. */
  const adopting = new Map<Sha256, number>()

  return {
    async scratch() {
      return join(scratchFolder, randomUUID())
    },

    async adopt(scratchPath) {
      if (dirname(resolve(scratchPath)) !== scratchFolder)
        throw new Error('only a scratch file can be adopted')
      try {
        return await storeFile(scratchPath, resolve(root), adopting)
      } catch (error) {
        throw toStorageError(error)
      }
    },

    ...createArtifactUpkeep(resolve(root), scratchFolder, adopting),

    async open(sha256, size) {
      if (!SHA256.test(sha256)) throw new JobsdError('ARTIFACT_DAMAGED', { sha256: JSON.stringify(sha256) })
      const stats = await lstat(pathOf(sha256)).catch((cause: unknown) => {
        throw new JobsdError('ARTIFACT_DAMAGED', { sha256 }, { cause })
      })
      if (!stats.isFile() || stats.size !== size) throw new JobsdError('ARTIFACT_DAMAGED', { sha256 })
      return pathOf(sha256)
    },

    async verify(sha256, size) {
      if (!SHA256.test(sha256)) throw new JobsdError('ARTIFACT_DAMAGED', { sha256: JSON.stringify(sha256) })
      // What somebody is about to use is as young as what was just stored: nobody removes it now.
      const now = new Date()
      const refuse = (cause: unknown): never => {
        throw describeUnread(sha256, cause)
      }
      await utimes(pathOf(sha256), now, now).catch(refuse)
      const found = await countFile(pathOf(sha256)).catch(refuse)
      if (found.size !== size || found.sha256 !== sha256) throw new JobsdError('ARTIFACT_DAMAGED', { sha256 })
    },
  }
}

/** A place on the disk that cannot be read stays so; what else the disk or its limits do passes. */
function describeUnread(sha256: Sha256, cause: unknown): unknown {
  const error = toStorageError(cause)
  if (error instanceof JobsdError && error.details.reason !== 'EIO') return error
  return new JobsdError('ARTIFACT_DAMAGED', { sha256 }, { cause })
}

/** Moves a scratch file to where its content belongs. */
async function storeFile(
  scratchPath: string,
  root: string,
  adopting: Map<Sha256, number>,
): Promise<ByteCount> {
  const artifact = await secureFile(scratchPath)
  const { sha256 } = artifact
  const path = join(root, sha256.slice(0, 2), sha256)
  const folder = dirname(path)
  adopting.set(sha256, (adopting.get(sha256) ?? 0) + 1)
  try {
    if (await mkdir(folder, { recursive: true, mode: 0o700 })) await syncFolder(root)
    if (await isWhole(path, artifact)) await unlink(scratchPath)
    else await rename(scratchPath, path)
    await syncFolder(folder)
    return artifact
  } finally {
    adopting.set(sha256, (adopting.get(sha256) ?? 1) - 1)
    if (adopting.get(sha256) === 0) adopting.delete(sha256)
  }
}

async function secureFile(path: string): Promise<ByteCount> {
  const file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW)
  try {
    await file.chmod(0o600)
    return await hashAndSync(file)
  } finally {
    await file.close()
  }
}

/** Whether the stored file is there and undamaged; then it is made to survive a power cut too. */
async function isWhole(path: string, expected: ByteCount): Promise<boolean> {
  const file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    },
  )
  if (!file) return false
  try {
    const { size } = await file.stat()
    if (size !== expected.size) return false
    // As young as one that is stored now: whoever removes old ones leaves it to its run.
    await file.utimes(new Date(), new Date())
    return (await hashAndSync(file)).sha256 === expected.sha256
  } finally {
    await file.close()
  }
}

async function countFile(path: string): Promise<ByteCount> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    return await countBytes(readHandle(file))
  } finally {
    await file.close()
  }
}

async function hashAndSync(file: FileHandle): Promise<ByteCount> {
  const counted = await countBytes(readHandle(file))
  await file.sync()
  return counted
}
