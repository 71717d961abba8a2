import { JobsdError } from '../core/errors.ts'
import { shortReason } from './file-paths.ts'

/** Status codes of the SFTP protocol, version 3. */
export const NO_SUCH_FILE = 2
const FAILURE = 4
const NO_CONNECTION = 6
const CONNECTION_LOST = 7
const OP_UNSUPPORTED = 8

/** What a server answered to one request. */
export interface SftpStatus extends Error {
  code: number
}

/** Whether an error is a server's answer with one of these status codes, or with any. */
export function isStatus(error: unknown, ...codes: number[]): error is SftpStatus {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'number') return false
  return codes.length === 0 || codes.includes(error.code)
}

/**
 * Translates what a server answered about `path`. `writing` tells that it was about a file's body: a server that has
 * opened a file and then fails to write it is out of room or over quota, though few say so. Anything that is no
 * answer of a server comes back as it is.
 */
export function translateStatus(error: unknown, connection: string, path: string, writing = false): unknown {
  if (error instanceof JobsdError || !(error instanceof Error)) return error
  const options = { cause: error }
  // ssh2 fails what was under way with this one when the channel ends.
  if (error.message === 'No response from server' || isStatus(error, NO_CONNECTION, CONNECTION_LOST))
    return new JobsdError('ENDPOINT_UNREACHABLE', { connection, reason: 'the connection was lost' }, options)
  if (!isStatus(error)) return error
  const reason = shortReason(error.message)
  if (isStatus(error, NO_SUCH_FILE)) return new JobsdError('FILE_MISSING', { path }, options)
  if (writing && isStatus(error, FAILURE))
    return new JobsdError('TARGET_FULL', { connection, path, reason }, options)
  if (isStatus(error, OP_UNSUPPORTED)) {
    const unsupported = `the server cannot do this (${reason})`
    return new JobsdError('TARGET_REFUSED', { connection, path, reason: unsupported }, options)
  }
  return new JobsdError('TARGET_REFUSED', { connection, path, reason }, options)
}
