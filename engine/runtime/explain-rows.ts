import type { Run } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'

const mostNamed = 3

/** `, and of its 3 rows 2 succeeded, 1 failed (run 6b04...)`; empty for a run that made none. Repeats by hand are told by themselves. */
export function tellRows({ id }: Pick<Run, 'id'>, runs: readonly Run[]): string {
  const rows = runs.filter(({ row, origin }) => row?.parent === id && origin === null)
  if (rows.length === 0) return ''
  const states = Map.groupBy(rows, ({ state }) => state)
  const counts = [...states]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([state, those]) => {
      const named = state === 'failed' ? ` (run ${nameSome(those)})` : ''
      return `${those.length} ${state}${named}`
    })
  return `, and of its ${spellCount(rows.length, 'row')} ${counts.join(', ')}`
}

function nameSome(runs: readonly Run[]): string {
  const more = runs.length - mostNamed
  return `${runs
    .slice(0, mostNamed)
    .map(({ id }) => id)
    .join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
