import type { Command } from 'commander'
import { toRunJson } from '../core/run-json.ts'
import type { AddCommand } from './parts.ts'
import { type AuditedOptions, addAuditedOptions, whoAsks, withEngine } from './repeat-run.ts'
import { describeStep } from './run-words.ts'

/** `jobsd cancel RUN`: end a run that has not ended. */
export const addCancel: AddCommand = (program, parts, done) => {
  const command = program
    .command('cancel')
    .summary('end a run that has not ended; what was sent stays sent')
    .argument('<run>', 'the run')
  addAuditedOptions(command).action(async (id: string, options: AuditedOptions, given: Command) => {
    const { json } = given.optsWithGlobals<{ json?: boolean }>()
    const run = await withEngine(options, given, parts, async (engine) => {
      await engine.cancel({ run: id, who: whoAsks(options, parts), why: options.why })
      return engine.runDetail(id)
    })
    if (json) parts.print(JSON.stringify({ runs: [toRunJson(run)] }, null, 2))
    else
      parts.print([`run ${id} of ${run.job} is ${run.state}`, ...run.steps.flatMap(describeStep)].join('\n'))
    done(0)
  })
}
