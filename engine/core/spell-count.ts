/** A count with its noun: `1 row`, `1,234 rows`. The noun takes an s. */
export function spellCount(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}
