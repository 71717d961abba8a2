/** Reads a request's body as S3 does: unpacks aws-chunked, and believes no checksum without counting itself. */
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { crc32 } from 'node:zlib'
import { S3Failure } from './s3-failure.ts'

const checksums: Record<string, (body: Buffer) => Buffer> = {
  'content-md5': (body) => createHash('md5').update(body).digest(),
  'x-amz-checksum-sha1': (body) => createHash('sha1').update(body).digest(),
  'x-amz-checksum-sha256': (body) => createHash('sha256').update(body).digest(),
  'x-amz-checksum-crc32': (body) => {
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(body))
    return sum
  },
}

/**
 * Returns the plain body and the checksum headers that hold for it. Throws an S3Failure for a body that is not what
 * its headers and trailers say.
 */
export function readBody(headers: IncomingHttpHeaders, raw: Buffer): { body: Buffer; checked: Headers } {
  const stated = String(headers['x-amz-content-sha256'] ?? '')
  const streaming = stated === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
  if (stated.startsWith('STREAMING-') && !streaming) {
    throw new S3Failure(501, 'NotImplemented', `${stated} is not implemented.`)
  }
  const { body, trailers } = streaming ? unpackChunks(raw) : { body: raw, trailers: new Headers() }
  if (streaming && String(body.length) !== headers['x-amz-decoded-content-length']) {
    throw new S3Failure(400, 'IncompleteBody', 'The body does not have the stated length.')
  }
  if (!streaming && stated !== 'UNSIGNED-PAYLOAD') {
    if (createHash('sha256').update(body).digest('hex') !== stated) {
      throw new S3Failure(400, 'XAmzContentSHA256Mismatch', 'x-amz-content-sha256 is not that of the body.')
    }
  }
  const checked = new Headers()
  for (const [name, value] of [...Object.entries(headers), ...trailers]) {
    if (/^x-amz-checksum-(mode|type|algorithm)$/.test(name)) continue
    if (name !== 'content-md5' && !name.startsWith('x-amz-checksum-')) continue
    const sum = checksums[name]
    if (!sum) throw new S3Failure(501, 'NotImplemented', `${name} is not implemented.`)
    if (sum(body).toString('base64') !== value) {
      throw new S3Failure(400, 'BadDigest', `${name} is not that of the body.`)
    }
    checked.set(name, value)
  }
  return { body, checked }
}

/** `<hex size>[;…]\r\n<bytes>\r\n` …, `0\r\n`, then trailers as header lines. */
function unpackChunks(raw: Buffer): { body: Buffer; trailers: Headers } {
  const broken = () => new S3Failure(400, 'IncompleteBody', 'The chunks of the body are broken.')
  const chunks: Buffer[] = []
  let at = 0
  for (;;) {
    const lineEnd = raw.indexOf('\r\n', at)
    const size = Number.parseInt(raw.toString('latin1', at, Math.max(lineEnd, at)), 16)
    if (lineEnd < 0 || Number.isNaN(size)) throw broken()
    at = lineEnd + 2
    if (size === 0) break
    if (raw.toString('latin1', at + size, at + size + 2) !== '\r\n') throw broken()
    chunks.push(raw.subarray(at, at + size))
    at += size + 2
  }
  const trailers = new Headers()
  for (const line of raw.toString('latin1', at).split('\r\n').filter(Boolean)) {
    const [name = '', value = ''] = line.split(/:(.*)/s)
    trailers.set(name, value.trim())
  }
  return { body: Buffer.concat(chunks), trailers }
}
