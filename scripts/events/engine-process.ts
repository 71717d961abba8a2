/** The real engine in a process of its own, killed and started again on the same port and data. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Places } from './config.ts'

const mainFile = join(import.meta.dirname, '../../engine/main.ts')

export interface EngineProcess {
  port(): number
  /** Kills it as a power cut would, and starts it again; resolves once it is ready. */
  killAndRestart(): Promise<void>
  end(): Promise<void>
  log: string[]
}

/** Resolves once it is ready. Rejects with its last lines if it ends before. */
export async function startEngine(places: Places): Promise<EngineProcess> {
  const log: string[] = []
  let port = 0
  let child: ChildProcess
  let ended: Promise<void>

  async function start(): Promise<void> {
    const { repository, data, secrets } = places
    const args = ['start', repository, '--data', data, '--listen', `127.0.0.1:${port}`]
    child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', mainFile, ...args], {
      env: {
        PATH: process.env.PATH ?? '',
        JOBSD_SECRETS_DIR: secrets,
        JOBSD_LOG_LEVEL: 'info',
        // Where a long path has its control socket.
        ...(process.env.TMPDIR && { TMPDIR: process.env.TMPDIR }),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    ended = exited
    port = await new Promise((resolve, reject) => {
      createInterface({ input: child.stderr! }).on('line', (line) => {
        if (!line.includes('"level":30')) log.push(line)
        const ready = /"address":"http:[^"]*:(\d+)","msg":"ready"/.exec(line)
        if (ready) resolve(Number(ready[1]))
      })
      void exited.then(() => reject(new Error(`the engine ended early:\n${log.slice(-9).join('\n')}`)))
    })
  }

  async function stop(signal: NodeJS.Signals): Promise<void> {
    child.kill(signal)
    await ended
  }

  await start()
  return {
    port: () => port,
    async killAndRestart() {
      await stop('SIGKILL')
      await start()
    },
    end: () => stop('SIGTERM'),
    log,
  }
}
