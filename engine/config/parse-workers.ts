/** Parses texts beside the event loop, with a limit on each. */
import { availableParallelism } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Problem } from '../core/model.ts'
import { type Parsed, problemAtTop } from './parse.ts'
import type { Place } from './places.ts'

export interface ParseTask {
  file: string
  text: string
}

/** A worker's answer: a Parsed without its text. */
export interface ParseAnswer {
  value: { value: unknown; places: ReadonlyMap<string, Place> } | null
  problems: Problem[]
}

export interface ParseWorkers {
  /** The module that workers run. */
  module?: URL
  /** Calls back when a file has had its time; returns how to call that off. */
  startLimit?: (file: string, onEnd: () => void) => () => void
}

/** How long the parser may take for one manifest. */
export const parseLimitMs = 2000
/** Below this many texts a second worker costs more than it brings. */
const tasksWorthAWorker = 100
const memory = { maxOldGenerationSizeMb: 256 }

/**
 * Parses each text in a worker and calls back with the index of each. A text that takes longer than its limit, or
 * more memory than a worker has, gives a problem of the rule `too-slow`; the others go on in a new worker.
 */
export async function parseInWorkers(
  tasks: readonly ParseTask[],
  options: ParseWorkers,
  onParsed: (index: number, parsed: Parsed) => void,
): Promise<void> {
  const count = Math.min(Math.ceil(tasks.length / tasksWorthAWorker), availableParallelism())
  const share = Math.ceil(tasks.length / Math.max(1, count))
  const shares = Array.from({ length: count }, (_, index) => index * share)
  await Promise.all(shares.map((start) => parseShare(tasks, start, Math.min(tasks.length, start + share))))

  async function parseShare(all: readonly ParseTask[], start: number, end: number): Promise<void> {
    for (let next = start; next < end; ) {
      next = await runWorker(all.slice(0, end), next, options, onParsed)
    }
  }
}

/** Runs one worker from a task on; resolves with the first task that it did not come to. */
async function runWorker(
  tasks: readonly ParseTask[],
  start: number,
  { module = new URL('./parse-worker.ts', import.meta.url), startLimit = startTimer }: ParseWorkers,
  onParsed: (index: number, parsed: Parsed) => void,
): Promise<number> {
  const worker = new Worker(module, { execArgv: [], env: {}, resourceLimits: memory })
  let at = start
  let stopLimit: () => void = () => undefined
  try {
    return await new Promise<number>((resolve, reject) => {
      const giveUp = (what?: string) => {
        onParsed(at, { document: null, problems: [problemTooSlow(tasks[at]!.file, what)] })
        resolve(at + 1)
      }
      const begin = () => {
        stopLimit()
        if (at >= tasks.length) return resolve(at)
        const begun = at
        stopLimit = startLimit(tasks[at]!.file, () => {
          // Where this loop was what was slow, the answer is there already and comes first.
          setImmediate().then(() => {
            if (at === begun) giveUp()
          }, reject)
        })
      }
      worker.on('message', (answer: ParseAnswer | 'ready') => {
        if (answer !== 'ready') {
          onParsed(at, parsedOf(tasks[at]!, answer))
          at++
        }
        begin()
      })
      worker.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') giveUp('too much memory')
        else reject(error)
      })
      worker.on('exit', (code) => reject(new Error(`a parse worker ended with ${code}`)))
      for (const task of tasks.slice(start)) worker.postMessage(task)
    })
  } finally {
    stopLimit()
    await worker.terminate()
  }
}

/** A manifest that was given up. */
export function problemTooSlow(file: string, what = `longer than ${parseLimitMs / 1000} s`): Problem {
  return problemAtTop(file, 'too-slow', `reading the file takes ${what}; write it more plainly, or split it`)
}

function parsedOf({ file, text }: ParseTask, { value, problems }: ParseAnswer): Parsed {
  return { document: value && { file, text, ...value }, problems }
}

function startTimer(_file: string, onEnd: () => void): () => void {
  const timer = setTimeout(onEnd, parseLimitMs)
  return () => clearTimeout(timer)
}
