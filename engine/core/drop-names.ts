import type { FileEntry } from './contracts/endpoints.ts'
import { completeBy } from './drop-rules.ts'
import { matchesGlob } from './glob.ts'
import type { DropFolder } from './manifest.ts'

type Names = Pick<DropFolder, 'match' | 'ignore' | 'complete' | 'companion'>

// What writers call a file that they are still writing. Dot files include SFTPGo's `.sftpgo-upload.*`, rsync's
// `.name.AbCdEf`, and our own; `.filepart` is WinSCP's.
const half = /~$|\.(tmp|temp|part|partial|filepart|crdownload|uploading)$/i

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
const unsafe = /[/\\\u0000-\u001f\u007f]/

/** Tells whether an entry of a drop folder is a file to take by its kind and name: links and folders never are. */
export function isWanted(entry: FileEntry, folder: Names): boolean {
  return entry.kind === 'file' && whyUnwanted(entry.name, folder) === undefined
}

/** Whether an entry has the name of a file that its writer has not ended. */
export function isHalf({ kind, name }: FileEntry): boolean {
  return kind === 'file' && !name.startsWith('.') && !unsafe.test(name) && half.test(name)
}

/** The rule by which a file of that name is left where it is, `its name ...`; undefined where it is taken. */
export function whyUnwanted(name: string, folder: Names): string | undefined {
  if (name === '' || unsafe.test(name))
    return 'its name is empty, or has characters that no file name may have'
  if (name.startsWith('.') || half.test(name))
    return 'its name is that of a file still being written: a dot at the begin, or .tmp, .part, .partial, .filepart and the like at the end'
  const { match = ['*'], ignore = [] } = folder
  const suffix = folder.companion?.suffix ?? '.done'
  if (completeBy(folder) === 'companion' && name.endsWith(suffix))
    return `its name is that of a companion, which only vouches for ${name.slice(0, -suffix.length)}`
  const matches = (pattern: string): boolean => matchesGlob(pattern, name)
  if (!match.some(matches)) return `its name does not match ${match.join(' or ')}`
  const ignored = ignore.find(matches)
  return ignored === undefined ? undefined : `its name is ignored by ${ignored}`
}
