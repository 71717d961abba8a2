/** SSH packets under AES-GCM (RFC 5647), sent from buffers that are used again. */
import { createCipheriv, type KeyObject, randomFillSync } from 'node:crypto'

const LENGTH_BYTES = 4
const BLOCK_BYTES = 16
const TAG_BYTES = 16
const LEAST_PADDING_BYTES = 4
/** Smaller packets are kept apart: a few go at a time, and some are made before they are sent. */
const LARGE_PACKET_BYTES = 4 * 1024
/** The largest packet that a body's bytes make, as servers take 32 KiB of them in one. */
const MOST_PACKET_BYTES = 33 * 1024
const SLAB_BYTES = 8 * MOST_PACKET_BYTES
/** More slabs are not kept: what may be on its way is 2 MiB. */
const KEPT_SLABS = 10
const RANDOM_BYTES = 16 * 1024

/** What ssh2 asks of that which makes its packets. */
export interface Sealer {
  /** Counts the packets; ssh2 sets it back when the keys change. */
  outSeqno: number
  /** A packet with room for so many bytes of payload from byte 5 on. */
  allocPacket(payloadBytes: number): Buffer
  encrypt(packet: Buffer): void
  free(): void
}

export interface SealerParts {
  /** As OpenSSL names it: aes-128-gcm, aes-256-gcm. */
  cipher: 'aes-128-gcm' | 'aes-256-gcm'
  key: KeyObject
  /** 12 bytes, counted up in place. */
  iv: Buffer
  outSeqno: number
  /** Sends bytes, in the order of the calls; `sent` is called once they may be written over. */
  write(bytes: Buffer, sent?: () => void): void
}

/**
 * Makes a sealer. A large file is 33,000 packets a GiB, and buffers of their own for each cost more in collecting them
 * than all else together: so the plain packet is made in one place, and what is sealed goes to a slab and is let go.
 */
export function createSealer({ cipher: name, key, iv, outSeqno, write }: SealerParts): Sealer {
  const large = Buffer.allocUnsafeSlow(MOST_PACKET_BYTES)
  const padding = createPadding()
  const free: Buffer[] = []
  let slab: Buffer | undefined
  let used = 0
  /** Whether a packet is in `large` that is not sealed yet. */
  let isLent = false
  let isOver = false

  function room(bytes: number): Buffer {
    slab ??= free.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES)
    used += bytes
    return slab.subarray(used - bytes, used)
  }

  /** Sends what was written into the slab; a full one is taken up again once all of it is on its way. */
  function send(bytes: Buffer): void {
    const full = slab!
    const isFull = SLAB_BYTES - used < MOST_PACKET_BYTES
    if (isFull) {
      slab = undefined
      used = 0
    }
    const keep = () => {
      if (free.length < KEPT_SLABS) free.push(full)
    }
    write(bytes, isFull ? keep : undefined)
  }

  return {
    outSeqno,
    allocPacket(payloadBytes) {
      const bare = 1 + payloadBytes
      const filling = BLOCK_BYTES - (bare % BLOCK_BYTES)
      const paddingBytes = filling < LEAST_PADDING_BYTES ? filling + BLOCK_BYTES : filling
      const bytes = LENGTH_BYTES + bare + paddingBytes
      const isLending = isLarge(bytes) && !isLent
      if (isLending) isLent = true
      const packet = isLending ? large.subarray(0, bytes) : Buffer.allocUnsafe(bytes)
      packet.writeUInt32BE(bytes - LENGTH_BYTES, 0)
      packet[LENGTH_BYTES] = paddingBytes
      padding(packet, LENGTH_BYTES + bare)
      return packet
    },
    encrypt(packet) {
      if (isOver) return
      if (packet.buffer === large.buffer) isLent = false
      const cipher = createCipheriv(name, key, iv, { authTagLength: TAG_BYTES })
      const length = packet.subarray(0, LENGTH_BYTES)
      cipher.setAAD(length)
      const sealed = cipher.update(packet.subarray(LENGTH_BYTES))
      cipher.final()
      // Before anything else can go wrong: no two packets may ever have one number under one key.
      countUp(iv)
      this.outSeqno = (this.outSeqno + 1) >>> 0
      const bytes = packet.length + TAG_BYTES
      const isInSlab = isLarge(packet.length)
      const out = isInSlab ? room(bytes) : Buffer.allocUnsafe(bytes)
      out.set(length)
      out.set(sealed, LENGTH_BYTES)
      out.set(cipher.getAuthTag(), packet.length)
      if (isInSlab) {
        letGo(sealed)
        send(out)
      } else write(out)
    },
    free() {
      isOver = true
    },
  }
}

/** Gives the memory of a buffer back at once: its bytes are gone for all who hold it. */
export function letGo(bytes: Buffer): void {
  const { buffer } = bytes
  const { byteLength } = buffer
  // Small ones lie in a pool with others, which cannot be given back.
  if (byteLength <= LARGE_PACKET_BYTES || byteLength === Buffer.poolSize) return
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}

function isLarge(bytes: number): boolean {
  return bytes > LARGE_PACKET_BYTES && bytes <= MOST_PACKET_BYTES - TAG_BYTES
}

/** Fills a packet's end with random bytes, asked for by the thousand. */
function createPadding(): (packet: Buffer, start: number) => void {
  const random = Buffer.allocUnsafeSlow(RANDOM_BYTES)
  let used = RANDOM_BYTES
  return (packet, start) => {
    const bytes = packet.length - start
    if (used + bytes > RANDOM_BYTES) {
      randomFillSync(random)
      used = 0
    }
    random.copy(packet, start, used, used + bytes)
    used += bytes
  }
}

/** The last eight bytes are the counter, most significant first. */
function countUp(iv: Buffer): void {
  for (let index = iv.length - 1; index >= LENGTH_BYTES; index--) {
    iv[index] = (iv[index]! + 1) & 0xff
    if (iv[index] !== 0) return
  }
}
