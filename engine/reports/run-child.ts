/** Runs work that may not be trusted in a process of its own: no environment, killed when it is late or too loud. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { toStorageError } from '../core/storage-error.ts'

/** A longer timer fires at once. */
export const longestTimerMs = 2 ** 31 - 1

export interface ChildRequest {
  /** The child's own source file; it answers with `answerParent`. */
  script: URL
  nodeFlags: string[]
  request: unknown
  cwd: string
  /** The child is killed after this long, or after `longestTimerMs` where that is less. */
  timeoutMs: number
  /** It is killed when its answer is longer. */
  maxBytes: number
  signal: AbortSignal
}

export type ChildEnd =
  | { kind: 'answer'; value: unknown }
  | { kind: 'timeout' }
  | { kind: 'too-large' }
  /** It ended without an answer; `how` is its exit code or signal. */
  | { kind: 'crashed'; how: string }

/**
 * Gives one JSON document to a child's stdin and takes one from its descriptor 3. Resolves, or rejects with
 * the signal's reason, only once the process is gone, so that its files may be removed.
 */
export async function runChild(task: ChildRequest): Promise<ChildEnd> {
  task.signal.throwIfAborted()
  // Descriptor 3 and not stdout: native code may print to stdout what looks like an answer.
  const script = [fileURLToPath(task.script), String(process.pid)]
  const child = spawn(process.execPath, [...task.nodeFlags, ...script], {
    cwd: task.cwd,
    env: {},
    stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
  })
  if (child.pid === undefined) {
    // Without descriptors or memory for a process there are no pipes either.
    const [error] = (await once(child, 'error', { signal: task.signal })) as [Error]
    throw toStorageError(error)
  }
  let cut: 'timeout' | 'too-large' | 'aborted' | undefined
  const kill = (why: 'timeout' | 'too-large' | 'aborted') => {
    cut ??= why
    child.kill('SIGKILL')
  }
  const onAbort = () => kill('aborted')
  task.signal.addEventListener('abort', onAbort, { once: true })
  const timer = setTimeout(() => kill('timeout'), Math.min(task.timeoutMs, longestTimerMs))
  const answer: Buffer[] = []
  let bytes = 0
  const output = child.stdio[3] as Readable
  output.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > task.maxBytes) kill('too-large')
    else answer.push(chunk)
  })
  // It has answered: whatever it still does is not wanted.
  output.on('end', () => child.kill('SIGKILL'))
  // A child that dies early breaks both pipes; how it ended says more than that.
  output.on('error', () => {})
  child.stdin?.on('error', () => {})
  child.stdin?.end(JSON.stringify(task.request))
  try {
    const how = await new Promise<string>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
    })
    if (cut === 'aborted') throw task.signal.reason
    if (cut !== undefined) return { kind: cut }
    return readAnswer(Buffer.concat(answer).toString('utf8'), how)
  } finally {
    clearTimeout(timer)
    task.signal.removeEventListener('abort', onAbort)
  }
}

function readAnswer(text: string, how: string): ChildEnd {
  try {
    return { kind: 'answer', value: JSON.parse(text) }
  } catch {
    return { kind: 'crashed', how }
  }
}
