/** SFTP files on a scripted server, with an artifact to put there. */
import { hash, randomBytes, randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { createSftpFiles } from '../../engine/adapters/sftp-files.ts'
import { systemClock } from '../../engine/adapters/system-clock.ts'
import type { PutRequest } from '../../engine/core/contracts/endpoints.ts'
import type { Clock } from '../../engine/core/contracts/services.ts'
import type { SftpConnection } from '../../engine/core/manifest.ts'
import { knownSecrets, newFolder, sftpConnection } from '../contracts/file-trees.ts'
import { type SftpScript, startScriptedSftp } from './scripted-sftp.ts'

export const never = new AbortController().signal

/** What a promise was rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => `no failure but ${value}`,
    (error: unknown) => error,
  )
}

/** An artifact of that many random bytes, and the request to put it. */
export async function requestOf(t: Test, size: number, changes: Partial<PutRequest> = {}) {
  const bytes = randomBytes(size)
  const localPath = join(await newFolder(t), randomUUID())
  await writeFile(localPath, bytes)
  const sha256 = hash('sha256', bytes)
  const request: PutRequest = {
    path: '/a.bin',
    localPath,
    size,
    sha256,
    key: 'k',
    overwrite: 'fail',
    ...changes,
  }
  return { request, bytes }
}

export interface StageOptions {
  script?: SftpScript
  connection?: Partial<SftpConnection>
  secrets?: Record<string, string>
  clock?: Clock
  hostKeys?: string[]
}

/** Starts a scripted server and opens it; `port` leads elsewhere, as through a proxy. */
export async function stageSftp(t: Test, options: StageOptions = {}) {
  const server = await startScriptedSftp(options.script ?? {}, options.hostKeys)
  t.teardown(() => server.close())
  const open = (port = server.port) => {
    const connection = sftpConnection({
      port,
      hostKeys: [server.hostKeyFingerprint],
      password: { secret: 'password' },
      ...options.connection,
    })
    const secrets = knownSecrets({ password: 'canary-4711', ...options.secrets })
    const files = createSftpFiles(connection, { secrets, clock: options.clock ?? systemClock })
    t.teardown(() => files.close())
    return files
  }
  return { server, open, files: open() }
}
