import { JobsdError } from './errors.ts'

const maxLength = 500

/**
 * Checks what a person says of `who` did something, or `why`: 1 to 500 characters without line breaks, control or
 * direction characters, so that it reads the same wherever it is shown. Returns it trimmed; throws BAD_REQUEST.
 */
export function checkAuditText(what: 'who' | 'why', text: string): string {
  const trimmed = text.trim()
  if (trimmed === '') throw new JobsdError('BAD_REQUEST', { reason: `${what} it is must be said` })
  if ([...trimmed].length > maxLength)
    throw new JobsdError('BAD_REQUEST', { reason: `${what} has more than ${maxLength} characters` })
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(trimmed)) {
    const reason = `${what} has line breaks, control or direction characters`
    throw new JobsdError('BAD_REQUEST', { reason })
  }
  return trimmed
}
