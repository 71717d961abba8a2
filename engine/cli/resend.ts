import type { Command } from 'commander'
import type { AddCommand } from './parts.ts'
import { type AuditedOptions, addAuditedOptions, repeatRun, whoAsks } from './repeat-run.ts'
import { addStepsOption } from './steps-option.ts'

interface ResendOptions extends AuditedOptions {
  target?: string[]
}

/** `jobsd resend RUN`: the stored bytes once more. Exits 1 when that failed. */
export const addResend: AddCommand = (program, parts, done) => {
  const command = program
    .command('resend')
    .summary('send the stored files of a run once more, and show the progress')
    .argument('<run>', 'the run')
    .option(
      '--target <target...>',
      'only this target, as runs prints it, or a part that no other target has; default all',
    )
  addAuditedOptions(command)
  addStepsOption(command, ', where no engine runs').action(
    async (run: string, options: ResendOptions, given: Command) => {
      const { target: targets, why } = options
      const request = { run, who: whoAsks(options, parts), why, ...(targets && { targets }) }
      done(await repeatRun(options, given, parts, (engine) => engine.resend(request)))
    },
  )
}
