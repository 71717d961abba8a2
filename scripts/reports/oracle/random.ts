/** The same numbers for the same seed. */
export interface Chance {
  (share: number): boolean
  pick<T>(list: readonly T[]): T
  /** A whole number, both ends inclusive. */
  between(low: number, high: number): number
}

export function createChance(seed: number): Chance {
  let state = seed >>> 0
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    // The low bits of such a series repeat soon.
    return (state >>> 8) / 2 ** 24
  }
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  const pick = <T>(list: readonly T[]) => list[between(0, list.length - 1)]!
  return Object.assign((share: number) => next() < share, { pick, between })
}
