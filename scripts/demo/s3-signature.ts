/** Verifies AWS Signature Version 4 in the Authorization header. Source: the S3 API reference, "Authenticating Requests". */
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

/** Returns the access key id that signed the request to the service. Throws an S3Failure for anything that does not verify. */
export function verifySignature(
  request: SignedRequest,
  secretOf: (id: string) => string | undefined,
  now: Date,
  wanted = 's3',
): string {
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/([a-z0-9]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? '',
    )
  if (parts?.[4] !== wanted) throw new S3Failure(403, 'AccessDenied', 'The request is not signed.')
  const [, id = '', day = '', region = '', service = '', names = '', signature = ''] = parts
  const secret = secretOf(id)
  if (secret === undefined) {
    throw new S3Failure(403, 'InvalidAccessKeyId', 'The access key does not exist in our records.')
  }
  const signed = names.split(';')
  const date = checkDate(request.headers, day, now)
  checkSignedHeaders(request.headers, signed)
  const scope = `${day}/${region}/${service}/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonicalRequest(request, signed))].join('\n')
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (part, word) => hmac(part, word),
    `AWS4${secret}`,
  )
  if (!timingSafeEqual(hmac(key, toSign), Buffer.from(signature, 'hex'))) {
    throw new S3Failure(403, 'SignatureDoesNotMatch', 'The signature does not match the request.')
  }
  return id
}

function checkDate(headers: IncomingHttpHeaders, day: string, now: Date): string {
  const date = String(headers['x-amz-date'] ?? '')
  const [, year, month, dayOfMonth, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? []
  const at = Date.parse(`${year}-${month}-${dayOfMonth}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(at) || !date.startsWith(day)) {
    throw new S3Failure(403, 'AccessDenied', 'A valid x-amz-date is required.')
  }
  if (Math.abs(now.getTime() - at) > maxSkewMs) {
    throw new S3Failure(403, 'RequestTimeTooSkewed', 'The time of the request is too far from the server.')
  }
  return date
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
  const canonicalQuery = query
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
    String(headers['x-amz-content-sha256'] ?? payloadHash ?? ''),
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
