import { Argument } from 'commander'
import { JobsdError } from '../core/errors.ts'
import { type Shell, shells, writeCompletion } from './completion-scripts.ts'
import { completedCommands } from './completion-words.ts'
import type { AddCommand } from './parts.ts'

const reportPath = /^templates\/reports\/([a-z0-9-]+\/[a-z0-9-]+)\/report\.yaml$/

/** `jobsd completion bash|zsh|fish`: a script that completes commands, options, and names of the config repository. */
export const addCompletion: AddCommand = (program, parts, done) => {
  program
    .command('completion')
    .summary('a script that completes commands, options, jobs and clients in your shell')
    .addArgument(new Argument('[shell]', 'the shell').choices(shells))
    .action(async (shell?: Shell) => {
      // Not left to the parser, which would only say that an argument is missing.
      if (!shell)
        throw new JobsdError('BAD_REQUEST', { reason: 'completion is for a shell: say bash, zsh or fish' })
      const { files } = await parts.standard.read(new AbortController().signal)
      const path = `templates/new/completion.${shell === 'fish' ? 'fish' : 'sh'}`
      const text = files.get(path)
      if (!text) throw new JobsdError('FILE_MISSING', { path })
      const reports = [...files.keys()].flatMap((file) => reportPath.exec(file)?.[1] ?? [])
      const commands = completedCommands(program)
      parts.print(writeCompletion(shell, commands, reports, new TextDecoder().decode(text.content)).trimEnd())
      done(0)
    })
}
