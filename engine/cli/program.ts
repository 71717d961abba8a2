import { Command, CommanderError } from 'commander'
import { JobsdError } from '../core/errors.ts'
import { commands } from './index.ts'
import type { CliParts } from './parts.ts'

/** Runs one command line and returns the exit code: 0 fine, 1 the work found or failed something, 2 usage or own error. */
export async function runCommandLine(args: string[], version: string, parts: CliParts): Promise<number> {
  let exitCode = 0
  const program = new Command('jobsd')
    .description('Report delivery and file automation from a Git folder of YAML manifests.')
    .version(version)
    .option('--json', 'print one JSON document on standard output')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => parts.print(text.trimEnd()),
      writeErr: (text) => parts.warn(text.trimEnd()),
    })
    .showHelpAfterError('See `jobsd --help`.')
    .addHelpText('after', '\nExit codes: 0 fine, 1 the work found or failed something, 2 usage or own error.')
  for (const add of commands) {
    add(program, parts, (code) => {
      exitCode = code
    })
  }
  for (const command of program.commands) {
    command.copyInheritedSettings(program).option('--json', 'print one JSON document on standard output')
  }
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (error instanceof JobsdError) {
      // What was asked for wrongly is mended on the command line; a code would only send people to docs/errors.md.
      const code = error.code === 'BAD_REQUEST' ? '' : ` [${error.code}]`
      parts.warn(`jobsd: ${error.message}${code}${error.hint ? `\n       ${error.hint}` : ''}`)
      return 2
    }
    parts.warn(`jobsd: an error inside jobsd: ${(error as Error).stack ?? String(error)}`)
    return 2
  }
}
