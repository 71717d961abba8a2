/** A token for the pages: printed once, kept nowhere. */
import { createHash, randomBytes } from 'node:crypto'
import type { CliParts } from './parts.ts'

const tokenBytes = 32

/** The token goes to whoever may read the pages, its hash into the client's policy. */
export function printNewToken(parts: Pick<CliParts, 'print' | 'warn'>, json: boolean): void {
  const token = randomBytes(tokenBytes).toString('base64url')
  const sha256 = createHash('sha256').update(token).digest('hex')
  if (json) {
    parts.print(JSON.stringify({ token, sha256 }, null, 2))
    return
  }
  parts.warn('The token, shown this once. Give it to whoever may read the pages:')
  parts.print(token)
  parts.warn(`
In jobs.d/platform/clients/<client>.yaml, to sign in (\`tokens\`) or for the calendar feed (\`calendar\`):

catalog:
  tokens:
    - { name: WHO, sha256: ${sha256} }

The address of a calendar feed is /catalog/calendar/TOKEN.ics.`)
}
