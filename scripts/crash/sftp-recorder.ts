/**
 * An SFTP server on loopback that tells what it was asked to do. It announces posix-rename and fsync, does what changes
 * a name in one synchronous step, and notes the content at that moment.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, unlinkSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { dirname, join, posix } from 'node:path'
import ssh2, { type AuthContext, type Connection, type SFTPWrapper } from 'ssh2'
import { announceExtensions, readTexts } from '../demo/sftp-extensions.ts'
import { serveFolder } from '../demo/sftp-folder.ts'
import { generateSshKey } from '../demo/ssh-key.ts'
import { hashOf, isTemporary, type ServerRecord } from './record.ts'

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp
const extensions = ['posix-rename@openssh.com', 'fsync@openssh.com']

export interface SftpRecorder {
  port: number
  hostKey: string
  close(): Promise<void>
}

/**
 * Each user's `/` is `<root>/<username>`; the password is the same for all. Where `loses` says so it acknowledges
 * bytes that it does not keep, as a server with a full disk behind a cache does.
 */
export async function startSftpRecorder(
  root: string,
  password: string,
  record: () => ServerRecord,
  loses: () => boolean = () => false,
): Promise<SftpRecorder> {
  const key = generateSshKey()
  const sockets = new Set<Socket>()
  const ssh = new ssh2.Server({ hostKeys: [key.private] })
  ssh.on('connection', (client: Connection) => {
    let user = ''
    client.on('error', () => {}) // A client that is killed in mid-sentence.
    client.on('authentication', (context: AuthContext) => {
      user = context.username
      if (context.method === 'password' && context.password === password) context.accept()
      else context.reject(['password'])
    })
    client.on('session', (accept) => {
      accept().on('sftp', (acceptSftp) => {
        const sftp = acceptSftp()
        announceExtensions(sftp, extensions)
        serveFolder(sftp, join(root, user), { onWrite: undefined, onAnswer: undefined, drop: () => {} })
        recordChanges(sftp, join(root, user), user, record)
        loseWrites(sftp, loses)
      })
    })
  })
  const listener = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    ssh.injectSocket(socket)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const publicKey = ssh2.utils.parseKey(key.private)
  if (publicKey instanceof Error) throw publicKey
  const digest = Buffer.from(hashOf(publicKey.getPublicSSH()), 'hex').toString('base64')
  return {
    port: (listener.address() as AddressInfo).port,
    hostKey: `SHA256:${digest.replace(/=+$/, '')}`,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}

function recordChanges(sftp: SFTPWrapper, folder: string, user: string, record: () => ServerRecord): void {
  const real = (path: string) => join(folder, posix.resolve('/', path))
  const publish = (path: string): void => {
    const bytes = readFileSync(real(path))
    record().publishes.push({
      target: 'sftp',
      path: user + posix.resolve('/', path),
      sha256: hashOf(bytes),
      size: bytes.length,
    })
  }
  /** Without an await: between the change and its note nothing can happen. */
  const change = (request: number, from: string, to: string, work: () => void): void => {
    try {
      work()
      if (!isTemporary(to)) publish(to)
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
      return void sftp.status(request, missing ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE, from)
    }
    sftp.status(request, STATUS_CODE.OK)
  }
  sftp.on('OPEN', (_request, path, flags) => {
    if ((flags & OPEN_MODE.WRITE) !== 0 && !isTemporary(path))
      record().faults.push(`sftp: ${user}${path} was opened for writing under its final name`)
  })
  sftp.on('REMOVE', (_request, path) => {
    if (!isTemporary(path)) record().faults.push(`sftp: ${user}${path} was removed`)
  })
  sftp.removeAllListeners('RENAME')
  sftp.on('RENAME', (request, from, to) =>
    change(request, from, to, () => {
      linkSync(real(from), real(to))
      unlinkSync(real(from))
    }),
  )
  sftp.on('EXTENDED', (request: number, name: string, data: Buffer) => {
    if (name === 'fsync@openssh.com') return void sftp.status(request, STATUS_CODE.OK)
    if (name !== 'posix-rename@openssh.com') return void sftp.status(request, STATUS_CODE.OP_UNSUPPORTED)
    const [from = '', to = ''] = readTexts(data)
    change(request, from, to, () => renameSync(real(from), real(to)))
  })
}

function loseWrites(sftp: SFTPWrapper, loses: () => boolean): void {
  const keep = sftp.listeners('WRITE')
  sftp.removeAllListeners('WRITE')
  sftp.on('WRITE', (request, ...rest) => {
    if (loses()) return void sftp.status(request, STATUS_CODE.OK)
    for (const listener of keep) Reflect.apply(listener, sftp, [request, ...rest])
  })
}

/** Puts a whole file there as its sender would: under a temporary name first. */
export function dropWhole(path: string, bytes: Buffer, write: (path: string, bytes: Buffer) => void): void {
  mkdirSync(dirname(path), { recursive: true })
  write(`${path}.part`, bytes)
  renameSync(`${path}.part`, path)
}
