/** New connections: where they lead is given, secrets are named after them. */
import type { Connection } from '../../core/manifest.ts'
import { connectionFile } from '../layout.ts'
import { type NewFile, writeManifest } from '../write-manifest.ts'

export const connectionTypes = [
  'sftp',
  'smtp',
  's3',
  'folder',
  'dataset',
  'http',
  'key',
] as const satisfies readonly Connection['type'][]

/** The name of the secret for one key of a connection, such as `acme-sftp-password`. */
export function secretOf(connection: string, key: string): { secret: string } {
  return { secret: `${connection}-${key}`.slice(0, 63).replace(/-+$/, '') }
}

const comments: Record<Connection['type'], Record<string, string>> = {
  sftp: {
    '/password': 'The name of the secret; its value never stands in a manifest.',
    '/hostKeys': 'What the server must show. On the server: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
  },
  smtp: { '/security': 'tls, starttls, or none for a relay on the same machine.' },
  s3: { '/accessKeyId': 'The names of the secrets; their values never stand in a manifest.' },
  folder: { '/path': "On the engine's machine. It must be there: it is never made." },
  dataset: {
    '/path': 'A folder with calls, campaigns and so on, one file or folder of files each.',
    '/username': 'It needs no more than to read the tables. TLS is required.',
    '/password': 'The name of the secret; its value never stands in a manifest.',
  },
  http: {
    '/baseUrl': "Jobs give the rest of the address: their requests' paths are added to this.",
    '/auth': 'A secret is named; its value never stands in a manifest.',
    '/allowPrivate': 'The host may be in a private network or on this machine.',
  },
  key: {
    '/fingerprint': "Told by the key's owner another way than the key itself.",
    '/privateKey': 'The names of the secrets; their values never stand in a manifest.',
    '/passphrase': 'The name of the secret; its value never stands in a manifest.',
  },
}

/** Writes the manifest of a connection. */
export function writeConnection(connection: Connection): NewFile {
  const told = Object.entries(comments[connection.type]).filter(([pointer]) => pointer.slice(1) in connection)
  return writeManifest(connectionFile(connection.name), connection, Object.fromEntries(told))
}

/** The names of the secrets that a connection needs. */
export function secretsOf(connection: Connection): string[] {
  return namesIn(Object.values(connection))
}

function namesIn(values: unknown[]): string[] {
  return values.flatMap((value) => {
    if (value === null || typeof value !== 'object') return []
    return 'secret' in value ? [String(value.secret)] : namesIn(Object.values(value))
  })
}
