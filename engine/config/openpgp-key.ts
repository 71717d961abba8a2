/** The fingerprint of an armored OpenPGP public key, by its format alone: manifests are checked without the library. */
import { createHash } from 'node:crypto'

const publicKeyTag = 6
const secretKeyTags = [5, 7]

/** Its fingerprint as upper-case hex, or what is wrong with the text. */
export function readPublicKey(armored: string): { fingerprint: string } | { fault: string } {
  const bytes = readArmor(armored)
  if (!bytes)
    return { fault: 'is no public key in armor: its lines are cut, or something stands between them' }
  const packets = readPackets(bytes)
  if (!packets) return { fault: 'is damaged: its packets do not fit together' }
  if (packets.some(({ tag }) => secretKeyTags.includes(tag))) return { fault: 'is a private key' }
  const keys = packets.filter(({ tag }) => tag === publicKeyTag)
  if (packets[0]?.tag !== publicKeyTag) return { fault: 'does not begin with a public key' }
  if (keys.length > 1) return { fault: `holds ${keys.length} keys; one is allowed` }
  const fingerprint = hashKey(packets[0].body)
  return fingerprint === undefined ? { fault: 'is of a version that is not known' } : { fingerprint }
}

function readArmor(text: string): Buffer | undefined {
  const lines = text.trim().split(/\r?\n/)
  if (lines[0] !== '-----BEGIN PGP PUBLIC KEY BLOCK-----') return undefined
  if (lines.at(-1) !== '-----END PGP PUBLIC KEY BLOCK-----') return undefined
  // Headers such as `Comment:` end at the first empty line.
  const begin = lines.findIndex((line) => line.trim() === '') + 1
  const coded = lines.slice(begin === 0 ? 1 : begin, -1).map((line) => line.trim())
  const body = coded.filter((line) => line !== '' && !/^=[A-Za-z0-9+/]{4}$/.test(line)).join('')
  return /^[A-Za-z0-9+/]+={0,2}$/.test(body) ? Buffer.from(body, 'base64') : undefined
}

interface Packet {
  tag: number
  body: Buffer
}

/** Every packet, or undefined where a length leads past the end. */
function readPackets(bytes: Buffer): Packet[] | undefined {
  const packets: Packet[] = []
  for (let offset = 0; offset < bytes.length; ) {
    const header = readHeader(bytes, offset)
    if (!header || header.end > bytes.length) return undefined
    packets.push({ tag: header.tag, body: bytes.subarray(header.begin, header.end) })
    offset = header.end
  }
  return packets
}

/** Old and new format; a length in parts or to the end of the file is not for keys. */
function readHeader(bytes: Buffer, offset: number): { tag: number; begin: number; end: number } | undefined {
  const first = bytes[offset]!
  // Zeros behind the end, so that a length can always be read.
  const rest = Buffer.concat([bytes.subarray(offset + 1, offset + 6), Buffer.alloc(5)])
  if ((first & 0x80) === 0) return undefined
  const placed = (tag: number, lengthBytes: number, length: number) => {
    const begin = offset + 1 + lengthBytes
    return { tag, begin, end: begin + length }
  }
  if ((first & 0x40) === 0) {
    const tag = (first >> 2) & 0x0f
    const lengthBytes = [1, 2, 4][first & 0x03]
    return lengthBytes === undefined ? undefined : placed(tag, lengthBytes, rest.readUIntBE(0, lengthBytes))
  }
  const tag = first & 0x3f
  const [one = 0, two = 0] = rest
  if (one < 192) return placed(tag, 1, one)
  if (one < 224) return placed(tag, 2, ((one - 192) << 8) + two + 192)
  return one === 255 ? placed(tag, 5, rest.readUInt32BE(1)) : undefined
}

function hashKey(body: Buffer): string | undefined {
  if (body[0] === 4) {
    const head = Buffer.alloc(3, 0x99)
    head.writeUInt16BE(body.length, 1)
    return createHash('sha1').update(head).update(body).digest('hex').toUpperCase()
  }
  if (body[0] !== 6) return undefined
  const head = Buffer.alloc(5, 0x9b)
  head.writeUInt32BE(body.length, 1)
  return createHash('sha256').update(head).update(body).digest('hex').toUpperCase()
}
