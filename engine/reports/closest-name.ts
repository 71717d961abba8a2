/** `; did you mean "x"?` where one of the names differs by at most a third of its letters, otherwise nothing. */
export function closestName(word: string, names: readonly string[]): string {
  const [best] = names
    .map((name) => ({ name, distance: editDistance(word.slice(0, 64), name) }))
    .filter(({ name, distance }) => distance <= Math.ceil(name.length / 3))
    .sort((a, b) => a.distance - b.distance)
  return best === undefined ? '' : `; did you mean "${best.name}"?`
}

/** How many letters to change, insert or delete. */
function editDistance(a: string, b: string): number {
  let last = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(changed, last[j]! + 1, row[j - 1]! + 1))
    }
    last = row
  }
  return last[b.length]!
}
