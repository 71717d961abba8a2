/** Whose a token is, by the hashes in the policies. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { ClientPolicy } from '../core/manifest.ts'

const maxCharacters = 200

export interface TokenOwner {
  client: string
  sha256: string
}

/** Looks at every hash of every client, whatever is given: the time tells nothing of who has one. */
export function findTokenOwner(
  token: string,
  policies: ReadonlyMap<string, ClientPolicy>,
  use: 'tokens' | 'calendar',
): TokenOwner | undefined {
  const given = createHash('sha256').update(token.slice(0, maxCharacters)).digest()
  let found: TokenOwner | undefined
  for (const { name, catalog } of policies.values()) {
    for (const { sha256 } of catalog?.[use] ?? []) {
      const isIt = timingSafeEqual(given, Buffer.from(sha256, 'hex'))
      if (isIt && token.length <= maxCharacters) found = { client: name, sha256 }
    }
  }
  return found
}

export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Both in hex. Takes the same time for any two. */
export function isSameHash(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a, 'hex'), Buffer.from(b, 'hex'))
}
