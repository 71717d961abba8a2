/** Sessions: a signed cookie that says who it was given to, and which token it was given for. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../core/secret.ts'

export const sessionMs = 12 * 3_600_000

/** Who signed in: a client's name, or `operators`. No client has a colon in its name. */
export type Subject = `client:${string}` | 'operators'

/** The cookie's value. `tokenSha256` is in hex: where that token is allowed no more, neither is the session. */
export function signSession(key: Secret, subject: Subject, tokenSha256: string, nowMs: number): string {
  const until = String(Math.floor((nowMs + sessionMs) / 1000))
  return `${subject}.${until}.${digest(key, subject, tokenSha256, until).toString('base64url')}`
}

/** Whose session a value is; undefined for one that is over, or made up, or whose token is allowed no more. */
export function readSession(
  key: Secret,
  value: string,
  tokensOf: (subject: Subject) => readonly string[],
  nowMs: number,
): Subject | undefined {
  const [, name = '', until = '', signature = ''] =
    /^([a-z0-9:-]{1,80})\.(\d{1,12})\.([\w-]{43})$/.exec(value) ?? []
  const subject = name as Subject
  if (subject !== 'operators' && !subject.startsWith('client:')) return undefined
  if (!(Number(until) * 1000 > nowMs)) return undefined
  const given = Buffer.from(signature, 'base64url')
  const isSigned = tokensOf(subject).some((sha256) => {
    const expected = digest(key, subject, sha256, until)
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
  return isSigned ? subject : undefined
}

/** Every cookie of that name. */
export function cookiesOf(header: string | undefined, name: string): string[] {
  return (header ?? '').split(';').flatMap((part) => {
    const [key, ...rest] = part.trim().split('=')
    return key === name ? [rest.join('=')] : []
  })
}

function digest(key: Secret, subject: Subject, tokenSha256: string, until: string): Buffer {
  return createHmac('sha256', key.reveal())
    .update(JSON.stringify(['session', subject, tokenSha256, until]))
    .digest()
}
