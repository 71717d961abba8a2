/** `jobsd validate`: every problem of a config repository. */
import { isAbsolute, relative, sep } from 'node:path'
import { type Command, Option } from 'commander'
import type { Config } from '../config/config.ts'
import { loadConfigAside } from '../config/load.ts'
import { formatProblem, sortProblems } from '../config/problems.ts'
import { readText } from '../config/templates.ts'
import type { ConfigSource } from '../core/contracts/config-source.ts'
import type { Problem } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'
import type { AddCommand } from './parts.ts'
import {
  formatGithub,
  formatJson,
  formatSarif,
  type ProblemFormat,
  problemFormats,
  type ReportOptions,
} from './problem-formats.ts'
import { readRuleHelp } from './rule-help.ts'

export interface ValidateOptions {
  /** The package's own templates/. */
  standard: ConfigSource
  /** Takes the place of jobs.d/platform. */
  platform?: ConfigSource
  /** Warnings fail too. */
  strict: boolean
  format: ProblemFormat
  /** For SARIF: the version of jobsd. */
  version?: string
  /** For SARIF and GitHub: a file's path from the root of the checkout. */
  locate?: ReportOptions['locate']
  signal?: AbortSignal
}

/** Reads and checks a config repository. Exit code 0 where it is fine, 1 where there are problems. */
export async function validate(
  source: ConfigSource,
  options: ValidateOptions,
): Promise<{ output: string; exitCode: number }> {
  const signal = options.signal ?? new AbortController().signal
  const [tree, standard, platform] = await Promise.all([
    source.read(signal),
    options.standard.read(signal),
    options.platform?.read(signal),
  ])
  const config = await loadConfigAside(tree, { standard, ...(platform && { platform }) })
  const fails = config.problems.some(({ severity }) => options.strict || severity === 'error')
  return { output: `${formatAs(options, config)}\n`, exitCode: fails ? 1 : 0 }
}

function formatAs({ format, version = '0.0.0', locate = (file) => file }: ValidateOptions, config: Config) {
  const problems = sortProblems(config.problems)
  if (format === 'json') return formatJson(problems)
  if (format === 'github')
    return [formatGithub(problems, { locate }), summarize(config)].join('\n').trimStart()
  if (format === 'text') return describe(config)
  const help = readRuleHelp()
  return formatSarif(problems, { version, locate, helpOf: (rule) => help.get(rule) })
}

function describe(config: Config): string {
  const frames = config.problems.map((problem) => formatProblem(problem, readText(config, problem.file)))
  return [...frames, summarize(config)].join('\n')
}

/** `fine: 7 jobs of 3 clients`, or `3 problems in 2 files`. */
function summarize(config: Config): string {
  const errors = config.problems.filter(({ severity }) => severity === 'error')
  const warnings = config.problems.filter(({ severity }) => severity === 'warning')
  const told = warnings.length > 0 ? ` (${count(warnings, 'warning')})` : ''
  if (errors.length > 0) return `${count(errors, 'problem')} in ${countFiles(errors)}${told}`
  const { jobs, clients } = config
  return `fine: ${spellCount(jobs.size, 'job')} of ${spellCount(clients.size, 'client')}${told}`
}

function count(problems: Problem[], word: string): string {
  return spellCount(problems.length, word)
}

function countFiles(problems: Problem[]): string {
  return spellCount(new Set(problems.map(({ file }) => file)).size, 'file')
}

interface GivenOptions {
  strict?: boolean
  format?: ProblemFormat
  platform?: string
}

const platformFolder = 'jobs.d/platform/'

/** A file's path from the working directory, where CI has its checkout; as it is where it lies elsewhere. */
function locateFile(file: string, dir: string, platform: string | undefined): string {
  const isPlatform = platform !== undefined && file.startsWith(platformFolder)
  const root = relative('.', isPlatform ? platform : dir)
    .split(sep)
    .join('/')
  const rest = isPlatform ? file.slice(platformFolder.length) : file
  if (root === '') return rest
  return root.startsWith('..') || isAbsolute(root) ? file : `${root}/${rest}`
}

/** `jobsd validate [DIR]`: all problems. Exits 1 when there are any. */
export const addValidate: AddCommand = (program, parts, done) => {
  program
    .command('validate')
    .summary('check every manifest and print all problems')
    .argument('[dir]', 'the config repository', '.')
    .option('--strict', 'warnings fail too')
    .addOption(
      new Option('--format <format>', 'how problems are printed (default: text)').choices(problemFormats),
    )
    .option('--platform <dir>', "take the operators' documents from here instead of jobs.d/platform")
    .action(async (dir: string, options: GivenOptions, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      if (json && options.format !== undefined && options.format !== 'json') {
        command.error(`error: --json and --format ${options.format} say different things`)
      }
      const platform = options.platform ?? parts.env.JOBSD_PLATFORM
      const { output, exitCode } = await validate(parts.source(dir), {
        standard: parts.standard,
        ...(platform !== undefined && { platform: parts.platform(platform) }),
        strict: options.strict ?? false,
        format: options.format ?? (json ? 'json' : 'text'),
        version: command.parent?.version() ?? '',
        locate: (file) => locateFile(file, dir, platform),
      })
      parts.print(output.trimEnd())
      done(exitCode)
    })
}
