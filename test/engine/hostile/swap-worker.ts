/** Exchanges a folder for a link and back, as fast as it can, until it is told to stop. */
import { renameSync, rmSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'

const { inside, kept, link, shared } = workerData as Record<'inside' | 'kept' | 'link', string> & {
  shared: SharedArrayBuffer
}
const isOver = new Int32Array(shared)

/** A put makes a folder that is missing, also between two of these. */
function bring(path: string): void {
  for (;;) {
    try {
      renameSync(path, inside)
      return
    } catch {
      rmSync(inside, { recursive: true, force: true })
    }
  }
}

let swaps = 0
while (Atomics.load(isOver, 0) === 0) {
  renameSync(inside, kept)
  bring(link)
  swaps += 1
  renameSync(inside, link)
  bring(kept)
  // The other side has to get in between as well.
  if (swaps % 5 === 0) Atomics.wait(isOver, 0, 0, 1)
}
parentPort?.postMessage(swaps)
