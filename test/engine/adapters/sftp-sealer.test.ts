import { createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
import t from 'tap'
import { createSealer, letGo } from '../../../engine/adapters/sftp-sealer.ts'

const ciphers = { 'aes-128-gcm': 16, 'aes-256-gcm': 32 } as const
/** About the places where packets change their way: kept apart, in a slab, too large for one. */
const sizes = [0, 1, 10, 11, 12, 26, 27, 4_070, 4_090, 4_096, 32_768, 32_777, 33_740, 33_760, 33_800, 100_000]

type Cipher = keyof typeof ciphers

/** Opens packets as the other side does, by the standard's words alone (RFC 5647, 7.1). */
function openPackets(cipher: Cipher, key: Buffer, iv: Buffer, wire: Buffer) {
  const payloads: Buffer[] = []
  const nonce = Buffer.from(iv)
  for (let at = 0; at < wire.length; ) {
    const length = wire.readUInt32BE(at)
    const decipher = createDecipheriv(cipher, key, nonce, { authTagLength: 16 })
    decipher.setAAD(wire.subarray(at, at + 4))
    decipher.setAuthTag(wire.subarray(at + 4 + length, at + 20 + length))
    const plain = Buffer.concat([decipher.update(wire.subarray(at + 4, at + 4 + length)), decipher.final()])
    const padding = plain[0]!
    if (length % 16 !== 0 || padding < 4) throw new Error(`${padding} bytes of padding in ${length}`)
    payloads.push(plain.subarray(1, plain.length - padding))
    nonce.writeBigUInt64BE(BigInt.asUintN(64, nonce.readBigUInt64BE(4) + 1n), 4)
    at += 20 + length
  }
  return { payloads, nonce }
}

/** A sealer with what it sent; `sendLater` keeps its bytes from being its own again until they are collected. */
function stageSealer(cipher: Cipher, counter = 0n, sendLater = 0) {
  const key = randomBytes(ciphers[cipher])
  const iv = randomBytes(12)
  iv.writeBigUInt64BE(counter, 4)
  const first = Buffer.from(iv)
  const sent: Buffer[] = []
  const waiting: { bytes: Buffer; done: (() => void) | undefined }[] = []
  const collect = (left: number) => {
    while (waiting.length > left) {
      const { bytes, done } = waiting.shift()!
      sent.push(Buffer.from(bytes))
      // Whoever sends it again sees that it was too early.
      if (done) bytes.fill(0)
      done?.()
    }
  }
  const write = (bytes: Buffer, done?: () => void) => {
    waiting.push({ bytes, done })
    collect(sendLater)
  }
  const sealer = createSealer({ cipher, key: createSecretKey(key), iv, outSeqno: 2 ** 32 - 2, write })
  const seal = (payload: Buffer) => {
    const packet = sealer.allocPacket(payload.length)
    packet.set(payload, 5)
    sealer.encrypt(packet)
  }
  const opened = () => {
    collect(0)
    return openPackets(cipher, key, first, Buffer.concat(sent))
  }
  return { sealer, seal, opened, iv }
}

for (const cipher of Object.keys(ciphers) as Cipher[]) {
  t.test(`${cipher}: packets of any size are opened by the other side, in their order`, (t) => {
    const { seal, opened, iv } = stageSealer(cipher)
    const payloads = sizes.map((size) => randomBytes(size))
    for (const payload of payloads) seal(payload)
    const { payloads: found, nonce } = opened()
    t.same(
      found.map((payload, index) => payload.equals(payloads[index]!)),
      sizes.map(() => true),
    )
    t.ok(iv.equals(nonce), 'what counts is counted in place')
    t.end()
  })
}

t.test('the counter carries over all its bytes, and the number of packets starts again after 2^32', (t) => {
  const { sealer, seal, opened, iv } = stageSealer('aes-128-gcm', 2n ** 64n - 2n)
  const fixed = iv.readUInt32BE(0)
  for (const text of ['a', 'b', 'c', 'd']) seal(Buffer.from(text))
  t.equal(Buffer.concat(opened().payloads).toString(), 'abcd')
  t.equal(iv.readBigUInt64BE(4), 2n)
  t.equal(iv.readUInt32BE(0), fixed, 'the rest is not counted')
  t.equal(sealer.outSeqno, 2)
  t.end()
})

t.test('nothing that waits to be sent is written over', (t) => {
  const { seal, opened } = stageSealer('aes-128-gcm', 0n, 40)
  const payloads = Array.from({ length: 200 }, (_, number) => randomBytes(number % 3 === 0 ? 100 : 32_700))
  for (const payload of payloads) seal(payload)
  const { payloads: found } = opened()
  t.equal(found.length, payloads.length)
  t.ok(found.every((payload, index) => payload.equals(payloads[index]!)))
  t.end()
})

t.test('a packet that is asked for before the one before is sealed is another one', (t) => {
  const { sealer, opened } = stageSealer('aes-128-gcm')
  const payloads = [30_000, 20_000, 32_000, 10_000].map((size) => randomBytes(size))
  const packets = payloads.map((payload) => {
    const packet = sealer.allocPacket(payload.length)
    packet.set(payload, 5)
    return packet
  })
  for (const packet of packets) sealer.encrypt(packet)
  const { payloads: found } = opened()
  t.same(
    found.map((payload, index) => payload.equals(payloads[index]!)),
    [true, true, true, true],
  )
  t.end()
})

t.test('a packet that could not be sent has had its number all the same', (t) => {
  const iv = Buffer.alloc(12)
  const seen: bigint[] = []
  const sealer = createSealer({
    ...{ cipher: 'aes-128-gcm', key: createSecretKey(randomBytes(16)), iv, outSeqno: 7 },
    write() {
      seen.push(iv.readBigUInt64BE(4))
      throw new Error('gone')
    },
  })
  for (const size of [10, 10_000, 100_000])
    t.throws(() => sealer.encrypt(sealer.allocPacket(size)), { message: 'gone' })
  t.same(seen, [1n, 2n, 3n])
  t.equal(sealer.outSeqno, 10)
  t.end()
})

t.test('a sealer that is over sends nothing more', (t) => {
  const { sealer, seal, opened } = stageSealer('aes-128-gcm')
  seal(Buffer.from('a'))
  sealer.free()
  seal(Buffer.from('b'))
  t.equal(Buffer.concat(opened().payloads).toString(), 'a')
  t.end()
})

t.test('a buffer of its own is let go, and none that lies with others', (t) => {
  const own = Buffer.allocUnsafeSlow(40_000)
  letGo(own)
  t.equal(own.length, 0)
  for (const shared of [
    Buffer.allocUnsafe(100),
    Buffer.from('text'),
    Buffer.from(new SharedArrayBuffer(9_000)),
  ]) {
    const { length } = shared
    letGo(shared)
    t.equal(shared.length, length)
  }
  t.end()
})
