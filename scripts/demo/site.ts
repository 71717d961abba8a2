/** The demo's outside world: three servers on loopback, and a copy of jobs.d/platform that points to them. */
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { ClientPolicy, Connection, S3Connection, SftpConnection } from '../../engine/core/manifest.ts'
import type { OutFolder } from './out-folder.ts'
import { startS3Server } from './s3-server.ts'
import { type SftpServerOptions, startSftpServer } from './sftp-server.ts'
import { startSmtpServer } from './smtp-server.ts'

export interface Site {
  /** For `--platform`. */
  platform: string
  /** For JOBSD_SECRETS_DIR. */
  secrets: string
  /** For `--data`. */
  data: string
  /** The dataset's folder, not made yet. */
  warehouse: string
  connections: Connection[]
  sftpPort: number
  smtpPort: number
  s3Endpoint: string
  /** The value of a secret, for the demo's own clients. */
  secretOf(name: string): string
  objects(bucket: string): Promise<{ key: string; body: Buffer }[]>
  close(): Promise<void>
}

/** Lets a test disturb a server. */
export type SiteHooks = Pick<SftpServerOptions, 'onWrite'>

/** Starts the servers with fresh secrets and host keys. Everything is in one temporary folder, removed by `close`. */
export async function startSite(
  platformFolder: string,
  out: OutFolder,
  hooks: SiteHooks = {},
): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'jobsd-demo-'))
  const [platform, secrets, data, warehouse] = ['platform', 'secrets', 'data', 'warehouse'].map((name) =>
    join(folder, name),
  ) as [string, string, string, string]
  await mkdir(secrets, { mode: 0o700 })

  const documents = await readDocuments(platformFolder)
  const values = new Map(secretNames(documents).map((name) => [name, randomBytes(18).toString('base64url')]))
  const secretOf = (name: string): string => {
    const value = values.get(name)
    if (value === undefined) throw new Error(`no document of the demo names secret ${name}`)
    return value
  }
  for (const [name, value] of values) await writeFile(join(secrets, name), value, { mode: 0o600 })

  const connections = documents
    .map(({ value }) => value)
    .filter((value): value is Connection => (value as Connection).kind === 'Connection')
  const sftpServers = connections.filter((each): each is SftpConnection => each.type === 'sftp')
  const buckets = connections.filter((each): each is S3Connection => each.type === 's3')

  const sftp = await startSftpServer({
    ...hooks,
    root: out.sftp,
    users: sftpServers.map(({ password, name }) => ({
      username: name,
      password: secretOf(password?.secret ?? ''),
      folder: name,
    })),
  })
  const smtp = await startSmtpServer({ folder: out.mail })
  const s3 = await startS3Server({
    accessKeys: buckets.map(({ accessKeyId, secretAccessKey, bucket }) => ({
      id: secretOf(accessKeyId.secret),
      secret: secretOf(secretAccessKey.secret),
      buckets: [bucket],
    })),
  })

  for (const { path, value } of documents) {
    const local = pointToLoopback(value as Connection, { sftp, smtp, s3, warehouse })
    await mkdir(join(platform, path, '..'), { recursive: true })
    await writeFile(join(platform, path), stringify(local))
  }

  return {
    platform,
    secrets,
    data,
    warehouse,
    connections,
    sftpPort: sftp.port,
    smtpPort: smtp.port,
    s3Endpoint: s3.endpoint,
    secretOf,
    objects: (bucket) => s3.objects(bucket),
    async close() {
      await Promise.all([sftp.close(), smtp.close(), s3.close()])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface Loopback {
  sftp: { port: number; hostKeyFingerprint: string }
  smtp: { port: number }
  s3: { endpoint: string }
  warehouse: string
}

/** The document as it is, with address, port and host key of the demo's server. */
function pointToLoopback(
  document: Connection | ClientPolicy,
  { sftp, smtp, s3, warehouse }: Loopback,
): unknown {
  if (document.kind !== 'Connection') return document
  switch (document.type) {
    case 'sftp':
      // One server plays all of them: each is a user of its own there.
      return {
        ...document,
        host: '127.0.0.1',
        port: sftp.port,
        username: document.name,
        hostKeys: [sftp.hostKeyFingerprint],
      }
    case 'smtp':
      return { ...document, host: '127.0.0.1', port: smtp.port, security: 'none' }
    case 's3':
      return { ...document, endpoint: s3.endpoint, forcePathStyle: true }
    case 'dataset':
      return { ...document, path: warehouse }
    default:
      return document
  }
}

async function readDocuments(folder: string): Promise<{ path: string; value: unknown }[]> {
  const paths = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.yaml')).sort()
  return Promise.all(
    paths.map(async (path) => ({
      path,
      value: parse(await readFile(join(folder, path), 'utf8')) as unknown,
    })),
  )
}

/** Every `{ secret: name }` of the documents. */
function secretNames(documents: { value: unknown }[]): string[] {
  const names = new Set<string>()
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const { secret } = value as { secret?: unknown }
    if (typeof secret === 'string') names.add(secret)
    for (const inner of Object.values(value)) visit(inner)
  }
  for (const { value } of documents) visit(value)
  return [...names]
}
