/** OpenSSH's server on loopback with keys of its own, one `sshd -i` for each connection. */
import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { generateSshKey } from '../../scripts/demo/ssh-key.ts'

const SSHD = '/usr/sbin/sshd'

/** Why tests against OpenSSH are passed over; false where they are not. */
export const noSshd: string | false = existsSync(SSHD) ? false : 'OpenSSH: no sshd'

export interface SshDaemon {
  port: number
  username: string
  /** As `ssh-keygen -l` prints it. */
  hostKeyFingerprint: string
  /** The private key that opens the door, and the file that holds it. */
  userKey: string
  userKeyFile: string
  close(): Promise<void>
}

/** Starts it with its files in `base`. With `maxFileKiB` its writes beyond that fail as they do on a full disk. */
export async function startSshDaemon(
  base: string,
  options: { maxFileKiB?: number; lines?: string[] } = {},
): Promise<SshDaemon> {
  // sshd as root wants its empty folder, which only a boot makes.
  if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const hostKey = generateSshKey()
  const userKey = generateSshKey()
  const userKeyFile = join(base, 'user-key')
  await writeFile(join(base, 'host-key'), hostKey.private, { mode: 0o600 })
  await writeFile(userKeyFile, userKey.private, { mode: 0o600 })
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
    ...(options.lines ?? []),
  ]
  await writeFile(join(base, 'sshd-config'), config.join('\n') + '\n')

  // A write beyond the limit is answered with an error where its signal is ignored.
  const limit = options.maxFileKiB ? `trap '' XFSZ; ulimit -f ${options.maxFileKiB * 2};` : ''
  const command = `${limit} exec ${SSHD} -i -e -f '${join(base, 'sshd-config')}'`
  const listener = createServer({ pauseOnConnect: true, noDelay: true }, (socket: Socket) => {
    spawn('/bin/sh', ['-c', command], { stdio: [socket, socket, 'ignore'] })
    socket.destroy()
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  return {
    port: (listener.address() as AddressInfo).port,
    username: userInfo().username,
    hostKeyFingerprint: fingerprintOf(hostKey.public),
    userKey: userKey.private,
    userKeyFile,
    close: () => new Promise<void>((resolve) => listener.close(() => resolve())),
  }
}

function fingerprintOf(publicKey: string): string {
  const key = ssh2.utils.parseKey(publicKey)
  if (key instanceof Error) throw key
  return `SHA256:${hash('sha256', key.getPublicSSH(), 'base64').replace(/=+$/, '')}`
}
