/** How a requested report is delivered: by the connections that the client's policy allows. */
import type { Config } from '../config/config.ts'
import { policyFile } from '../config/layout.ts'
import type { DeliveryRequest, DeliveryWay } from '../config/scaffold/job.ts'
import { JobsdError } from '../core/errors.ts'
import type { Connection } from '../core/manifest.ts'
import { answerAll, checkChoice, checkFormat, checkList, question, splitList } from './answers.ts'
import { unknownConnection } from './connection-words.ts'
import type { JobOptions } from './new-job.ts'
import type { CliParts } from './parts.ts'

const typesOf: Record<DeliveryWay, Connection['type'][]> = {
  email: ['smtp'],
  sftp: ['sftp', 'folder'],
  s3: ['s3'],
}

/** The deliveries of a request, files before mail: who reads the mail may look for the file. Throws BAD_REQUEST. */
export async function deliveriesOf(
  config: Config,
  options: JobOptions,
  client: string,
  ways: DeliveryWay[],
  ask: CliParts['ask'],
): Promise<DeliveryRequest[]> {
  const named = splitList((options.connection ?? []).join(','))
  for (const name of named) requireUseful(config, name, ways)
  if (options.to && !ways.includes('email')) {
    throw new JobsdError('BAD_REQUEST', { reason: '--to is for --delivery email' })
  }
  const deliveries: DeliveryRequest[] = []
  for (const way of (['sftp', 's3', 'email'] as const).filter((each) => ways.includes(each))) {
    const connection = await connectionFor(config, client, way, named, ask)
    if (way === 'email') {
      const addresses = checkList(checkFormat('address'))
      const to = question('--to', 'Who receives it', 'ops@acme.example', addresses, options.to?.join(','))
      deliveries.push({ way, connection, to: splitList((await answerAll({ to }, ask)).to) })
    } else if (way === 'sftp') {
      const path = question('--path', '', '', checkFormat('absolute-path'), options.path)
      deliveries.push({ way, connection, path: (await answerAll({ path }, ask)).path })
    } else {
      const prefix = question('--prefix', '', '', checkFormat('key-prefix'), options.prefix)
      deliveries.push({ way, connection, prefix: (await answerAll({ prefix }, ask)).prefix })
    }
  }
  return deliveries
}

function requireUseful(config: Config, name: string, ways: DeliveryWay[]): void {
  const type = config.connections.get(name)?.value.type
  if (type === undefined) {
    const types = ways.flatMap((way) => typesOf[way])
    throw new JobsdError('BAD_REQUEST', { reason: `--connection: ${unknownConnection(config, name, types)}` })
  }
  if (ways.some((way) => typesOf[way].includes(type))) return
  const reason = `--connection: ${name} is of type ${type}, which is of no use for --delivery ${ways.join(',')}`
  throw new JobsdError('BAD_REQUEST', { reason })
}

/** The named connection that fits, or the only one of the client's policy that does; a drop folder is none of them. */
async function connectionFor(
  config: Config,
  client: string,
  way: DeliveryWay,
  named: string[],
  ask: CliParts['ask'],
): Promise<string> {
  const fits = (name: string) => {
    const type = config.connections.get(name)?.value.type
    return type !== undefined && typesOf[way].includes(type)
  }
  const given = named.find(fits)
  if (given !== undefined) return given
  const watched = new Set(
    [...config.jobs.values()].flatMap(({ value: { trigger } }) =>
      trigger.type === 'ftp-in' ? trigger.folders.map(({ connection }) => connection) : [],
    ),
  )
  const allowed = config.policies.get(client)?.value.connections ?? []
  const candidates = allowed.filter((name) => fits(name) && !watched.has(name))
  const [only] = candidates
  if (only === undefined) {
    const types = typesOf[way].join(' or ')
    const reason = `${policyFile(client)} names no connection of type ${types} for --delivery ${way}; an operator makes one (jobsd new connection NAME --type ${typesOf[way][0]}) and adds its name there`
    throw new JobsdError('BAD_REQUEST', { reason })
  }
  if (candidates.length === 1) return only
  const fitting = checkChoice(candidates, 'connection for this client')
  const text = `By which connection for ${way}: ${candidates.join(', ')}`
  const connection = question('--connection', text, only, fitting, undefined)
  return (await answerAll({ connection }, ask)).connection
}
