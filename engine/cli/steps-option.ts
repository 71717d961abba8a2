import type { Command } from 'commander'

/** What `--steps` says, as an option of whatever makes runs. */
export interface GivenSteps {
  steps?: string[]
}

/** Adds `--steps`; `when` says when it counts, if not always. */
export function addStepsOption(command: Command, when = ''): Command {
  const words = `run the code of your own step types from here: a file or a package; may be repeated${when}`
  return command.option('--steps <module>', words, also)
}

function also(module: string, before: string[] = []): string[] {
  return [...before, module]
}
