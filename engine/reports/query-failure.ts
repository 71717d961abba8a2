/** Turns what DuckDB throws into the table's errors, without rows, paths or anything else of its text that is not the query's. */
import { JobsdError } from '../core/errors.ts'
import { toStorageError } from '../core/storage-error.ts'

export interface QueryLimits {
  timeoutMs: number
  memoryMb: number
  threads: number
  /** Of the report's file. */
  maxBytes: number
  /** Of what does not fit into memory and goes to disk while the query runs. */
  maxTempBytes: number
}

// These speak of the query's own names. Others, such as a conversion, quote values of rows.
const speakable = ['Binder', 'Catalog', 'Parser']

// Kinds whose text is never the query's own, as that of `error()` is.
const diskKinds = ['IO', 'FATAL', 'TransactionContext', 'Out of Memory']

/** DuckDB tells what the disk did only in the system's words. */
const diskWords: [words: string, code: string][] = [
  ['No space left on device', 'ENOSPC'],
  ['Disk quota exceeded', 'EDQUOT'],
  ['Too many open files in system', 'ENFILE'],
  ['Too many open files', 'EMFILE'],
  ['Input/output error', 'EIO'],
  ['Read-only file system', 'EROFS'],
]

/** The error that a failed query means. An error of the table stays as it is; `where` goes before the reason. */
export function describeFailure(error: unknown, report: string, limits: QueryLimits, where = ''): JobsdError {
  const known = toStorageError(error)
  if (known instanceof JobsdError) return known
  const text = error instanceof Error ? error.message : String(error)
  const kind = /^([A-Za-z ]+?) Error: /.exec(text)?.[1]
  if (kind === 'INTERRUPT') return queryTimeout(report, limits)
  const disk = diskKinds.includes(kind ?? '') && diskWords.find(([words]) => text.includes(words))
  if (disk) return new JobsdError('STORAGE_FAILED', { reason: disk[1] }, { cause: error })
  if (kind === 'Out of Memory') {
    return text.includes('max_temp_directory_size') ? outOfTemp(report, limits) : outOfMemory(report, limits)
  }
  const line = text
    .split('\n')[0]!
    .replace(/[^\s'"`(]*\/[^\s'"`)]*/g, '...')
    .slice(0, 300)
  const reason =
    kind === undefined
      ? `the query process met ${systemCode(error) ?? 'an unknown error'}`
      : speakable.includes(kind)
        ? line
        : `${kind} Error`
  return new JobsdError('REPORT_FAILED', { report, reason: where + reason }, { cause: error })
}

export function queryTimeout(report: string, { timeoutMs }: QueryLimits): JobsdError {
  return new JobsdError('STEP_TIMEOUT', { step: report, timeoutMs })
}

export function outOfMemory(report: string, { memoryMb }: QueryLimits): JobsdError {
  return new JobsdError('REPORT_FAILED', { report, reason: `the query needs more than ${memoryMb} MB` })
}

function outOfTemp(report: string, { maxTempBytes }: QueryLimits): JobsdError {
  const reason = `the query needs more than ${maxTempBytes} bytes of temporary files`
  return new JobsdError('REPORT_FAILED', { report, reason })
}

function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
