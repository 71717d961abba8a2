/** Every implementation of RemoteFiles on a fresh folder that the test can look into from outside. */
import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import type { Test } from 'tap'
import { createLocalFiles } from '../../engine/adapters/local-files.ts'
import { createSftpFiles } from '../../engine/adapters/sftp-files.ts'
import { systemClock } from '../../engine/adapters/system-clock.ts'
import type { RemoteFiles } from '../../engine/core/contracts/endpoints.ts'
import type { Clock, Secrets } from '../../engine/core/contracts/services.ts'
import type { SftpConnection } from '../../engine/core/manifest.ts'
import { Secret } from '../../engine/core/secret.ts'
import { type SftpServerOptions, startSftpServer } from '../../scripts/demo/sftp-server.ts'
import { generateSshKey } from '../../scripts/demo/ssh-key.ts'

const SSHD = '/usr/sbin/sshd'

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
  { name: 'SFTP files on OpenSSH', skip: existsSync(SSHD) ? false : 'OpenSSH: no sshd', open: openSshd },
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
  options: Pick<SftpServerOptions, 'onWrite' | 'onAnswer'> & {
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

/**
 * Files on OpenSSH, one `sshd -i` for each connection. With `maxFileKiB` the server's writes beyond that fail as they
 * do on a full disk.
 */
export async function openSshd(t: Test, options: { maxFileKiB?: number } = {}): Promise<Tree> {
  const base = await newFolder(t)
  const folder = join(base, 'files')
  await mkdir(folder)
  // sshd as root wants its empty folder, which only a boot makes.
  if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const hostKey = generateSshKey()
  const userKey = generateSshKey()
  await writeFile(join(base, 'host-key'), hostKey.private, { mode: 0o600 })
  await writeFile(join(base, 'authorized-keys'), userKey.public, { mode: 0o600 })
  const config = [
    `HostKey ${join(base, 'host-key')}`,
    `AuthorizedKeysFile ${join(base, 'authorized-keys')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin yes',
    'PidFile none',
    'Subsystem sftp internal-sftp',
  ]
  await writeFile(join(base, 'sshd-config'), config.join('\n') + '\n')

  // A write beyond the limit is answered with an error where its signal is ignored.
  const limit = options.maxFileKiB ? `trap '' XFSZ; ulimit -f ${options.maxFileKiB * 2};` : ''
  const command = `${limit} exec ${SSHD} -i -e -f '${join(base, 'sshd-config')}'`
  const listener = createServer({ pauseOnConnect: true }, (socket: Socket) => {
    spawn('/bin/sh', ['-c', command], { stdio: [socket, socket, 'ignore'] })
    socket.destroy()
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const files = createSftpFiles(
    sftpConnection({
      port: (listener.address() as AddressInfo).port,
      hostKeys: [fingerprintOf(hostKey.public)],
      username: userInfo().username,
      privateKey: { secret: 'acme-key' },
      root: folder,
    }),
    { secrets: knownSecrets({ 'acme-key': userKey.private }), clock: systemClock },
  )
  t.teardown(async () => {
    await files.close()
    await new Promise((resolve) => listener.close(resolve))
  })
  return { files, folder }
}

function fingerprintOf(publicKey: string): string {
  const key = ssh2.utils.parseKey(publicKey)
  if (key instanceof Error) throw key
  return `SHA256:${hash('sha256', key.getPublicSSH(), 'base64').replace(/=+$/, '')}`
}
