import type { Command } from 'commander'
import { connectionTypes, secretsOf, writeConnection } from '../config/scaffold/connection.ts'
import { JobsdError } from '../core/errors.ts'
import type { Connection } from '../core/manifest.ts'
import { addFiles } from './add-files.ts'
import { answeredConnection } from './answered-connection.ts'
import { answerAll, checkChoice, checkName, question, suggesting } from './answers.ts'
import { ownQuestions } from './connection-questions.ts'
import { nameSecrets } from './connection-words.ts'
import type { NewOptions } from './new.ts'
import type { AddCommand } from './parts.ts'
import { authTypes, furtherQuestions, keyPurposes } from './service-questions.ts'

export interface ConnectionOptions extends NewOptions {
  type?: string
  title?: string
  host?: string
  port?: string
  username?: string
  hostKey?: string
  root?: string
  from?: string
  security: string
  endpoint?: string
  region?: string
  bucket?: string
  prefix?: string
  path?: string
  format: string
  database?: string
  schema?: string
  baseUrl?: string
  auth?: string
  header?: string
  allowPrivate?: boolean
  purpose?: string
  publicKey?: string
  fingerprint?: string
  own?: boolean
}

/** `jobsd new connection NAME --type T`: an endpoint, its secrets by name. */
export const addNewConnection: AddCommand = (program, parts, done) => {
  program
    .command('connection')
    .summary('an SFTP or mail server, a bucket, a folder, a dataset, a web service or a key')
    .argument('[name]', 'its name, such as acme-sftp')
    .addOption(suggesting(connectionTypes, '--type <type>', 'what it leads to'))
    .option('--title <title>', 'its name for people')
    .option('--host <host>', 'sftp, smtp, postgres: the server')
    .option('--port <port>', 'sftp, smtp, postgres: the TCP port; default 22, 587, 5432')
    .option(
      '--username <name>',
      'sftp, smtp, postgres, http: the user; the password is a secret NAME-password',
    )
    .option(
      '--host-key <fingerprint>',
      "sftp: SHA256:..., as ssh-keygen -l prints it; ask the operators or the client's IT for it",
    )
    .option('--root <path>', 'sftp: the folder that jobs see as /')
    .option('--from <address>', 'smtp: the sender')
    .option('--security <how>', 'smtp: tls, starttls or none', 'starttls')
    .option('--region <region>', 's3: the region')
    .option('--bucket <bucket>', 's3: the bucket')
    .option('--endpoint <url>', 's3: the URL of a store other than AWS')
    .option('--prefix <prefix>', 's3: what every key begins with')
    .option('--path <path>', "folder, dataset: an absolute path on the engine's machine")
    .option('--format <format>', 'dataset: parquet, csv or json files, or postgres', 'parquet')
    .option('--database <name>', 'postgres: the database')
    .option('--schema <name>', 'postgres: the schema of the tables; default public')
    .option('--base-url <url>', 'http: what every path of a request is added to')
    .addOption(suggesting(authTypes, '--auth <how>', 'http: how a request shows who sends it'))
    .option('--header <name>', 'http, auth header: the header that has the key')
    .option('--allow-private', 'http: the service may be in a private network')
    .addOption(suggesting(keyPurposes, '--purpose <what>', 'key: openpgp, or passphrase for archives'))
    .option('--public-key <file>', 'key: the file with the public key in armor')
    .option('--fingerprint <hex>', "key: the whole fingerprint, from the key's owner")
    .option('--own', 'key: your own; its private half and passphrase are secrets')
    .action(async (name: string | undefined, options: ConnectionOptions, command: Command) => {
      const json = command.optsWithGlobals<{ json?: boolean }>().json ?? false
      const ask = json ? undefined : parts.ask
      const { type, ...common } = await answerAll(commonQuestions(name, options), ask)
      const own = await answerAll(ownQuestions(type as Connection['type'], options), ask)
      const asked = { ...own, ...(await answerAll(furtherQuestions(own, options), ask)) }
      refuseForeign(command, asked, type)
      const connection = answeredConnection(type as Connection['type'], common.name, asked)
      const secrets = secretsOf(connection)
      const next = [
        ...(secrets.length > 0 ? [nameSecrets(secrets)] : []),
        'name it in the policy of each client that may use it, jobs.d/platform/clients/<client>.yaml',
        'commit it all to a pull request; an operator approves jobs.d/platform/',
      ]
      const target = { dir: options.dir, platform: options.platform, json }
      done(await addFiles(parts, target, [writeConnection(connection)], next))
    })
}

function commonQuestions(name: string | undefined, options: ConnectionOptions) {
  const types = checkChoice(connectionTypes, 'type of connection')
  return {
    name: question('NAME', 'Its name', 'acme-sftp', checkName, name),
    type: question('--type', `Its type: ${connectionTypes.join(', ')}`, 'sftp', types, options.type),
  }
}

/** An option that the type has no use for is a misunderstanding. */
function refuseForeign(command: Command, asked: Record<string, string>, type: string): void {
  const common = ['type', 'dir', 'platform', 'json']
  for (const option of command.options) {
    const key = option.attributeName()
    if (common.includes(key) || key in asked || command.getOptionValueSource(key) !== 'cli') continue
    throw new JobsdError('BAD_REQUEST', {
      reason: `${option.long} means nothing for a connection of type ${type}`,
    })
  }
}
