/** Verifies AWS Signature Version 4, in the Authorization header or in a link. Source: the S3 API reference, "Authenticating Requests". */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { S3Failure } from './s3-failure.ts'

export interface SignedRequest {
  method: string
  /** Path and query as they came. */
  url: string
  headers: IncomingHttpHeaders
  /** The body's sha256 where no header states it. */
  payloadHash?: string
}

const maxSkewMs = 15 * 60_000
const maxLinkSeconds = 7 * 86_400
const algorithm = 'AWS4-HMAC-SHA256'

interface Signature {
  /** `id/day/region/service/aws4_request`. */
  credential: string
  /** The signed headers, by `;`. */
  names: string
  signature: string
  date: string
}

/** Returns the access key id that signed the request to the service. Throws an S3Failure for anything that does not verify. */
export function verifySignature(
  request: SignedRequest,
  secretOf: (id: string) => string | undefined,
  now: Date,
  wanted = 's3',
): string {
  const { credential, names, signature, date } = readHeader(request.headers) ?? readLink(request, now)
  const [id = '', day = '', region = '', service = '', end] = credential.split('/')
  if (service !== wanted || end !== 'aws4_request' || !date.startsWith(day) || day.length !== 8)
    throw new S3Failure(403, 'AccessDenied', 'The request is not signed for this service and day.')
  const secret = secretOf(id)
  if (secret === undefined) {
    throw new S3Failure(403, 'InvalidAccessKeyId', 'The access key does not exist in our records.')
  }
  const signed = names.split(';')
  if (request.headers.authorization !== undefined) checkSkew(date, now)
  checkSignedHeaders(request.headers, signed)
  const scope = `${day}/${region}/${service}/aws4_request`
  const toSign = [algorithm, date, scope, sha256(canonicalRequest(request, signed))].join('\n')
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (part, word) => hmac(part, word),
    `AWS4${secret}`,
  )
  if (!timingSafeEqual(hmac(key, toSign), Buffer.from(signature, 'hex'))) {
    throw new S3Failure(403, 'SignatureDoesNotMatch', 'The signature does not match the request.')
  }
  return id
}

function readHeader({ authorization, 'x-amz-date': date }: IncomingHttpHeaders): Signature | undefined {
  if (authorization === undefined) return undefined
  const [, credential = '', names = '', signature = ''] =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    ) ?? []
  if (signature === '') throw new S3Failure(403, 'AccessDenied', 'The request is not signed.')
  return { credential, names, signature, date: String(date ?? '') }
}

/** A link is signed in its query, for one method, until it ends. */
function readLink({ url }: SignedRequest, now: Date): Signature {
  const query = new Map(splitUrl(url).query)
  const signature = query.get('X-Amz-Signature') ?? ''
  const isLink = query.get('X-Amz-Algorithm') === algorithm && /^[0-9a-f]{64}$/.test(signature)
  if (!isLink) throw new S3Failure(403, 'AccessDenied', 'The request is not signed.')
  const date = query.get('X-Amz-Date') ?? ''
  const seconds = Number(query.get('X-Amz-Expires') || Number.NaN)
  if (!(seconds >= 1 && seconds <= maxLinkSeconds)) {
    throw new S3Failure(400, 'AuthorizationQueryParametersError', 'X-Amz-Expires must be 1 to 604800.')
  }
  const ageMs = now.getTime() - instantOf(date)
  if (ageMs > seconds * 1000 || ageMs < -maxSkewMs) {
    throw new S3Failure(403, 'AccessDenied', 'Request has expired')
  }
  const credential = query.get('X-Amz-Credential') ?? ''
  return { credential, names: query.get('X-Amz-SignedHeaders') ?? '', signature, date }
}

function checkSkew(date: string, now: Date): void {
  if (Math.abs(now.getTime() - instantOf(date)) > maxSkewMs) {
    throw new S3Failure(403, 'RequestTimeTooSkewed', 'The time of the request is too far from the server.')
  }
}

function instantOf(date: string): number {
  const [, year, month, dayOfMonth, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? []
  const at = Date.parse(`${year}-${month}-${dayOfMonth}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(at)) throw new S3Failure(403, 'AccessDenied', 'A valid x-amz-date is required.')
  return at
}

function checkSignedHeaders(headers: IncomingHttpHeaders, signed: string[]): void {
  const needed = Object.keys(headers).filter((name) => name === 'host' || name.startsWith('x-amz-'))
  const unsigned = needed.filter((name) => !signed.includes(name))
  if (unsigned.length > 0) {
    throw new S3Failure(
      403,
      'AccessDenied',
      `There were headers that were not signed: ${unsigned.join(', ')}`,
    )
  }
}

function canonicalRequest({ method, url, headers, payloadHash }: SignedRequest, signed: string[]): string {
  const { pathname, query } = splitUrl(url)
  const isLink = headers.authorization === undefined
  const canonicalQuery = query
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&')
  const canonicalHeaders = signed.map((name) => {
    const value = headers[name]
    const text = Array.isArray(value) ? value.join(',') : String(value ?? '')
    return `${name}:${text.trim().replace(/ +/g, ' ')}\n`
  })
  return [
    method,
    pathname.split('/').map(encode).join('/'),
    canonicalQuery,
    canonicalHeaders.join(''),
    signed.join(';'),
    isLink ? 'UNSIGNED-PAYLOAD' : String(headers['x-amz-content-sha256'] ?? payloadHash ?? ''),
  ].join('\n')
}

/** Splits and decodes a request's URL; a `+` stays a plus, as S3 reads it. Throws an S3Failure for a broken escape. */
export function splitUrl(url: string): { pathname: string; query: [string, string][] } {
  const [path = '', rest = ''] = url.split(/\?(.*)/s)
  try {
    const query = rest
      .split('&')
      .filter(Boolean)
      .map((pair): [string, string] => {
        const [name = '', value = ''] = pair.split(/=(.*)/s)
        return [decodeURIComponent(name), decodeURIComponent(value)]
      })
    return { pathname: decodeURIComponent(path), query }
  } catch {
    throw new S3Failure(400, 'InvalidURI', 'The URI could not be parsed.')
  }
}

function encode(text: string): string {
  const escaped = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`
  return encodeURIComponent(text).replace(/[!'()*]/g, escaped)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
