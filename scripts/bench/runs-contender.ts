/** Who works on no-op runs, and how they are asked to. */

/** So many runs are recorded, and so many worked on, side by side. */
export const lanes = 64

export interface Contender {
  name: string
  /** Records that many due things, 64 at a time and each durable before the next, and works on all of them. */
  run(count: number): Promise<void>
  /** Records one while nothing else is to do; milliseconds until its work begins. */
  begin?(): Promise<number>
  close(): Promise<void>
}

export async function inLanes(count: number, work: () => Promise<unknown>): Promise<void> {
  let left = count
  const lane = async (): Promise<void> => {
    while (left-- > 0) await work()
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

export function countDown(count: number): { one(): void; done: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  let left = count
  return {
    one() {
      left -= 1
      if (left === 0) resolve()
    },
    done: promise,
  }
}

/** Work that tells when it begins and ends. */
export function createWatch() {
  const watch = {
    onBegin: (): void => undefined,
    onEnd: (): void => undefined,
    /** Resolves when `count` have ended after what `hand` does. */
    async all(count: number, hand: () => Promise<unknown>): Promise<void> {
      const counted = countDown(count)
      watch.onEnd = counted.one
      await hand()
      await counted.done
    },
    /** Milliseconds from before `hand` until the work begins; resolves when that has ended too. */
    async one(hand: () => Promise<unknown>): Promise<number> {
      let begunAt = 0
      watch.onBegin = () => (begunAt = performance.now())
      const start = performance.now()
      await watch.all(1, hand)
      watch.onBegin = () => undefined
      return begunAt - start
    },
  }
  return watch
}
