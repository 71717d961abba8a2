/** Runs git on a repository that may be anybody's: fixed arguments, no hook, no network, nothing of the caller's environment. */
import { spawn } from 'node:child_process'
import { devNull } from 'node:os'
import { simpleGit } from 'simple-git'
import { JobsdError } from '../core/errors.ts'

const timeoutMs = 60_000
const settings = [`core.hooksPath=${devNull}`]

/** All that git sees of the environment. A partial clone must not fetch what it lacks. */
export function gitEnvironment(): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    // Neither git nor curl looks into anybody's home, nor asks the system where that is.
    HOME: devNull,
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: devNull,
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_ALLOW_PROTOCOL: 'none',
  }
}

/** Runs one git command in a folder and returns what it printed. Throws GIT_MISSING, GIT_FAILED with git's words. */
export async function runGit(folder: string, args: string[], signal: AbortSignal): Promise<string> {
  signal.throwIfAborted()
  try {
    return await openGit(folder, signal).raw(args)
  } catch (error) {
    signal.throwIfAborted()
    throw translateGitFailure(error)
  }
}

function openGit(folder: string, signal: AbortSignal) {
  const environment = gitEnvironment()
  return simpleGit({
    baseDir: folder,
    config: settings,
    allowEnvironment: Object.keys(environment),
    // Both are what switches hooks and configuration off.
    unsafe: { allowUnsafeHooksPath: true, allowUnsafeConfigPaths: true },
    timeout: { block: timeoutMs },
    abort: signal,
    // Without it a command that fails without a word counts as done.
    errors: (error, result) => (result.exitCode === 0 ? undefined : (error ?? new Error(sayExit(result)))),
  }).env(environment)
}

/** Starts git with pipes for both directions; the caller reads, writes and waits for its end. */
export function spawnGit(folder: string, args: string[], signal: AbortSignal) {
  const fixed = settings.flatMap((setting) => ['-c', setting])
  return spawn('git', [...fixed, ...args], {
    cwd: folder,
    env: gitEnvironment(),
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: timeoutMs,
    signal,
  })
}

/** The JobsdError for what git or its start failed with. */
export function translateGitFailure(error: unknown): JobsdError {
  if (error instanceof JobsdError) return error
  const text = error instanceof Error ? error.message : String(error)
  if (/\bENOENT\b/.test(text)) return new JobsdError('GIT_MISSING', {}, { cause: error })
  const [line = 'no reason given'] = text.replace(/^(fatal|error): /, '').split('\n')
  return new JobsdError('GIT_FAILED', { reason: line.slice(0, 300) }, { cause: error })
}

function sayExit({ exitCode }: { exitCode: number }): string {
  return `it ended with code ${exitCode}`
}
