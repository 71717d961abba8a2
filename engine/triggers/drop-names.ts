import type { FileEntry } from '../core/contracts/endpoints.ts'
import { matchesGlob } from '../core/glob.ts'
import type { DropFolder } from '../core/manifest.ts'

// What writers call a file that they are still writing. Dot files include SFTPGo's `.sftpgo-upload.*` and our own.
const unfinished = /^\.|\.(tmp|part|partial|filepart)$/i

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
const unsafe = /[/\\\u0000-\u001f\u007f]/

/** Tells whether an entry of a drop folder is a file to take by its kind and name: links and folders never are. */
export function isWanted(entry: FileEntry, folder: Pick<DropFolder, 'match' | 'ignore'>): boolean {
  const { kind, name } = entry
  if (kind !== 'file' || name === '' || unfinished.test(name) || unsafe.test(name)) return false
  const matches = (pattern: string): boolean => matchesGlob(pattern, name)
  return (folder.match ?? ['*']).some(matches) && !(folder.ignore ?? []).some(matches)
}
