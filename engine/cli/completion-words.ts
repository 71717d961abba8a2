/** What can be completed: the commands, their options, and what each takes. */
import type { Command, Option } from 'commander'

/** Names that the shell finds in the config repository, folders, a fixed list of words, or anything. */
export type ValueKind = NameKind | 'folders' | 'any' | readonly string[]
export type NameKind = 'jobs' | 'clients' | 'connections' | 'calendars' | 'reports'

export interface CompletedCommand {
  /** `run`, `new job`; empty for the program itself. */
  words: string
  summary: string
  subcommands: string[]
  options: { flag: string; summary: string /** null where it takes none. */; takes: ValueKind | null }[]
  /** By position. */
  arguments: ValueKind[]
}

const kinds: Record<string, NameKind | 'folders'> = {
  job: 'jobs',
  client: 'clients',
  connection: 'connections',
  connections: 'connections',
  'drop-folder': 'connections',
  dataset: 'connections',
  calendar: 'calendars',
  report: 'reports',
  dir: 'folders',
}
const folderWords = /<(dir|site|folder)>/

/** Every visible command of a program, the program itself first. */
export function completedCommands(program: Command): CompletedCommand[] {
  return describe(program, '')
}

function describe(command: Command, words: string): CompletedCommand[] {
  const visible = command
    .createHelp()
    .visibleCommands(command)
    .filter((each) => each.name() !== 'help')
  const own: CompletedCommand = {
    words,
    summary: command.summary() || command.description(),
    subcommands: visible.map((each) => each.name()),
    options: command
      .createHelp()
      .visibleOptions(command)
      .flatMap((option) =>
        option.long ? [{ flag: option.long, summary: option.description, takes: takenBy(option) }] : [],
      ),
    arguments: command.registeredArguments.map((each) => each.argChoices ?? kinds[each.name()] ?? 'any'),
  }
  return [own, ...visible.flatMap((each) => describe(each, `${words} ${each.name()}`.trim()))]
}

function takenBy(option: Option): ValueKind | null {
  if (!option.required && !option.optional) return null
  if (option.argChoices) return option.argChoices
  return folderWords.test(option.flags) ? 'folders' : (kinds[option.name()] ?? 'any')
}
