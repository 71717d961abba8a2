/** The engine as a process of its own, with the crash points loaded into it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const points = join(import.meta.dirname, 'points.mjs')

export interface EngineStart {
  root: string
  config: string
  data: string
  secrets: string
  folders: string
  /** `<point>#<n>` or a number; undefined: it lives on. */
  crashAt?: string | undefined
  /** Gets each point's name. */
  trace?: string
  /** Further variables of its environment. */
  env?: Record<string, string>
}

export interface EngineEnd {
  signal: NodeJS.Signals | null
  code: number | null
}

export interface EngineChild {
  /** Its address; rejects when it ended before. */
  ready: Promise<string>
  ended: Promise<EngineEnd>
  hasEnded(): boolean
  kill(): void
  stop(): Promise<EngineEnd>
  /** Lets it read its source now. */
  reload(): void
  log(): string[]
}

export function startEngine(start: EngineStart): EngineChild {
  const { root, config, data, secrets, folders, crashAt, trace } = start
  const lines: string[] = []
  const env = {
    PATH: process.env.PATH ?? '',
    JOBSD_SECRETS_DIR: secrets,
    // Hundreds of starts: an engine that is killed writes no cache, so one that was not does for all.
    NODE_COMPILE_CACHE: join(secrets, '../compiled'),
    JOBSD_CRASH_ROOTS: JSON.stringify({ data, folders }),
    ...start.env,
    ...(crashAt !== undefined && { JOBSD_CRASH_AT: crashAt }),
    ...(trace !== undefined && { JOBSD_CRASH_TRACE: trace }),
  }
  const engine = ['start', config, '--data', data, '--listen', '127.0.0.1:0']
  const args = [
    '--disable-warning=ExperimentalWarning',
    '--import',
    points,
    join(root, 'engine/main.ts'),
    ...engine,
  ]
  const child: ChildProcess = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let isOver = false
  const killWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', killWithUs)
  const ended = new Promise<EngineEnd>((resolve) =>
    child.once('exit', (code, signal) => {
      isOver = true
      process.removeListener('exit', killWithUs)
      resolve({ code, signal })
    }),
  )
  const ready = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr! }).on('line', (line) => {
      lines.push(line)
      const address = /"address":"([^"]+)".*"msg":"ready"/.exec(line)?.[1]
      if (address) resolve(address)
    })
    void ended.then(() => reject(new Error('the engine ended before it was ready')))
  })
  ready.catch(() => undefined) // Whoever waits for it is told; an engine that is only killed has nobody waiting.
  return {
    ready,
    ended,
    hasEnded: () => isOver,
    kill: () => void child.kill('SIGKILL'),
    reload: () => void child.kill('SIGHUP'),
    stop() {
      child.kill('SIGTERM')
      return ended
    },
    log: () => lines,
  }
}
