/** A real SFTP server on ssh2, backed by folders: for the demo and the tests. Listens on 127.0.0.1 only. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import ssh2, { type AuthContext, type Connection, type ParsedKey, type SFTPWrapper } from 'ssh2'
import { type AnsweredRequest, serveFolder, type WriteVerdict } from './sftp-folder.ts'
import { generateSshKey } from './ssh-key.ts'

export interface SftpUser {
  username: string
  password?: string
  /** A public key in OpenSSH's one-line form. */
  publicKey?: string
  /** The sub-folder of `root` that is this user's `/`. Default: `root` itself. */
  folder?: string
}

export interface SftpServerOptions {
  root: string
  users: SftpUser[]
  /** Default: any free port. */
  port?: number
  /** A private key in PEM or OpenSSH form. Default: a new ed25519 key. */
  hostKey?: string
  /** Asked before each write is answered, with the bytes of that file so far: lets a test fail a transfer midway. */
  onWrite?: (path: string, bytesSoFar: number) => WriteVerdict
  /** Awaited before such a request is answered. */
  onAnswer?: (request: AnsweredRequest) => Promise<void>
  /** Stands between the server and its channel: lets a test change what is answered. */
  wrapChannel?: (sftp: SFTPWrapper) => SFTPWrapper
}

export interface LoginAttempt {
  username: string
  method: string
}

export interface SftpServer {
  port: number
  /** As `ssh-keygen -l` prints it. */
  hostKeyFingerprint: string
  /** The host's private key: give it to the next start to keep the fingerprint. */
  hostKey: string
  /** Every authentication request that arrived, refused ones too. */
  loginAttempts: readonly LoginAttempt[]
  /** Connections that are open now. */
  connections(): number
  /** Files and folders that clients have open now. */
  openHandles(): number
  /** Cuts every connection, as a network failure would. */
  dropConnections(): void
  close(): Promise<void>
}

/** Starts the server and resolves when it listens. Rejects when the port is taken. */
export async function startSftpServer(options: SftpServerOptions): Promise<SftpServer> {
  const hostKey = options.hostKey ?? generateSshKey().private
  const loginAttempts: LoginAttempt[] = []
  const sockets = new Set<Socket>()
  const channels: (() => number)[] = []
  for (const { folder = '' } of options.users) await mkdir(join(options.root, folder), { recursive: true })

  const ssh = new ssh2.Server({ hostKeys: [hostKey] })
  ssh.on('connection', (client: Connection) => {
    let user: SftpUser | undefined
    // A client that goes away in mid-sentence is no failure of the server.
    client.on('error', () => {})
    client.on('authentication', (context) => {
      loginAttempts.push({ username: context.username, method: context.method })
      user = options.users.find(({ username }) => username === context.username)
      if (user && mayEnter(user, context)) context.accept()
      else context.reject(['password', 'publickey'])
    })
    client.on('session', (accept) => {
      accept().on('sftp', (acceptSftp) => {
        const drop = () => socketOf.get(client)?.destroy()
        const { onWrite, onAnswer, wrapChannel = (sftp) => sftp } = options
        const folder = join(options.root, user?.folder ?? '')
        channels.push(serveFolder(wrapChannel(acceptSftp()), folder, { onWrite, onAnswer, drop }))
      })
    })
  })

  const socketOf = new WeakMap<Connection, Socket>()
  const listener = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    ssh.once('connection', (client: Connection) => socketOf.set(client, socket))
    ssh.injectSocket(socket)
  })
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject)
    listener.listen(options.port ?? 0, '127.0.0.1', resolve)
  })

  const dropConnections = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (listener.address() as AddressInfo).port,
    hostKeyFingerprint: fingerprintOf(hostKey),
    hostKey,
    loginAttempts,
    connections: () => sockets.size,
    openHandles: () => channels.reduce((sum, count) => sum + count(), 0),
    dropConnections,
    async close() {
      const closed = [...sockets].map((socket) => once(socket, 'close'))
      dropConnections()
      await Promise.all([new Promise((resolve) => listener.close(resolve)), ...closed])
    },
  }
}

function mayEnter(user: SftpUser, context: AuthContext): boolean {
  if (context.method === 'password')
    return user.password !== undefined && sameText(context.password, user.password)
  if (context.method !== 'publickey' || user.publicKey === undefined) return false
  const allowed = parseKey(user.publicKey)
  if (context.key.algo !== allowed.type || !context.key.data.equals(allowed.getPublicSSH())) return false
  // Without a signature the client only asks whether the key would do.
  if (!context.signature || !context.blob) return true
  return allowed.verify(context.blob, context.signature, context.hashAlgo) === true
}

function sameText(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}

function fingerprintOf(hostKey: string): string {
  const digest = createHash('sha256').update(parseKey(hostKey).getPublicSSH()).digest('base64')
  return `SHA256:${digest.replace(/=+$/, '')}`
}

function parseKey(text: string): ParsedKey {
  const key = ssh2.utils.parseKey(text)
  if (key instanceof Error) throw key
  return key
}
