/** What each type of connection must and may be told. */
import type { Connection } from '../core/manifest.ts'
import {
  type Check,
  checkChoice,
  checkFormat,
  checkTitle,
  optional,
  type Question,
  question,
} from './answers.ts'
import type { ConnectionOptions } from './new-connection.ts'
import { serviceQuestions } from './service-questions.ts'

const checkHost: Check = (text) => matches(text, /^[A-Za-z0-9.:-]{1,253}$/, 'host name or address')
const checkHostKey: Check = (text) =>
  matches(
    text,
    /^SHA256:[A-Za-z0-9+/]{43}$/,
    "fingerprint; it begins with SHA256: and has 43 more characters. Ask the operators or the client's IT: ssh-keygen -l prints it",
  )
const checkBucket: Check = (text) => matches(text, /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'name of a bucket')
const checkRegion: Check = (text) => matches(text, /^[a-z0-9-]{1,40}$/, 'region')
const checkUsername: Check = (text) => matches(text, /^[^\p{Cc}]{1,254}$/u, 'user name')
const checkDatabase: Check = (text) => matches(text, /^[A-Za-z0-9_.-]{1,63}$/, 'name of a database')
const checkSchema: Check = (text) => matches(text, /^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'name of a schema')
const checkRole: Check = (text) => matches(text, /^[^\p{Cc}]{1,63}$/u, 'role')
const checkPort: Check = (text) =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65535
    ? null
    : `${JSON.stringify(text)} is no port; allowed are 1 to 65535`

function matches(text: string, pattern: RegExp, what: string): string | null {
  return pattern.test(text) ? null : `${JSON.stringify(text)} is no ${what}`
}

/** What a type cannot do without, and what was given of the rest. */
export function ownQuestions(type: Connection['type'], options: ConnectionOptions): Record<string, Question> {
  const host = question('--host', 'The server', `${type}.acme.example`, checkHost, options.host)
  const port = optional('port', '--port', checkPort, options.port)
  const title = optional('title', '--title', checkTitle, options.title)
  switch (type) {
    case 'sftp':
      return {
        host,
        username: question('--username', 'The user', 'platform-reports', checkUsername, options.username),
        hostKey: question(
          '--host-key',
          "The server's fingerprint",
          "SHA256:...; ask the operators or the client's IT: ssh-keygen -l",
          checkHostKey,
          options.hostKey,
        ),
        ...port,
        ...title,
        ...optional('root', '--root', checkFormat('absolute-path'), options.root),
      }
    case 'smtp':
      return {
        host,
        from: question(
          '--from',
          'The sender of every mail',
          'reports@acme.example',
          checkFormat('address'),
          options.from,
        ),
        security: question(
          '--security',
          '',
          '',
          checkChoice(['tls', 'starttls', 'none'], 'security'),
          options.security,
        ),
        ...port,
        ...title,
        ...optional('username', '--username', checkUsername, options.username),
      }
    case 's3':
      return {
        region: question('--region', 'The region', 'eu-central-1', checkRegion, options.region),
        bucket: question('--bucket', 'The bucket', 'acme-reports', checkBucket, options.bucket),
        ...title,
        ...optional('endpoint', '--endpoint', checkFormat('endpoint'), options.endpoint),
        ...optional('prefix', '--prefix', checkFormat('key-prefix'), options.prefix),
      }
    case 'http':
    case 'key':
      return { ...serviceQuestions(type, options), ...title }
    case 'folder':
    case 'dataset':
      if (type === 'dataset' && options.format === 'postgres') {
        return {
          format: question('--format', '', '', () => null, options.format),
          host,
          ...port,
          database: question('--database', 'The database', 'warehouse', checkDatabase, options.database),
          ...optional('schema', '--schema', checkSchema, options.schema),
          username: question(
            '--username',
            'The role, which may only read',
            'jobsd_reader',
            checkRole,
            options.username,
          ),
          ...title,
        }
      }
      return {
        path: question(
          '--path',
          "The folder on the engine's machine",
          '/srv/archive',
          checkFormat('absolute-path'),
          options.path,
        ),
        ...title,
        ...(type === 'dataset' && {
          format: question(
            '--format',
            '',
            '',
            checkChoice(['parquet', 'csv', 'json', 'postgres'], 'format'),
            options.format,
          ),
        }),
      }
  }
}
