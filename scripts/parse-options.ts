/** The command line of a script: what it knows is told by the comment at its head. */
import { readFileSync } from 'node:fs'
import { type ParseArgsConfig, parseArgs } from 'node:util'

/**
 * Reads the options of the script in `file`. With `--help` it prints the comment at the script's head and ends the
 * process with 0, with an option or a word that the script does not know its usage and 2.
 */
export function parseOptions<const T extends Omit<ParseArgsConfig, 'args'>>(
  file: string,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  const help = { type: 'boolean', short: 'h' } as const
  try {
    const { values } = parseArgs({ ...config, strict: false, options: { ...config.options, help } })
    if (!values.help) return parseArgs(config)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (!code?.startsWith('ERR_PARSE_ARGS_')) throw error
    console.error(`${message.split('. ')[0]}.\n\nusage: ${usageOf(headOf(file))}`)
    process.exit(2)
  }
  console.log(headOf(file))
  process.exit(0)
}

/** The comment that a source begins with, as text. */
export function headOf(file: string): string {
  const [, comment = ''] = /^\/\*\*([\s\S]*?)\*\//.exec(readFileSync(file, 'utf8')) ?? []
  return comment.replace(/^[ \t]*\*? ?/gm, '').trim()
}

/** The command in a script's head; the whole of it where there is none. */
export function usageOf(head: string): string {
  return /`(npm (?:run|test)[^`]*)`/.exec(head)?.[1]?.replaceAll(/\s+/g, ' ') ?? head
}
