/** A new client: its manifest, its policy, and the job that takes the files it posts. */
import type { Client, ClientPolicy, Connection, Job } from '../../core/manifest.ts'
import type { Config } from '../config.ts'
import { clientFile, jobFile, policyFile } from '../layout.ts'
import { compareText } from '../problems.ts'
import { type NewFile, writeManifest } from '../write-manifest.ts'
import { secretOf } from './connection.ts'

/** Where a client posts its files. */
export interface DropFolder {
  connection: string
  path: string
}

/** Writes a client's manifest. */
export function writeClient(client: Omit<Client, 'apiVersion' | 'kind'>): NewFile {
  return writeManifest(
    clientFile(client.name),
    { apiVersion: 'jobsd/v1', kind: 'Client', ...client },
    { '/callCenters': 'The names are those in the data, letter by letter.' },
  )
}

/** Writes a client's policy: what its jobs may use. */
export function writePolicy(policy: Omit<ClientPolicy, 'apiVersion' | 'kind'>): NewFile {
  return writeManifest(
    policyFile(policy.name),
    { apiVersion: 'jobsd/v1', kind: 'ClientPolicy', ...policy },
    {
      '/connections': "What this client's jobs may use. A job that goes beyond it is refused.",
      '/recipientDomains': 'Where its mails may go. A sub-domain is another domain.',
      ...(policy.dataset && {
        '/dataset': 'Where its rows are: those with its name in the column `client`.',
      }),
    },
  )
}

/** Writes the job that every client with a drop folder has: a posted file is moved out of it, and kept. */
export function writeFtpInJob(client: string, { connection, path }: DropFolder): NewFile {
  const job: Job = {
    apiVersion: 'jobsd/v1',
    kind: 'Job',
    name: 'campaign-upload',
    title: 'Campaign files from the drop folder',
    client,
    scope: 'client',
    trigger: { type: 'ftp-in', folders: [{ connection, path, complete: 'stable' }] },
    steps: [
      {
        name: 'move',
        type: 'move-file',
        from: 'trigger',
        path: `${path.slice(0, path.lastIndexOf('/'))}/loaded`,
        fileName: '{slot:yyyyMMdd-HHmmss}_{name}.{ext}',
      },
    ],
  }
  return writeManifest(jobFile(`${client}/campaign-upload`), job, {
    '/trigger/folders/0/complete':
      'stable: a file is complete once it no longer grows; renamed: its writer uses a temporary name and renames it.',
    '/steps/0': 'The moment in the name keeps a file that is posted a second time apart from the first.',
  })
}

/**
 * A drop folder for a new client on the same site as the others': a connection with a login of its own, since a
 * shared one would let each client's jobs see the other's files. undefined where no client has one yet.
 */
export function modelDropFolder(
  config: Pick<Config, 'jobs' | 'connections'>,
  client: string,
): { connection: Connection; folder: DropFolder } | undefined {
  const jobs = [...config.jobs].sort(([a], [b]) => compareText(a, b))
  for (const [job, { value }] of jobs) {
    if (value.trigger.type !== 'ftp-in') continue
    const owner = job.slice(0, job.indexOf('/'))
    const rename = (path: string) =>
      path
        .split('/')
        .map((part) => (part === owner ? client : part))
        .join('/')
    for (const watched of value.trigger.folders) {
      const model = config.connections.get(watched.connection)?.value
      const name = `dropbox-${client}`.slice(0, 63)
      const folder = { connection: name, path: rename(watched.path) }
      const base = { apiVersion: 'jobsd/v1', kind: 'Connection', name, title: 'The drop folder' } as const
      if (model?.type === 'sftp') {
        const { host, port, hostKeys, root } = model
        const password = secretOf(name, 'password')
        const connection: Connection = {
          ...base,
          type: 'sftp',
          host,
          ...(port !== undefined && { port }),
          username: client,
          password,
          hostKeys,
          ...(root !== undefined && { root: rename(root) }),
        }
        return { connection, folder }
      }
      if (model?.type === 'folder') {
        const path = rename(model.path)
        const own = path === model.path ? `${path}/${client}` : path
        return { connection: { ...base, type: 'folder', path: own }, folder }
      }
    }
  }
  return undefined
}
