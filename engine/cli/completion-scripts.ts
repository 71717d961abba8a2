/** Completion scripts: what jobsd has is written into them, names are found by the shell. */
import type { CompletedCommand, ValueKind } from './completion-words.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** The script for a shell. `text` is its part that is the same for every version; `reports` come with jobsd. */
export function writeCompletion(
  shell: Shell,
  commands: CompletedCommand[],
  reports: string[],
  text: string,
): string {
  const head = `# Completion of jobsd for ${shell}. ${loadWords[shell]}`
  if (shell === 'fish') {
    return [head, `set -g __jobsd_reports ${reports.join(' ')}`, text, ...commands.flatMap(fishLines)].join(
      '\n',
    )
  }
  const zsh = ['autoload -U +X compinit && compinit', 'autoload -U +X bashcompinit && bashcompinit']
  return [
    head,
    ...(shell === 'zsh' ? zsh : []),
    `_jobsd_reports=${quote(reports.join(' '))}`,
    cases('_jobsd_commands', commands, ({ words, subcommands }) => [[words, subcommands.join(' ')]]),
    cases('_jobsd_options', commands, ({ words, options }) => [
      [words, options.map(({ flag }) => flag).join(' ')],
    ]),
    cases('_jobsd_kind', commands, (command) => [
      ...command.options.map(({ flag, takes }) => [`${command.words} ${flag}`, kindWord(takes)] as const),
      ...command.arguments.map((kind, place) => [`${command.words} ${place}`, kindWord(kind)] as const),
    ]),
    text,
  ].join('\n')
}

const loadWords: Record<Shell, string> = {
  bash: 'In ~/.bashrc: source <(jobsd completion bash)',
  zsh: 'In ~/.zshrc: source <(jobsd completion zsh)',
  fish: 'jobsd completion fish > ~/.config/fish/completions/jobsd.fish',
}

/** A shell function that maps its argument to a text; where it has none, it prints nothing. */
function cases(
  name: string,
  commands: CompletedCommand[],
  rows: (command: CompletedCommand) => (readonly [string, string])[],
): string {
  const lines = commands
    .flatMap(rows)
    .flatMap(([key, value]) => (value === '' ? [] : [`    ${quote(key)}) echo ${quote(value)} ;;`]))
  return [`${name}() {`, '  case $1 in', ...lines, '  esac', '}', ''].join('\n')
}

function kindWord(kind: ValueKind | null): string {
  if (kind === null) return ''
  return typeof kind === 'string' ? kind : `words ${kind.join(' ')}`
}

function fishLines({ words, subcommands, options, arguments: places }: CompletedCommand): string[] {
  const seen = words
    .split(' ')
    .filter(Boolean)
    .map((word) => `__fish_seen_subcommand_from ${word}`)
  const chosen = seen.length === 0 ? [] : seen
  const none = subcommands.length > 0 ? [`not __fish_seen_subcommand_from ${subcommands.join(' ')}`] : []
  const when = `-n ${quote([...chosen, ...none].join('; and '))}`
  return [
    ...subcommands.map((name) => `complete -c jobsd ${when} -a ${name}`),
    ...options.map(({ flag, summary, takes }) => {
      const value = takes === null ? '' : ` -x -a ${quote(fishWords(takes))}`
      return `complete -c jobsd ${when} -l ${flag.slice(2)}${value} -d ${quote(summary)}`
    }),
    ...places.map((kind) => `complete -c jobsd ${when} -a ${quote(fishWords(kind))}`),
  ]
}

function fishWords(kind: ValueKind): string {
  if (typeof kind !== 'string') return kind.join(' ')
  if (kind === 'any') return ''
  return kind === 'folders' ? '(__fish_complete_directories)' : `(__jobsd_names ${kind})`
}

/** In fish too a backslash only matters before a quote or another one, and there is none in these texts. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
