import { untilAborted } from './until-aborted.ts'

/** Lets `count` holders in at a time, first come first served. Taking one resolves with how to give it back. */
export function createSlots(count: number): (signal: AbortSignal) => Promise<() => void> {
  const queue: (() => void)[] = []
  let free = count
  const release = () => {
    const next = queue.shift()
    // Handed on rather than freed, so that nobody can step in between.
    if (next) next()
    else free += 1
  }
  return async (signal) => {
    signal.throwIfAborted()
    if (free > 0) {
      free -= 1
      return release
    }
    const turn = Promise.withResolvers<void>()
    queue.push(turn.resolve)
    try {
      await untilAborted(turn.promise, signal)
    } catch (error) {
      const place = queue.indexOf(turn.resolve)
      if (place >= 0) queue.splice(place, 1)
      // Its turn came in the same moment: the next one has it.
      else release()
      throw error
    }
    return release
  }
}
