/** A PostgreSQL server of the test's own: in a temporary folder, on loopback, gone with the test. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import type { PostgresDatasetConnection } from '../../engine/core/manifest.ts'
import { Secret } from '../../engine/core/secret.ts'
import { freePort } from './free-port.ts'

const debianFolder = '/usr/lib/postgresql'

/** The folder with `initdb` and `postgres`, Debian's newest; undefined where there is none, or nobody whom they serve. */
export const postgresFolder = findPostgres()

function findPostgres(): string | undefined {
  if (!existsSync(debianFolder)) return undefined
  const folders = readdirSync(debianFolder)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(debianFolder, version, 'bin'))
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && owner() !== null && folder)
}

/** PostgreSQL refuses to run as root: then it runs as its own user, or as nobody. */
function owner(): { uid: number; gid: number } | undefined | null {
  if (process.getuid?.() !== 0) return undefined
  for (const name of ['postgres', 'nobody']) {
    const uid = Number(spawnSync('id', ['-u', name], { encoding: 'utf8' }).stdout)
    const gid = Number(spawnSync('id', ['-g', name], { encoding: 'utf8' }).stdout)
    if (uid > 0 && gid > 0) return { uid, gid }
  }
  return null
}

export interface PostgresServer {
  port: number
  connection: PostgresDatasetConnection & { type: 'dataset' }
  secrets: { resolve(name: string): Promise<Secret> }
  /** As the superuser. */
  run(sql: string): Promise<Record<string, unknown>[]>
  stop(): Promise<void>
}

const superPassword = 'of-the-superuser'

/** Takes about two seconds. `settings` are lines of its configuration; `folder` must be nobody else's. */
export async function startPostgres(folder: string, settings: string[] = []): Promise<PostgresServer> {
  const user = owner() ?? undefined
  const data = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  mkdirSync(folder, { recursive: true })
  writeFileSync(passwordFile, superPassword)
  if (user) spawnSync('chown', ['-R', `${user.uid}:${user.gid}`, folder])
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' }
  const options = ['-D', data, '-U', 'super', '-A', 'scram-sha-256', '--no-sync', '-E', 'UTF8']
  const made = spawnSync(join(postgresFolder!, 'initdb'), [...options, `--pwfile=${passwordFile}`], {
    ...user,
    env,
    cwd: '/',
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`)
  const port = await freePort()
  const given = ['fsync=off', 'listen_addresses=127.0.0.1', 'unix_socket_directories=', ...settings]
  const child = spawn(
    join(postgresFolder!, 'postgres'),
    ['-D', data, '-p', String(port), ...given.flatMap((each) => ['-c', each])],
    { ...user, env, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let log = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk
      if (log.includes('ready to accept connections')) resolve()
    })
    child.once('exit', () => reject(new Error(log)))
  })

  async function run(sql: string): Promise<Record<string, unknown>[]> {
    const client = new Client({
      host: '127.0.0.1',
      port,
      user: 'super',
      password: superPassword,
      database: 'postgres',
      ssl: false,
    })
    await client.connect()
    try {
      const answer: unknown = await client.query(sql)
      return Array.isArray(answer) ? [] : (answer as { rows: Record<string, unknown>[] }).rows
    } finally {
      await client.end()
    }
  }

  await run(`CREATE ROLE reader LOGIN PASSWORD 'of-the-reader'`)
  return {
    port,
    connection: {
      apiVersion: 'jobsd/v1',
      kind: 'Connection',
      name: 'warehouse',
      type: 'dataset',
      format: 'postgres',
      host: '127.0.0.1',
      port,
      database: 'postgres',
      username: 'reader',
      password: { secret: 'warehouse-password' },
      schema: 'reporting',
      tls: 'none',
    },
    secrets: { resolve: async () => new Secret('of-the-reader') },
    run,
    async stop() {
      child.kill('SIGINT')
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}
