/**
 * Tells whether a whole name matches a pattern in which `*` is any text and `?` is one character; case counts.
 * Looks at each character of the name at most once per character of the pattern: no pattern can stall it.
 */
export function matchesGlob(pattern: string, name: string): boolean {
  const wanted = [...pattern]
  const given = [...name]
  let at = 0
  let position = 0
  let star = -1
  let resumeAt = 0
  while (position < given.length) {
    if (wanted[at] === '*') {
      star = at++
      resumeAt = position
    } else if (wanted[at] === '?' || (at < wanted.length && wanted[at] === given[position])) {
      at++
      position++
    } else if (star >= 0) {
      // Only the last star is ever widened: what an earlier one took cannot make a later part match better.
      at = star + 1
      position = ++resumeAt
    } else {
      return false
    }
  }
  return wanted.slice(at).every((character) => character === '*')
}
