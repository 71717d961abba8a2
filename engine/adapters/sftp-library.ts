/**
 * What ssh2 and ssh2-sftp-client keep to themselves, and the engine looks into. All of it is looked for: where a version
 * keeps it elsewhere, a connection is slower, or knows of no extensions. test/engine/adapters/sftp-library.test.ts says so.
 */
import { createSecretKey } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Client, SFTPWrapper } from 'ssh2'
import type SftpClient from 'ssh2-sftp-client'
import { createSealer, letGo } from './sftp-sealer.ts'

/** Keys as bytes, of which Node makes an object again for each packet, and for each fails twice to see one in them. */
const KEY_FIELDS = ['_encKey', '_decipherKey', '_macKey'] as const

/** What a cipher of ssh2 can do. One that can do more is asked for more, and stays. */
const CIPHER_METHODS = 'allocPacket constructor encrypt free'
/** Four that stay the same, and eight that count. */
const IV_BYTES = 12

type Keyed = Partial<Record<(typeof KEY_FIELDS)[number], unknown>>

interface Protocol {
  _cipher?: Keyed & { _encIV?: unknown; _encSSLName?: unknown; outSeqno?: unknown }
  _decipher?: Keyed
  channelData?: (channel: number, bytes: unknown) => void
}

/** The client of ssh2 that the other package holds. */
export function innerClient(client: SftpClient): Client {
  return (client as unknown as { client: Client }).client
}

/** What the server announced: extensions with their versions, and the bytes that it takes in one write; 0 for not said. */
export function announcedBy(sftp: SFTPWrapper): {
  extensions: Record<string, string>
  maxWriteBytes: number
} {
  const { _extensions: extensions = {}, _maxWriteLen: maxWriteBytes = 0 } = sftp as unknown as {
    _extensions?: Record<string, string>
    _maxWriteLen?: number
  }
  return { extensions, maxWriteBytes }
}

/**
 * Makes sending and receiving cheaper, from new keys on. To be called at each handshake. Tells what it found: whether
 * it seals packets itself (AES-GCM only), how many keys it made objects of, whether what is sent is let go.
 */
export function easePackets(
  client: Client,
  socket: Socket,
): { seals: boolean; keys: number; letsGo: boolean } {
  const { _protocol: protocol } = client as unknown as { _protocol?: Protocol }
  if (!protocol) return { seals: false, keys: 0, letsGo: false }
  const seals = replaceCipher(protocol, socket)
  const keys = easeKeys(protocol._cipher) + easeKeys(protocol._decipher)
  return { seals, keys, letsGo: letGoOfSent(protocol) }
}

function easeKeys(holder: Keyed | undefined): number {
  if (!holder) return 0
  const fields = KEY_FIELDS.filter((field) => Buffer.isBuffer(holder[field]))
  for (const field of fields) holder[field] = createSecretKey(holder[field] as Buffer)
  return fields.length
}

function replaceCipher(protocol: Protocol, socket: Socket): boolean {
  const { _cipher: own = {} } = protocol
  const { _encKey: key, _encIV: iv, _encSSLName: cipher, outSeqno } = own
  if (cipher !== 'aes-128-gcm' && cipher !== 'aes-256-gcm') return false
  if (!Buffer.isBuffer(key) || !Buffer.isBuffer(iv) || typeof outSeqno !== 'number') return false
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(own)).sort().join(' ')
  if (methods !== CIPHER_METHODS || iv.length !== IV_BYTES) return false
  protocol._cipher = createSealer({
    cipher,
    key: createSecretKey(key),
    iv,
    outSeqno,
    write(bytes, sent) {
      if (socket.writable) socket.write(bytes, sent)
    },
  }) as Protocol['_cipher'] & object
  return true
}

/** Marks what is wrapped already, since keys change on a live connection. */
const wrapped = new WeakSet<object>()

/**
 * ssh2 copies each write into a buffer of its own, as large as the request, and forgets it once its last byte is in a
 * packet. Then it is given back at once, instead of when the collector comes for it.
 */
function letGoOfSent(protocol: Protocol): boolean {
  const { channelData: send } = protocol
  if (typeof send !== 'function') return false
  if (wrapped.has(send)) return true
  const sendAndLetGo: typeof send = function (this: Protocol, channel, bytes) {
    send.call(this, channel, bytes)
    if (Buffer.isBuffer(bytes) && bytes.byteOffset + bytes.length === bytes.buffer.byteLength) letGo(bytes)
  }
  wrapped.add(sendAndLetGo)
  protocol.channelData = sendAndLetGo
  return true
}

/** ssh2 gives a packet to the socket by itself, and a system call for each costs more than encrypting it. */
export function gatherWrites(socket: Socket): () => void {
  let gathering = false
  return () => {
    if (gathering) return
    gathering = true
    socket.cork()
    process.nextTick(() => {
      gathering = false
      socket.uncork()
    })
  }
}
