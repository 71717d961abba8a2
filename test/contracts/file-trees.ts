/** Every implementation of RemoteFiles on a fresh folder that the test can look into from outside. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { createLocalFiles } from '../../engine/adapters/local-files.ts'
import { createSftpFiles } from '../../engine/adapters/sftp-files.ts'
import { systemClock } from '../../engine/adapters/system-clock.ts'
import type { RemoteFiles } from '../../engine/core/contracts/endpoints.ts'
import type { Clock, Secrets } from '../../engine/core/contracts/services.ts'
import type { SftpConnection } from '../../engine/core/manifest.ts'
import { Secret } from '../../engine/core/secret.ts'
import { type SftpServerOptions, startSftpServer } from '../../scripts/demo/sftp-server.ts'
import { disorder } from '../fakes/disorderly-sftp.ts'
import { noSshd, startSshDaemon } from '../fakes/ssh-daemon.ts'

/** An open tree and the local folder behind it. */
export interface Tree {
  files: RemoteFiles
  folder: string
}

export interface TreeKind {
  name: string
  skip: string | false
  open(t: Test): Promise<Tree>
}

export const treeKinds: TreeKind[] = [
  { name: 'local files', skip: false, open: openLocal },
  { name: 'SFTP files on an ssh2 server', skip: false, open: async (t) => (await openNpm(t)).tree },
  {
    name: 'SFTP files on a disorderly server',
    skip: false,
    open: async (t) => (await openNpm(t, { wrapChannel: disorder })).tree,
  },
  { name: 'SFTP files on OpenSSH', skip: noSshd, open: openSshd },
]

/** A connection document of type sftp. */
export function sftpConnection(changes: Pick<SftpConnection, 'port' | 'hostKeys'> & Partial<SftpConnection>) {
  const connection: SftpConnection = {
    apiVersion: 'jobsd/v1',
    kind: 'Connection',
    name: 'acme-sftp',
    type: 'sftp',
    host: '127.0.0.1',
    username: 'acme',
    ...changes,
  }
  return connection
}

/** Secrets that are known to the test. */
export function knownSecrets(values: Record<string, string>): Secrets {
  return { resolve: async (name) => new Secret(values[name]!) }
}

/** A new folder that goes with the test; unlike `t.testdir` any number of them. */
export async function newFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'jobsd-test-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function openLocal(t: Test): Promise<Tree> {
  const folder = join(await newFolder(t), 'drop')
  await mkdir(folder)
  const document = { apiVersion: 'jobsd/v1', kind: 'Connection', name: 'drop', type: 'folder' } as const
  return { files: createLocalFiles({ ...document, path: folder }), folder }
}

/** Files on the ssh2 server, with hooks to make it misbehave. */
export async function openNpm(
  t: Test,
  options: Pick<SftpServerOptions, 'onWrite' | 'onAnswer' | 'wrapChannel'> & {
    clock?: Clock
    password?: string
    connection?: object
  } = {},
) {
  const root = await newFolder(t)
  const folder = join(root, 'acme')
  const users = [{ username: 'acme', password: 'canary-4711-password', folder: 'acme' }]
  const server = await startSftpServer({ root, users, ...options })
  const files = createSftpFiles(
    sftpConnection({
      port: server.port,
      hostKeys: [server.hostKeyFingerprint],
      password: { secret: 'acme-password' },
      ...options.connection,
    }),
    {
      secrets: knownSecrets({ 'acme-password': options.password ?? 'canary-4711-password' }),
      clock: options.clock ?? systemClock,
    },
  )
  t.teardown(async () => {
    await files.close()
    await server.close()
  })
  return { tree: { files, folder } satisfies Tree, files, server, folder }
}

/** Files on OpenSSH, in a folder of the test's or a new one; see startSshDaemon. */
export async function openSshd(
  t: Test,
  options: { maxFileKiB?: number; folder?: string; lines?: string[] } = {},
): Promise<Tree> {
  const base = await newFolder(t)
  const folder = options.folder ?? join(base, 'files')
  await mkdir(folder, { recursive: true })
  const daemon = await startSshDaemon(base, options)
  const files = createSftpFiles(
    sftpConnection({
      port: daemon.port,
      hostKeys: [daemon.hostKeyFingerprint],
      username: daemon.username,
      privateKey: { secret: 'acme-key' },
      root: folder,
    }),
    { secrets: knownSecrets({ 'acme-key': daemon.userKey }), clock: systemClock },
  )
  t.teardown(async () => {
    await files.close()
    await daemon.close()
  })
  return { files, folder }
}
