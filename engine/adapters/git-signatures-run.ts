/** The programs behind signatures: found on PATH, run with nothing of the caller's environment. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { JobsdError } from '../core/errors.ts'
import { gitEnvironment, translateGitFailure } from './git-command.ts'

const timeoutMs = 60_000

export interface Ended {
  code: number
  output: Buffer
  /** What it said on stderr. */
  told: string
}

/** The full path of a program, or undefined. Relative folders of PATH do not count: git runs inside a repository. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (!isAbsolute(folder)) continue
    const path = join(folder, name)
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return path
  }
  return undefined
}

/** Starts a program of the check with pipes for both directions; `folder` takes its key ring and its temporary files. */
export function spawnChecker(
  program: string,
  args: string[],
  { cwd, folder }: { cwd: string; folder: string },
  signal: AbortSignal,
) {
  const env = { ...gitEnvironment(), TMPDIR: folder, GNUPGHOME: folder }
  return spawn(program, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'], timeout: timeoutMs, signal })
}

/** Feeds a child and waits for its end; its exit code is the caller's to judge. Throws GIT_MISSING, GIT_FAILED. */
export async function collectChild(
  child: ChildProcessWithoutNullStreams,
  input: string,
  signal: AbortSignal,
): Promise<Ended> {
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  // A child that went away closes its input: its exit code tells, not the broken pipe.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  try {
    const [output, told, code] = await Promise.all([buffer(child.stdout), text(child.stderr), ended])
    if (code === null) throw new JobsdError('GIT_FAILED', { reason: 'it was stopped before its end' })
    return { code, output, told }
  } catch (error) {
    signal.throwIfAborted()
    throw translateGitFailure(error)
  }
}
