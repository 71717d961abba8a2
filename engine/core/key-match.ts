import { matchesGlob } from './glob.ts'

/**
 * Tells whether a key matches a pattern of which `*` and `?` stay within one part between slashes; a part that begins
 * with a dot only matches where the pattern has that dot.
 */
export function matchesKey(pattern: string, key: string): boolean {
  const wanted = pattern.split('/')
  const parts = key.split('/')
  if (wanted.length !== parts.length) return false
  return parts.every((part, index) => {
    const glob = wanted[index]!
    return (!part.startsWith('.') || glob.startsWith('.')) && matchesGlob(glob, part)
  })
}

/** What every key that matches a pattern begins with. */
export function literalStart(pattern: string): string {
  const [start = ''] = /^[^*?]*/.exec(pattern) ?? []
  return start
}
