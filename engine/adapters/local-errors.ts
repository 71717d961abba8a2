import { JobsdError } from '../core/errors.ts'

/** Whether an error is the file system's, with one of these codes. */
export function isErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes(String((error as NodeJS.ErrnoException).code))
}

/** Translates what the file system answered about `path`. Anything else comes back as it is. */
export function translateFileError(error: unknown, connection: string, path: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (error instanceof JobsdError || syscall === undefined || code === undefined) return error
  const options = { cause: error }
  switch (code) {
    case 'ENOENT':
      return new JobsdError('FILE_MISSING', { path }, options)
    case 'EEXIST':
      return new JobsdError('FILE_EXISTS', { path }, options)
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new JobsdError('TARGET_FULL', { connection, path, reason: code }, options)
    case 'EIO':
    case 'ESTALE':
    case 'ENOTCONN':
    case 'EHOSTDOWN':
    case 'EMFILE':
    case 'ENFILE':
      return new JobsdError('ENDPOINT_UNREACHABLE', { connection, reason: code }, options)
    default:
      return new JobsdError('TARGET_REFUSED', { connection, path, reason: code }, options)
  }
}
