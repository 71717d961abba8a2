/** Names and paths of file trees: what is taken from manifests and from other people's servers. */
import { JobsdError } from '../core/errors.ts'
import { hideSecrets } from '../core/secret.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/** Whether a name can be one component of a path: no separator, no `.` or `..`, no control character. */
export function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\\]/.test(name) && !CONTROL.test(name)
}

/** Splits a path within a connection's root into its names. Throws TARGET_REFUSED for one that could leave the root. */
export function splitPath(connection: string, path: string): string[] {
  const names = path.split('/').filter((name) => name !== '')
  if (names.every(isPlainName)) return names
  const reason = 'a path may not hold `.`, `..`, a backslash or a control character'
  throw new JobsdError('TARGET_REFUSED', { connection, path: JSON.stringify(path), reason })
}

/** Splits a path that must name a file into its folder's names and its own. Throws TARGET_REFUSED for the root. */
export function splitFilePath(connection: string, path: string): { folder: string[]; name: string } {
  const names = splitPath(connection, path)
  const name = names.pop()
  if (name === undefined)
    throw new JobsdError('TARGET_REFUSED', { connection, path, reason: 'it is the root' })
  return { folder: names, name }
}

/** Joins names to an absolute path below a prefix; without names it is the prefix, or `/`. */
export function joinNames(prefix: string, names: string[]): string {
  const start = prefix.replace(/\/+$/, '')
  return names.length === 0 ? start || '/' : `${start}/${names.join('/')}`
}

/** A foreign system's own words as they may go into an error: one line, at most 200 characters. */
export function shortReason(text: string): string {
  return (
    hideSecrets(text)
      .split(/[\r\n]/)
      .map((line) => line.replace(new RegExp(CONTROL, 'g'), '').trim())
      .find((line) => line !== '')
      ?.slice(0, 200) ?? 'no reason given'
  )
}
