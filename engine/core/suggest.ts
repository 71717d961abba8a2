/** `; did you mean "x"?` for the nearest candidate within about a third of the word's length, otherwise nothing. */
export function suggestWord(word: string, candidates: readonly string[]): string {
  const near = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.min(3, Math.ceil(word.length / 3)))
    .sort((a, b) => a.distance - b.distance)[0]
  return near ? `; did you mean "${near.candidate}"?` : ''
}

/** How many characters to change, insert or delete. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) {
      const changed = (row[j] ?? 0) + (letter === b[j] ? 0 : 1)
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
