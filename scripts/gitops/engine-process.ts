/** The real engine in a process of its own, following a Git repository. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { dataFolderOf } from '../../engine/adapters/data-folder.ts'
import { connectControl } from '../../engine/cli/control-client.ts'
import type { Status } from '../../engine/runtime/status.ts'

const mainFile = join(import.meta.dirname, '../../engine/main.ts')

export interface EngineStart {
  url: string
  data: string
  secrets: string
  /** How often it asks for new commits: so long that only hints count, unless told. */
  poll?: string
}

export interface EngineProcess {
  /** `http://127.0.0.1:<port>` */
  address: string
  pid: number
  status(): Promise<Status>
  signal(name: NodeJS.Signals): void
  /** Ends it by a signal; resolves once it has ended. */
  end(name: NodeJS.Signals): Promise<void>
  log: string[]
}

/** Resolves once it is ready. Rejects with its last lines if it ends before. */
export async function startEngine({ url, data, secrets, poll = '1d' }: EngineStart): Promise<EngineProcess> {
  const log: string[] = []
  const args = ['start', '--repo', url, '--data', data, '--poll', poll, '--listen', '127.0.0.1:0']
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', mainFile, ...args], {
    env: {
      PATH: process.env.PATH ?? '',
      JOBSD_SECRETS_DIR: secrets,
      // Where a long path has its control socket.
      ...(process.env.TMPDIR && { TMPDIR: process.env.TMPDIR }),
    },
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const address = await readAddress(child, log, ended)
  const { socket } = dataFolderOf(data)
  return {
    address,
    pid: child.pid as number,
    log,
    async status() {
      const client = await connectControl(socket)
      if (!client) throw new Error(`the engine does not answer:\n${log.slice(-5).join('\n')}`)
      return client.status()
    },
    signal: (name) => void child.kill(name),
    async end(name) {
      child.kill(name)
      await ended
    },
  }
}

function readAddress(child: ChildProcess, log: string[], ended: Promise<void>): Promise<string> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stderr! }).on('line', (line) => {
      log.push(line)
      const ready = /"address":"([^"]+)","msg":"ready"/.exec(line)
      if (ready) resolve(ready[1] as string)
    })
    void ended.then(() =>
      reject(new Error(`the engine ended before it was ready:\n${log.slice(-9).join('\n')}`)),
    )
  })
}

/** Asks again and again until it holds; rejects after `patienceMs` with what it was about. */
export async function waitUntil(
  what: string,
  holds: () => Promise<boolean>,
  { everyMs = 20, patienceMs = 60_000 } = {},
): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${patienceMs / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
