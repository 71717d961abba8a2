import { JobsdError } from './errors.ts'

const passing = ['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EAGAIN', 'EIO', 'EROFS', 'ENOMEM']

/** What the engine's own disk or its limits did, as STORAGE_FAILED; any other error as it is. */
export function toStorageError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return passing.includes(code) ? new JobsdError('STORAGE_FAILED', { reason: code }, { cause: error }) : error
}
