import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { modelDropFolder, writeClient, writeFtpInJob, writePolicy } from '../config/scaffold/client.ts'
import { connectionTypes, secretsOf, writeConnection } from '../config/scaffold/connection.ts'
import { writeFtpInTest } from '../config/scaffold/job-test.ts'
import type { NewFile } from '../config/write-manifest.ts'
import { JobsdError } from '../core/errors.ts'
import type { Client, Connection } from '../core/manifest.ts'
import { addFiles } from './add-files.ts'
import {
  answerAll,
  type Check,
  checkFormat,
  checkList,
  checkName,
  checkNameBeside,
  checkTitle,
  optional,
  type Question,
  question,
  splitList,
  toTimeOfDay,
} from './answers.ts'
import { nameSecrets, unknownConnection } from './connection-words.ts'
import type { NewOptions } from './new.ts'
import type { AddCommand } from './parts.ts'
import { readConfig } from './read-config.ts'

interface ClientOptions extends NewOptions {
  title?: string
  timezone?: string
  callCenters?: string[]
  dayCutOff?: string
  domains?: string[]
  connections?: string[]
  dataset?: string
  dropFolder?: string
  ftpIn: boolean
}

/** `jobsd new client NAME`: its manifest, its policy, and the job that takes the files it posts. */
export const addNewClient: AddCommand = (program, parts, done) => {
  program
    .command('client')
    .summary('a client, its policy, and the job that takes the files it posts')
    .argument('[name]', 'its name, such as acme')
    .option('--title <title>', 'its name for people')
    .option('--timezone <zone>', 'the zone of its days, such as America/Chicago')
    .option('--call-centers <names...>', 'its call centers, named as in the data: dallas,tampa')
    .option('--day-cut-off <time>', 'when its statistical day ends; default 00:00', toTimeOfDay)
    .option('--domains <domains...>', 'where its mails may go: acme.example')
    .option('--connections <names...>', 'what else its jobs may use, besides mail and the drop folder')
    .option('--dataset <connection>', 'where its data is; default the only dataset')
    .option(
      '--drop-folder <connection>',
      'where it posts files; default a new connection on the same site as the others',
    )
    .option('--no-ftp-in', 'without the job that takes posted files')
    .action(async (name: string | undefined, options: ClientOptions, command: Command) => {
      const json = command.optsWithGlobals<{ json?: boolean }>().json ?? false
      const config = await readConfig(parts, options.dir, options.platform)
      const answers = await answerAll(questions(name, options), json ? undefined : parts.ask)
      const { files, next } = clientFiles(config, options, {
        name: answers.name,
        title: answers.title,
        timezone: answers.timezone,
        ...(options.dayCutOff !== undefined && { dayCutOff: options.dayCutOff }),
        callCenters: splitList(answers.callCenters).map((each) => ({
          name: each,
          title: titleOf(each),
        })) as Client['callCenters'],
      })
      const target = { dir: options.dir, platform: options.platform, json }
      done(await addFiles(parts, target, files, next))
    })
}

function questions(
  name: string | undefined,
  { title, timezone, callCenters, domains }: ClientOptions,
): Record<'name' | 'title' | 'timezone' | 'callCenters', Question> {
  const centers = callCenters?.join(',')
  return {
    name: question('NAME', "The client's name, as in file names", 'acme', checkClientName(title), name),
    title: question('--title', 'Its name for people', '"Acme Collections"', checkTitle, title),
    timezone: question('--timezone', 'Its time zone', 'America/Chicago', checkFormat('timezone'), timezone),
    callCenters: question(
      '--call-centers',
      'Its call centers',
      'dallas,tampa',
      checkList(checkName),
      centers,
    ),
    ...optional('domains', '--domains', checkList(checkDomain), domains?.join(',')),
  }
}

/** The files of a new client, and what is left to do for people. */
function clientFiles(
  config: Config,
  options: ClientOptions,
  client: Omit<Client, 'apiVersion' | 'kind'>,
): { files: NewFile[]; next: string[] } {
  const { name } = client
  const drop = options.ftpIn ? dropFolderOf(config, options.dropFolder, name) : undefined
  const dataset = datasetOf(config, options.dataset)
  const mail = config.settings?.value.alerts.connection
  const more = splitList((options.connections ?? []).join(','))
  for (const each of more) requireConnection(config, '--connections', each, connectionTypes)
  const connections = [mail, drop?.folder.connection].flatMap((each) => each ?? []).concat(more)
  const policy = writePolicy({
    name,
    connections: [...new Set(connections)],
    recipientDomains: [...new Set(splitList((options.domains ?? []).join(',')))],
    ...(dataset !== undefined && { dataset: { connection: dataset } }),
  })
  const added = drop?.added
  const secrets = added ? secretsOf(added) : []
  const next = [
    ...(added?.type === 'folder' ? [`make the folder ${added.path}${drop?.folder.path}`] : []),
    ...(secrets.length > 0 ? [nameSecrets(secrets)] : []),
    ...(drop
      ? [
          `jobs.d/${name}/campaign-upload.yaml takes the files it posts, its test beside it; if it posts none, remove both (--no-ftp-in leaves them out)`,
        ]
      : []),
    `commit it all to a pull request; an operator approves jobs.d/platform/, above all the connections and recipient domains in ${policy.path}`,
    ...(dataset === undefined ? ['name a dataset there: without one the client cannot have reports'] : []),
    `jobsd new job --client ${name}`,
  ]
  return {
    files: [
      writeClient(client),
      policy,
      ...(added ? [writeConnection(added)] : []),
      ...(drop ? [writeFtpInJob(name, drop.folder), writeFtpInTest(name, drop.folder)] : []),
    ],
    next,
  }
}

function dropFolderOf(config: Config, given: string | undefined, client: string) {
  if (given !== undefined) {
    requireConnection(config, '--drop-folder', given, ['sftp', 'folder'])
    return { folder: { connection: given, path: `/${client}/campaigns` }, added: undefined }
  }
  const model = modelDropFolder(config, client)
  if (!model) {
    throw new JobsdError('BAD_REQUEST', {
      reason:
        'no client has a drop folder yet: name its connection with --drop-folder, or leave the job out with --no-ftp-in',
    })
  }
  return { folder: model.folder, added: model.connection }
}

function datasetOf(config: Config, given: string | undefined): string | undefined {
  if (given !== undefined) {
    requireConnection(config, '--dataset', given, ['dataset'])
    return given
  }
  const all = [...config.connections]
    .filter(([, { value }]) => value.type === 'dataset')
    .map(([name]) => name)
  return all.length === 1 ? all[0] : undefined
}

function requireConnection(
  config: Config,
  option: string,
  name: string,
  types: readonly Connection['type'][],
): void {
  const type = config.connections.get(name)?.value.type
  if (type !== undefined && types.includes(type)) return
  if (type !== undefined) {
    const wanted = types.join(' or ')
    throw new JobsdError('BAD_REQUEST', { reason: `${option}: ${name} is of type ${type}, not ${wanted}` })
  }
  throw new JobsdError('BAD_REQUEST', { reason: `${option}: ${unknownConnection(config, name, types)}` })
}

const checkClientName =
  (title: string | undefined): Check =>
  (text) =>
    checkNameBeside(title)(text) ??
    (text === 'platform' ? "platform is the operators' folder; name the client otherwise" : null)

const checkDomain: Check = (text) =>
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/.test(text)
    ? null
    : `${JSON.stringify(text)} is no domain; write it in lower case, such as acme.example`

/** `new-york` as `New York` */
function titleOf(name: string): string {
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ')
}
