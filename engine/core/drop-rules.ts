/** A drop folder's rules with their defaults filled: what the engine does is what `explain` and the catalog say. */
import { parseDuration } from './duration.ts'
import type { DropFolder } from './manifest.ts'

export interface DropRules {
  connection: string
  /** Without a slash at its end; empty for the root. */
  path: string
  everyMs: number
  complete: 'renamed' | 'companion' | 'stable'
  suffix: string
  checksum: 'none' | 'sha256' | 'md5'
  polls: number
  minAge: string
  minAgeMs: number
  maxWait: string
  maxWaitMs: number
  onSameContent: 'process' | 'skip' | 'error'
  /** null: one run a file. */
  maxFiles: number | null
  archive: string | null
  error: string | null
  claims: boolean
}

export function dropRules(folder: DropFolder): DropRules {
  const { companion, polls = 3, minAge = '30s', maxWait = '1h', archive = null, error = null } = folder
  const suffix = companion?.suffix ?? '.done'
  return {
    connection: folder.connection,
    path: folder.path.replace(/\/+$/, ''),
    everyMs: parseDuration(folder.every ?? '10s'),
    complete: completeBy(folder),
    suffix,
    checksum: companion?.checksum ?? checksumOf(suffix),
    polls,
    minAge,
    minAgeMs: parseDuration(minAge),
    maxWait,
    maxWaitMs: parseDuration(maxWait),
    onSameContent: folder.onSameContent ?? 'process',
    maxFiles: folder.batch === 'batch' ? (folder.maxFiles ?? 100) : null,
    archive,
    error,
    claims: folder.claim ?? (archive !== null && error !== null),
  }
}

export function completeBy({
  complete,
  companion,
}: Pick<DropFolder, 'complete' | 'companion'>): DropRules['complete'] {
  return complete ?? (companion ? 'companion' : 'stable')
}

function checksumOf(suffix: string): DropRules['checksum'] {
  return suffix === '.sha256' ? 'sha256' : suffix === '.md5' ? 'md5' : 'none'
}

/** When a complete file is taken, as the rest of a sentence about it. */
export function describeCompleteness({ complete, suffix, checksum, polls, minAge }: DropRules): string {
  switch (complete) {
    case 'renamed':
      return 'is taken at the next look'
    case 'companion':
      return `is taken once <name>${suffix} lies beside it, written after it${checksum === 'none' ? '' : ` and with its ${checksum}`}`
    case 'stable':
      return `is taken once it was seen unchanged ${polls === 3 ? 'three' : polls} times and for ${formatShort(minAge)}`
  }
}

function formatShort(duration: string): string {
  return duration.replace(/(\d)([a-z])/g, '$1 $2')
}
