import { createHash } from 'node:crypto'
import { connect as connectSocket, type Socket } from 'node:net'
import ssh2, { type NegotiatedAlgorithms, type ParsedKey, type SFTPWrapper } from 'ssh2'
import SftpClient from 'ssh2-sftp-client'
import type { Clock, Secrets } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { SftpConnection } from '../core/manifest.ts'
import { shortReason } from './file-paths.ts'
import { algorithmsFor } from './sftp-algorithms.ts'
import { announcedBy, easePackets, gatherWrites, innerClient } from './sftp-library.ts'
import { chooseWays } from './sftp-login.ts'

const CONNECT_TIMEOUT_MS = 30_000
const GOODBYE_TIMEOUT_MS = 2_000
const KEEPALIVE_INTERVAL_MS = 10_000
/** Below what every server takes in one packet (34,000 bytes with headers), so that no request is split. */
const LEAST_CHUNK_BYTES = 31 * 1024
/** The most that OpenSSH's server takes. */
const MOST_CHUNK_BYTES = 255 * 1024

/** One authenticated SFTP connection. */
export interface SftpLink {
  /** For raw requests: ssh2-sftp-client's own calls lose status codes, and hang when two meet a lost connection. */
  readonly sftp: SFTPWrapper
  /** Lets what is written within this turn leave together. */
  gather(): void
  /** Why it can no longer be used; undefined while it can. */
  readonly lost: JobsdError | undefined
  /** Calls back once when it is lost. Returns how to stop. */
  onLost(callback: (reason: JobsdError) => void): () => void
  /** Whether the server announced an extension of that name, version 1. */
  announces(extension: string): boolean
  /** What one request may carry, as the server says; at least 31 KiB, which every server takes. */
  readonly chunkBytes: number
  /** The names of the algorithms that were agreed on: for the keys, the server's own, and for what is sent. */
  readonly algorithms: string[]
  /** Cuts it at once, for that reason. */
  destroy(reason: JobsdError): void
  /** Says goodbye and closes; resolves when the socket is gone. */
  end(): Promise<void>
}

/**
 * Connects and authenticates. The server's key is compared with the connection's hostKeys before anything but the
 * key exchange is sent. Throws HOST_KEY_CHANGED, AUTH_REFUSED, ENDPOINT_UNREACHABLE, ENDPOINT_TIMEOUT (after 30 s).
 */
export async function openSftpLink(
  connection: SftpConnection,
  { secrets, clock }: { secrets: Secrets; clock: Clock },
): Promise<SftpLink> {
  const reveal = async (of: { secret: string } | undefined) =>
    of && (await secrets.resolve(of.secret)).reveal()
  const password = await reveal(connection.password)
  const privateKey = await reveal(connection.privateKey)
  const passphrase = await reveal(connection.passphrase)
  const key = privateKey === undefined ? undefined : readKey(privateKey, passphrase, connection.name)
  // Our own socket: ssh2's destroy() leaves one open that has already said goodbye.
  const socket = connectSocket({ host: connection.host, port: connection.port ?? 22, noDelay: true })
  // Without callbacks of ours the library prints to the console.
  const client = new SftpClient('jobsd', { error: () => {}, end: () => {}, close: () => {} })
  const failures: Error[] = []
  const gather = gatherWrites(socket)
  socket.on('data', gather)
  const record = (error: Error) => failures.push(error)
  socket.on('error', record)
  client.on('error', record)
  let shownKey = ''
  let agreed: NegotiatedAlgorithms | undefined
  const inner = innerClient(client)
  inner.on('handshake', (negotiated) => {
    agreed = negotiated
    easePackets(inner, socket)
  })
  const patience = new AbortController()
  try {
    const sftp = await Promise.race([
      client.connect({
        sock: socket,
        username: connection.username,
        algorithms: algorithmsFor(connection.legacyAlgorithms ?? false),
        authHandler: chooseWays({ username: connection.username, password, key }) as never,
        hostVerifier: (key: Buffer) => {
          shownKey = fingerprint(key)
          return connection.hostKeys.includes(shownKey)
        },
        readyTimeout: 0,
        keepaliveInterval: KEEPALIVE_INTERVAL_MS,
        keepaliveCountMax: 3,
      }),
      clock.sleep(CONNECT_TIMEOUT_MS, patience.signal),
    ])
    if (!sftp) throw timeout(connection.name)
    return watchLink(connection.name, clock, socket, client, sftp, { gather, agreed })
  } catch (error) {
    socket.destroy()
    if (shownKey !== '' && !connection.hostKeys.includes(shownKey))
      throw new JobsdError('HOST_KEY_CHANGED', { connection: connection.name, shown: shownKey })
    throw translateConnect(error, failures, connection.name)
  } finally {
    patience.abort()
  }
}

