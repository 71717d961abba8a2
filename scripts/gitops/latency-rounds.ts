/** How long it takes from a push until what was pushed runs. */
import { createHmac } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { serveHttp, serveSsh } from '../../test/fakes/git-remote.ts'
import { type EngineProcess, startEngine } from './engine-process.ts'
import { commitChanges, contentsOf, stillFiles } from './plain-repository.ts'
import { createRepository, type Repository, runGit } from './repository.ts'

export interface LatencyOptions {
  folder: string
  transport: 'http' | 'ssh'
  jobs: number
  rounds: number
  /** Told by a signed hook, or found by asking that often. */
  pollS: number | null
}

export interface Latency {
  /** Until its last line says that it is in force, in ms; of each round. */
  inForceMs: number[]
  /** Until the status on the control socket shows it, asked for every 10 ms. */
  shownMs: number[]
}

const everyMs = 10
const patienceMs = 60_000
const hookSecret = 'a secret of the hook, long enough'

export async function measureLatency(options: LatencyOptions): Promise<Latency> {
  const { folder, jobs, rounds, pollS } = options
  const closers: (() => void | Promise<void>)[] = []
  const secrets = join(folder, 'secrets')
  const remotes = join(folder, 'remotes')
  mkdirSync(secrets, { recursive: true, mode: 0o700 })
  const secret = (name: string, value: string) => writeFileSync(join(secrets, name), value, { mode: 0o600 })
  secret('git-webhook', hookSecret)
  const server = createRepository(join(remotes, 'config.git'))
  const author = createRepository(join(folder, 'author.git'))
  const files = stillFiles(jobs)
  author.commit({ files: contentsOf(files), parent: null })
  push(author, server)
  try {
    const url = await serve(options, remotes, secret, (close) => closers.push(close))
    const poll = pollS === null ? '1d' : `${pollS}s`
    const engine = await startEngine({ url, data: join(folder, 'data'), secrets, poll })
    closers.push(() => engine.end('SIGTERM'))
    const latency: Latency = { inForceMs: [], shownMs: [] }
    for (let round = 0; round < rounds; round++) {
      const isByStatus = round % 2 === 1
      const revision = commitChanges(author, changeOne(files, round), `round ${round}`)
      push(author, server)
      const pushedMs = performance.now()
      if (pollS === null) await sendHook(engine)
      // Asking for the status of many jobs all the time holds the engine up: so every other round only looks at its log.
      if (isByStatus) await untilShown(engine, revision)
      else await untilLogged(engine, revision)
      latency[isByStatus ? 'shownMs' : 'inForceMs'].push(performance.now() - pushedMs)
      await untilShown(engine, revision)
    }
    return latency
  } finally {
    for (const close of closers.reverse()) await close()
  }
}

/** Serves the repositories; the engine's secrets fit. */
async function serve(
  { transport }: LatencyOptions,
  remotes: string,
  secret: (name: string, value: string) => void,
  onClose: (close: () => void) => void,
): Promise<string> {
  // What the servers of the tests need of a test is how to end.
  const ending = { teardown: onClose } as unknown as Test
  if (transport === 'http') return `${(await serveHttp(ending, remotes)).origin}/config.git`
  const { port, key, knownHosts } = await serveSsh(ending)
  secret('git-ssh-key', key)
  secret('git-known-hosts', `${knownHosts}\n`)
  return `ssh://git@127.0.0.1:${port}${remotes}/config.git`
}

function push(author: Repository, { folder }: Repository): void {
  runGit(author.folder, ['push', '--quiet', folder, '+refs/heads/main:refs/heads/main'])
}

function changeOne(files: ReadonlyMap<string, string>, round: number): Map<string, string> {
  const paths = [...files.keys()].filter((path) => /\/job-\d+\.yaml$/.test(path))
  const path = paths[(round * 7) % paths.length] as string
  return new Map([[path, files.get(path)!.replace(/^title: .*/m, `title: Round ${round}`)]])
}

async function sendHook({ address }: EngineProcess): Promise<void> {
  const body = JSON.stringify({ ref: 'refs/heads/main' })
  const signature = createHmac('sha256', hookSecret).update(body).digest('hex')
  const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` }
  const { status } = await fetch(`${address}/v1/hooks/git`, { method: 'POST', headers, body })
  if (status !== 202) throw new Error(`the hook was answered with ${status}`)
}

async function untilShown(engine: EngineProcess, revision: string): Promise<void> {
  await until(engine, async () => (await engine.status()).revision.applied === revision)
}

async function untilLogged(engine: EngineProcess, revision: string): Promise<void> {
  await until(engine, () =>
    engine.log.slice(-20).some((line) => line.includes(revision) && line.includes('jobs in force')),
  )
}

async function until(engine: EngineProcess, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (!(await holds())) {
    if (performance.now() > deadline)
      throw new Error(`it is not in force after ${patienceMs / 1000} s:\n${engine.log.slice(-5).join('\n')}`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
