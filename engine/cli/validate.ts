/** `jobsd validate`: every problem of a config repository. */

import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { formatProblem, sortProblems } from '../config/problems.ts'
import { readText } from '../config/templates.ts'
import type { ConfigSource } from '../core/contracts/config-source.ts'
import type { Problem } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'
import type { AddCommand } from './parts.ts'

export interface ValidateOptions {
  /** The package's own templates/. */
  standard: ConfigSource
  /** Takes the place of jobs.d/platform. */
  platform?: ConfigSource
  /** Warnings fail too. */
  strict: boolean
  json: boolean
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
  const config = loadConfig(tree, { standard, ...(platform ? { platform } : {}) })
  const fails = config.problems.some(({ severity }) => options.strict || severity === 'error')
  const output = options.json
    ? `${JSON.stringify({ problems: sortProblems(config.problems) }, null, 2)}\n`
    : describe(config)
  return { output, exitCode: fails ? 1 : 0 }
}

function describe(config: Config): string {
  const frames = config.problems.map((problem) => formatProblem(problem, readText(config, problem.file)))
  return `${[...frames, summarize(config)].join('\n')}\n`
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

/** `jobsd validate [DIR]`: all problems. Exits 1 when there are any. */
export const addValidate: AddCommand = (program, parts, done) => {
  program
    .command('validate')
    .summary('check every manifest and print all problems')
    .argument('[dir]', 'the config repository', '.')
    .option('--strict', 'warnings fail too')
    .option('--platform <dir>', "take the operators' documents from here instead of jobs.d/platform")
    .action(async (dir: string, options: { strict?: boolean; platform?: string }, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const platform = options.platform ?? parts.env.JOBSD_PLATFORM
      const { output, exitCode } = await validate(parts.source(dir), {
        standard: parts.standard,
        ...(platform !== undefined && { platform: parts.platform(platform) }),
        strict: options.strict ?? false,
        json: json ?? false,
      })
      parts.print(output.trimEnd())
      done(exitCode)
    })
}
