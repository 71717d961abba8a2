import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { readChecksum } from '../core/checksum-text.ts'
import type { RemoteFiles } from '../core/contracts/endpoints.ts'
import type { Artifacts } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { Artifact } from '../core/model.ts'

/** Far more than a checksum with a name needs. */
const mostBytes = 4_096

/** Why a companion does not vouch for a file's bytes; undefined where it does. */
export async function checkCompanion(
  remote: RemoteFiles,
  path: string,
  checksum: 'sha256' | 'md5',
  artifact: Artifact,
  artifacts: Artifacts,
  signal: AbortSignal,
): Promise<string | undefined> {
  const text = await readSmall(remote, path, artifacts, signal)
  const stated = text === undefined ? undefined : readChecksum(text, checksum)
  if (!stated) return `its companion holds no ${checksum}`
  const found =
    checksum === 'sha256'
      ? artifact.sha256
      : await hashLocal(await artifacts.open(artifact.sha256, artifact.size), checksum)
  return stated === found
    ? undefined
    : `its companion says ${checksum} ${stated.slice(0, 12)}, its bytes have ${found.slice(0, 12)}`
}

/** undefined for what is gone, or too long. */
async function readSmall(
  remote: RemoteFiles,
  path: string,
  artifacts: Artifacts,
  signal: AbortSignal,
): Promise<string | undefined> {
  const entry = await remote.stat(path, signal)
  if (entry?.kind !== 'file' || entry.size > mostBytes) return undefined
  const scratch = await artifacts.scratch()
  try {
    const { size } = await remote.fetch(path, scratch, signal)
    return size > mostBytes ? undefined : await readFile(scratch, 'utf8')
  } catch (error) {
    if (error instanceof JobsdError && error.code === 'FILE_MISSING') return undefined
    throw error
  } finally {
    await rm(scratch, { force: true })
  }
}

async function hashLocal(path: string, algorithm: string): Promise<string> {
  const hash = createHash(algorithm)
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
