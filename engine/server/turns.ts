/** Lets few at a time do what takes the engine's time, so that runs have theirs. */
export class Busy extends Error {}

/** At most `working` work, at most `waiting` wait; another one is refused with Busy. */
export function createTurns(working: number, waiting: number): <T>(work: () => Promise<T>) => Promise<T> {
  let count = 0
  const queue: (() => void)[] = []
  return async (work) => {
    if (count >= working) {
      if (queue.length >= waiting) throw new Busy('too many wait')
      await new Promise<void>((resolve) => queue.push(resolve))
    } else count += 1
    try {
      return await work()
    } finally {
      // Whoever waits takes the place over.
      const next = queue.shift()
      if (next) next()
      else count -= 1
    }
  }
}
