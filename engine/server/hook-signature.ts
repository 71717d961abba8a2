/** How forges sign what they post. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Secret } from '../core/secret.ts'
import { isFresh, isSigned, readSignatures } from './signature.ts'

/** HMAC-SHA256 of the body as hex, after this prefix. */
const bodySignatures = [
  { header: 'x-hub-signature-256', prefix: 'sha256=' },
  { header: 'x-signature-256', prefix: 'sha256=' },
  { header: 'x-gitea-signature', prefix: '' },
  { header: 'x-forgejo-signature', prefix: '' },
  { header: 'x-gogs-signature', prefix: '' },
]
/** GitLab sends the secret itself. */
const tokenHeader = 'x-gitlab-token'
const standardHeaders = ['webhook-id', 'webhook-timestamp', 'webhook-signature']

/** Whether there is anything to verify: where not, the body need not be read. */
export function looksSigned(headers: IncomingHttpHeaders): boolean {
  const names = [...bodySignatures.map(({ header }) => header), tokenHeader]
  return (
    names.some((name) => textOf(headers, name) !== undefined) ||
    standardHeaders.every((name) => textOf(headers, name) !== undefined)
  )
}

/** Whether one of the signatures that forges use is there and right; some send several. */
export function isSignedByForge(
  secret: Secret,
  headers: IncomingHttpHeaders,
  body: Buffer,
  nowMs: number,
): boolean {
  return (
    holdsToken(secret, textOf(headers, tokenHeader)) ||
    hasBodySignature(secret, headers, body) ||
    hasStandardSignature(secret, headers, body, nowMs)
  )
}

function holdsToken(secret: Secret, given: string | undefined): boolean {
  if (given === undefined) return false
  // Digests have one length, so that the time tells nothing of the secret's.
  const [a, b] = [given, secret.reveal()].map((text) => createHash('sha256').update(text).digest())
  return timingSafeEqual(a as Buffer, b as Buffer)
}

function hasBodySignature(secret: Secret, headers: IncomingHttpHeaders, body: Buffer): boolean {
  const given = bodySignatures.flatMap(({ header, prefix }) => {
    const text = textOf(headers, header)
    const hex = text?.startsWith(prefix) ? text.slice(prefix.length) : ''
    return /^[0-9a-f]{64}$/i.test(hex) ? [Buffer.from(hex, 'hex')] : []
  })
  if (given.length === 0) return false
  const expected = createHmac('sha256', secret.reveal()).update(body).digest()
  return given.some((each) => timingSafeEqual(each, expected))
}

function hasStandardSignature(
  secret: Secret,
  headers: IncomingHttpHeaders,
  body: Buffer,
  nowMs: number,
): boolean {
  const [id, timestamp, signature] = standardHeaders.map((name) => textOf(headers, name))
  if (id === undefined || timestamp === undefined || signature === undefined) return false
  return isFresh(timestamp, nowMs) && isSigned(secret, { id, timestamp, body }, readSignatures(signature))
}

function textOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
