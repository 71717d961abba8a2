/** The engine as its own process, exactly as `jobsd start` runs it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export const mainFile = join(import.meta.dirname, '../../engine/main.ts')

export interface EngineProcess {
  /** `http://127.0.0.1:<port>` */
  address: string
  pid: number
  /** Ends it as SIGTERM does; resolves with the exit code. */
  stop(): Promise<number | null>
  /** Ends it as a power cut does. */
  kill(): Promise<void>
  /** Every log line so far. */
  log(): string[]
}

export interface EngineStart {
  dir: string
  platform: string
  data: string
  secrets: string
  /** The process's whole environment besides PATH and the secrets' folder. */
  env?: Record<string, string>
}

/** Starts it and resolves once it is ready. Rejects with its last lines if it ends before. */
export async function startEngineProcess({
  dir,
  platform,
  data,
  secrets,
  env,
}: EngineStart): Promise<EngineProcess> {
  const lines: string[] = []
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      mainFile,
      'start',
      dir,
      '--platform',
      platform,
      '--data',
      data,
      '--listen',
      '127.0.0.1:0',
    ],
    {
      env: { PATH: process.env.PATH ?? '', JOBSD_SECRETS_DIR: secrets, ...env },
      stdio: ['ignore', 'inherit', 'pipe'],
    },
  )
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const address = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line)
      const entry = readEntry(line)
      if (entry?.msg === 'ready' && entry.address) resolve(entry.address)
    })
    void ended.then((code) =>
      reject(new Error(`the engine ended with ${code} before it was ready:\n${lines.slice(-20).join('\n')}`)),
    )
  })
  return {
    address,
    pid: child.pid as number,
    log: () => lines,
    stop: () => end(child, 'SIGTERM', ended),
    kill: async () => {
      await end(child, 'SIGKILL', ended)
    },
  }
}

async function end(
  child: ChildProcess,
  signal: NodeJS.Signals,
  ended: Promise<number | null>,
): Promise<number | null> {
  child.kill(signal)
  return ended
}

function readEntry(line: string): { msg?: string; address?: string } | undefined {
  try {
    return JSON.parse(line) as { msg?: string; address?: string }
  } catch {
    return undefined // Not a log entry: Node's own words.
  }
}
