import type { FileEntry } from '../core/contracts/endpoints.ts'
import { matchesGlob } from '../core/glob.ts'
import type { DropFolder } from '../core/manifest.ts'

// What writers call a file that they are still writing. Dot files include SFTPGo's `.sftpgo-upload.*` and our own.
const unfinished = /^\.|\.(tmp|part|partial|filepart)$/i

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
const unsafe = /[/\\\u0000-\u001f\u007f]/

/** Tells whether an entry of a drop folder is a file to take by its kind and name: links and folders never are. */
export function isWanted(entry: FileEntry, folder: Pick<DropFolder, 'match' | 'ignore'>): boolean {
  return entry.kind === 'file' && whyUnwanted(entry.name, folder) === undefined
}

/** The rule by which a file of that name is left where it is, `its name ...`; undefined where it is taken. */
export function whyUnwanted(name: string, folder: Pick<DropFolder, 'match' | 'ignore'>): string | undefined {
  if (name === '' || unsafe.test(name))
    return 'its name is empty, or has characters that no file name may have'
  if (unfinished.test(name))
    return 'its name is that of a file still being written: a dot at the begin, or .tmp, .part, .partial, .filepart'
  const matches = (pattern: string): boolean => matchesGlob(pattern, name)
  const { match = ['*'], ignore = [] } = folder
  if (!match.some(matches)) return `its name does not match ${match.join(' or ')}`
  const ignored = ignore.find(matches)
  return ignored === undefined ? undefined : `its name is ignored by ${ignored}`
}
