import type { Command } from 'commander'
import { compileJob } from '../config/compile.ts'
import type { Config } from '../config/config.ts'
import type { CheckupRequest, Finding } from '../core/contracts/checkup.ts'
import { JobsdError } from '../core/errors.ts'
import { spellCount } from '../core/spell-count.ts'
import { suggestWord } from '../core/suggest.ts'
import type { AddCommand } from './parts.ts'
import { readConfig } from './read-config.ts'
import { showSafely } from './show-safely.ts'

interface Examined {
  name: string
  type: string
  findings: Finding[]
}

interface DoctorOptions {
  connection?: string
  write?: boolean
  platform?: string
}

/** `jobsd doctor [DIR]`: tries every connection live. Exits 1 where one has a problem. */
export const addDoctor: AddCommand = (program, parts, done) => {
  program
    .command('doctor')
    .summary('try every connection, and look whether datasets have what reports need')
    .argument('[dir]', 'the config repository', '.')
    .option('--connection <name>', 'only this one')
    .option('--write', 'also write a file, read it back and delete it, where files can be written')
    .option('--platform <dir>', "take the operators' documents from here instead of jobs.d/platform")
    .action(async (dir: string, options: DoctorOptions, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const config = await readConfig(parts, dir, options.platform)
      const errors = config.problems.filter(({ severity }) => severity === 'error').length
      if (errors > 0)
        parts.warn(
          `${spellCount(errors, 'problem')} in the manifests, as \`jobsd validate\` tells; what can be read is tried`,
        )
      const requests = checkupRequests(config, options)
      const signal = parts.interrupted()
      const examined = await Promise.all(
        requests.map(async (request): Promise<Examined> => {
          const { name, type } = request.connection
          return { name, type, findings: await parts.checkup(request, signal) }
        }),
      )
      parts.print(json ? JSON.stringify({ connections: examined }, null, 2) : describe(examined))
      const isIll = examined.some(({ findings }) => findings.some(({ level }) => level === 'problem'))
      done(isIll ? 1 : 0)
    })
}

function checkupRequests(
  config: Config,
  { connection: wanted, write = false }: DoctorOptions,
): CheckupRequest[] {
  const names = [...config.connections.keys()].sort()
  if (wanted !== undefined && !names.includes(wanted)) {
    const hint = suggestWord(wanted, names) || (names.length > 0 ? `; there are ${names.join(', ')}` : '')
    throw new JobsdError('BAD_REQUEST', { reason: `there is no connection ${wanted}${hint}` })
  }
  return names
    .filter((name) => wanted === undefined || name === wanted)
    .map((name) => {
      const connection = config.connections.get(name)!.value
      const isDataset = connection.type === 'dataset'
      return {
        connection,
        write,
        tenants: isDataset ? tenantsOf(config, name) : [],
        queries: isDataset ? queriesOf(config, name) : [],
      }
    })
}

function tenantsOf(config: Config, connection: string): string[] {
  return [...config.policies.values()].flatMap(({ value: { name, dataset } }) =>
    dataset?.connection === connection ? [dataset.client ?? name] : [],
  )
}

/** The SQL of the reports that jobs make of the dataset; a job that does not compile makes none. */
function queriesOf(config: Config, connection: string): string[] {
  const queries = [...config.jobs.keys()].flatMap((job) => {
    const compiled = compileJob(config, job)
    if ('problem' in compiled || compiled.snapshot.policy.dataset?.connection !== connection) return []
    return Object.values(compiled.snapshot.reports).map(({ sql }) => sql)
  })
  return [...new Set(queries)]
}

function describe(examined: Examined[]): string {
  if (examined.length === 0) return 'there is no connection to try'
  const blocks = examined.map(({ name, type, findings }) =>
    [
      `${name} (${type})`,
      ...findings.map(({ level, text }) => `  ${level.padEnd(7)}  ${showSafely(text)}`),
    ].join('\n'),
  )
  const count = (level: Finding['level']) =>
    examined.reduce((sum, { findings }) => sum + findings.filter((each) => each.level === level).length, 0)
  const told = `${spellCount(examined.length, 'connection')}, ${spellCount(count('problem'), 'problem')}, ${spellCount(count('warning'), 'warning')}`
  return [...blocks, '', told].join('\n')
}