/** Throws AUTH_REFUSED without a cause: nothing that was near a key may travel. */
function readKey(privateKey: string, passphrase: string | undefined, connection: string): ParsedKey {
  const key = ssh2.utils.parseKey(privateKey, passphrase)
  if (key instanceof Error || !key.isPrivateKey()) throw new JobsdError('AUTH_REFUSED', { connection })
  return key
}

/** The fingerprint of a host key as `ssh-keygen -l` prints it. */
function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

function timeout(connection: string): JobsdError {
  return new JobsdError('ENDPOINT_TIMEOUT', { connection, timeoutMs: CONNECT_TIMEOUT_MS })
}

function translateConnect(error: unknown, failures: Error[], connection: string): unknown {
  if (error instanceof JobsdError) return error
  // The library's promise holds a copy of the error, without what ssh2 said it is about.
  const cause = failures[0] ?? error
  const { level, code, message } = cause as Error & { level?: string; code?: string }
  if (level === 'client-authentication') return new JobsdError('AUTH_REFUSED', { connection }, { cause })
  const reason = shortReason(message || code || '')
  return new JobsdError('ENDPOINT_UNREACHABLE', { connection, reason }, { cause })
}

function watchLink(
  connection: string,
  clock: Clock,
  socket: Socket,
  client: SftpClient,
  sftp: SFTPWrapper,
  { gather, agreed }: { gather(): void; agreed: NegotiatedAlgorithms | undefined },
): SftpLink {
  const callbacks = new Set<(reason: JobsdError) => void>()
  let lost: JobsdError | undefined
  function lose(reason: JobsdError) {
    if (lost) return
    lost = reason
    socket.destroy()
    for (const callback of callbacks) callback(reason)
  }
  const loseBy = (cause?: Error) => {
    const reason = cause ? shortReason(cause.message) : 'the connection was closed'
    lose(new JobsdError('ENDPOINT_UNREACHABLE', { connection, reason }, { cause }))
  }
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('close', () => loseBy())
  client.on('error', loseBy)
  // Unheard, an error of the protocol would end the process.
  sftp.on('error', loseBy)
  sftp.on('end', () => loseBy())
  sftp.on('close', () => loseBy())
  const { extensions, maxWriteBytes } = announcedBy(sftp)

  return {
    sftp,
    gather,
    get lost() {
      return lost
    },
    onLost(callback) {
      callbacks.add(callback)
      return () => callbacks.delete(callback)
    },
    announces: (extension) => extensions[extension] === '1',
    // The library takes 34,000 bytes, headers and all, for a server that says nothing.
    chunkBytes:
      maxWriteBytes < 2 * LEAST_CHUNK_BYTES ? LEAST_CHUNK_BYTES : Math.min(maxWriteBytes, MOST_CHUNK_BYTES),
    algorithms: agreed
      ? [agreed.kex, agreed.serverHostKey, agreed.cs.cipher, agreed.cs.mac].filter((name) => name !== '')
      : [],
    destroy: lose,
    async end() {
      const patience = new AbortController()
      // Not awaited: the library's promise never settles when the peer is silent.
      void client.end().catch(loseBy)
      await Promise.race([closed, clock.sleep(GOODBYE_TIMEOUT_MS, patience.signal)])
      patience.abort()
      loseBy()
      await closed
    },
  }
}
