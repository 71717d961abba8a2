/** Chance that is the same every time. */
import { createHash } from 'node:crypto'

/** Random numbers in [0, 1), the same for the same words. Algorithm: mulberry32. */
export function createRandom(...words: (string | number)[]): () => number {
  let state = createHash('sha256').update(words.join('\n')).digest().readUInt32LE(0)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)]!
}

export function draw<T>(shares: readonly (readonly [T, number])[], random: () => number): T {
  let rest = random() * shares.reduce((total, [, share]) => total + share, 0)
  for (const [value, share] of shares) {
    rest -= share
    if (rest < 0) return value
  }
  return shares[0]![0]
}

/** Whole seconds with an exponential distribution of that mean. */
export function waitS(meanS: number, random: () => number): number {
  return Math.floor(-Math.log(1 - random()) * meanS)
}
