/** Runs git together with all that it starts, ssh and the like, so that nothing of it stays behind. */
import { type ChildProcess, spawn } from 'node:child_process'
import { toStorageError } from '../core/storage-error.ts'
import { gitEnvironment, translateGitFailure } from './git-command.ts'

const maxTextBytes = 64 * 1024

export interface GitEnd {
  /** Null where a signal ended it. */
  code: number | null
  /** Its output and what it told, each cut at 64 KiB. */
  output: string
  told: string
}

/**
 * Runs git in a folder until it ends, whatever it ends with. On abort the whole process group is killed at once; the
 * call comes back after that. Throws GIT_MISSING, STORAGE_FAILED where no process can be started, or
 * the signal's reason.
 */
export async function runGitGroup(
  folder: string,
  args: string[],
  environment: Record<string, string>,
  signal: AbortSignal,
): Promise<GitEnd> {
  signal.throwIfAborted()
  const child = spawn('git', args, {
    cwd: folder,
    env: { ...gitEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own.
    detached: true,
  })
  const kill = () => killGroup(child)
  signal.addEventListener('abort', kill, { once: true })
  // Whatever it started and left behind holds the pipes open.
  child.once('exit', kill)
  try {
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    const [code, output, told] = await Promise.all([ended, readText(child.stdout), readText(child.stderr)])
    signal.throwIfAborted()
    return { code, output, told }
  } catch (error) {
    signal.throwIfAborted()
    throw translateGitFailure(toStorageError(error))
  } finally {
    signal.removeEventListener('abort', kill)
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Reads to the end and keeps the first part. */
async function readText(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream) {
    if (bytes < maxTextBytes) chunks.push(chunk)
    bytes += chunk.length
  }
  return Buffer.concat(chunks).subarray(0, maxTextBytes).toString()
}
