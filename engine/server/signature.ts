/** Standard Webhooks signatures (github.com/standard-webhooks/standard-webhooks, spec version 1). */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../core/secret.ts'

const toleranceMs = 5 * 60_000

/** Signatures that a request may carry: one for each key while keys are exchanged. */
const maxSignatures = 8

export interface SignedRequest {
  /** Header webhook-id. */
  id: string
  /** Header webhook-timestamp: seconds since 1970. */
  timestamp: string
  /** Header webhook-signature: `v1,<base64>`, up to eight divided by a space. */
  signature: string
  body: Buffer
}

/** The signature header for a request; `secret` is `whsec_<base64>` or any text. */
export function sign(secret: Secret, { id, timestamp, body }: Omit<SignedRequest, 'signature'>): string {
  return `v1,${digest(secret, id, timestamp, body).toString('base64')}`
}

/** The signatures of version 1 in a header; none where it has more than eight parts. */
export function readSignatures(header: string): Buffer[] {
  const parts = header.split(' ', maxSignatures + 1)
  if (parts.length > maxSignatures) return []
  return parts.flatMap((part) => {
    const [version, value] = part.split(',')
    return version === 'v1' && value !== undefined ? Buffer.from(value, 'base64') : []
  })
}

/** Whether one of the signatures is right. Takes the same time for any wrong one of the same length. */
export function isSigned(
  secret: Secret,
  { id, timestamp, body }: Omit<SignedRequest, 'signature'>,
  signatures: Buffer[],
): boolean {
  const expected = digest(secret, id, timestamp, body)
  return signatures.some((given) => given.length === expected.length && timingSafeEqual(given, expected))
}

/** Whether the timestamp is a number of seconds within five minutes of `nowMs`. */
export function isFresh(timestamp: string, nowMs: number): boolean {
  return /^[0-9]{1,12}$/.test(timestamp) && Math.abs(Number(timestamp) * 1000 - nowMs) <= toleranceMs
}

function digest(secret: Secret, id: string, timestamp: string, body: Buffer): Buffer {
  const text = secret.reveal()
  const key = text.startsWith('whsec_') ? Buffer.from(text.slice(6), 'base64') : Buffer.from(text)
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
}
