import type { Command } from 'commander'
import type { AddCommand } from './parts.ts'
import { type AuditedOptions, addAuditedOptions, repeatRun, whoAsks } from './repeat-run.ts'
import { addStepsOption } from './steps-option.ts'

interface RerunOptions extends AuditedOptions {
  from?: string
}

/** `jobsd rerun RUN`: the same job for the same data, made anew. Exits 1 when that failed. */
export const addRerun: AddCommand = (program, parts, done) => {
  const command = program
    .command('rerun')
    .summary('make a run anew for the same moment and data, and show the progress')
    .argument('<run>', 'the run')
    .option(
      '--from <step>',
      "begin with this step, with the files of those before it; default the job's first",
    )
  addAuditedOptions(command)
  addStepsOption(command, ', where no engine runs').action(
    async (run: string, options: RerunOptions, given: Command) => {
      const { from, why } = options
      const request = { run, who: whoAsks(options, parts), why, ...(from !== undefined && { from }) }
      done(await repeatRun(options, given, parts, (engine) => engine.rerun(request)))
    },
  )
}
