import type { Difference } from './differences.ts'
import { tellDifference } from './differences.ts'
import type { Effect } from './model.ts'
import { type Phrase, phrase } from './phrase.ts'

/** An effect for each difference that has no kind of its own; `what` tells whose setting it is, `place` where it is. */
export function settingEffects(what: Phrase, place: string, differences: readonly Difference[]): Effect[] {
  return differences.map((difference) => ({
    kind: 'setting-changed',
    place: [place, difference.place].filter(Boolean).join('.'),
    before: difference.before ?? null,
    after: difference.after ?? null,
    phrase: phrase`${what}: ${tellDifference(difference)}`,
  }))
}
