/** Translates what the S3 client throws into errors of the table. */
import { type ErrorCode, JobsdError } from '../core/errors.ts'
import { hideSecrets } from '../core/secret.ts'

interface S3Failure extends Error {
  code?: string
  $metadata?: { httpStatusCode?: number }
}

export interface S3Attempt {
  connection: string
  /** The key with the connection's prefix. */
  path: string
  timeoutMs: number
  /** What no message may show. */
  hidden: readonly string[]
}

const codeByName: Record<string, ErrorCode> = {
  InvalidAccessKeyId: 'AUTH_REFUSED',
  SignatureDoesNotMatch: 'AUTH_REFUSED',
  InvalidToken: 'AUTH_REFUSED',
  ExpiredToken: 'AUTH_REFUSED',
  SlowDown: 'TARGET_BUSY',
  ThrottlingException: 'TARGET_BUSY',
  RequestTimeout: 'TARGET_BUSY',
  IncompleteBody: 'TARGET_BUSY',
  OperationAborted: 'TARGET_BUSY',
  BadDigest: 'VERIFY_FAILED',
  InvalidDigest: 'VERIFY_FAILED',
  XAmzContentSHA256Mismatch: 'VERIFY_FAILED',
  XAmzContentChecksumMismatch: 'VERIFY_FAILED',
  PreconditionFailed: 'FILE_EXISTS',
  ConditionalRequestConflict: 'FILE_EXISTS',
  QuotaExceeded: 'TARGET_FULL',
  XMinioStorageFull: 'TARGET_FULL',
}

const codeByStatus: Record<number, ErrorCode> = {
  401: 'AUTH_REFUSED',
  409: 'FILE_EXISTS',
  412: 'FILE_EXISTS',
  429: 'TARGET_BUSY',
  501: 'TARGET_REFUSED',
  507: 'TARGET_FULL',
}

/** Returns the JobsdError for a failed request. What comes from neither the store nor the network is returned as it is. */
export function translateS3Failure(error: unknown, attempt: S3Attempt): unknown {
  if (error instanceof JobsdError || !isS3Failure(error)) return error
  const { connection, path } = attempt
  const timeoutMs = Number(/(\d+) ms/.exec(error.message)?.[1] ?? attempt.timeoutMs)
  const reason = describeFailure(error, attempt.hidden)
  // The client's errors carry the whole request; only their words go on.
  return new JobsdError(codeOf(error), { connection, path, timeoutMs, reason }, { cause: new Error(reason) })
}

/** The HTTP status of a store's answer; undefined where there was none. */
export function statusOf(error: unknown): number | undefined {
  return isS3Failure(error) ? error.$metadata?.httpStatusCode : undefined
}

function isS3Failure(error: unknown): error is S3Failure {
  if (!(error instanceof Error)) return false
  const { name, code, $metadata } = error as S3Failure
  if (name === 'TimeoutError' || $metadata?.httpStatusCode !== undefined) return true
  // Node's own codes for wrong arguments and states are bugs; those of sockets and of TLS are not.
  return typeof code === 'string' && !/^ERR_(?!TLS|SSL)/.test(code)
}

function codeOf(error: S3Failure): ErrorCode {
  // The client calls a lost connection a timeout too.
  const isLost = error.code === 'ECONNRESET' || error.code === 'EPIPE'
  if (error.name === 'TimeoutError' && !isLost) return 'ENDPOINT_TIMEOUT'
  const status = error.$metadata?.httpStatusCode
  if (status === undefined) return 'ENDPOINT_UNREACHABLE'
  return codeByName[error.name] ?? codeByStatus[status] ?? (status >= 500 ? 'TARGET_BUSY' : 'TARGET_REFUSED')
}

function describeFailure(error: S3Failure, hidden: readonly string[]): string {
  const status = error.$metadata?.httpStatusCode
  const name = error.code ?? error.name
  const words = `${name}${status === undefined ? '' : ` (HTTP ${status})`}: ${error.message}`
  const shown = hidden.reduce(
    (text, value) => (value ? text.replaceAll(value, '[secret]') : text),
    hideSecrets(words),
  )
  return shown.replace(/[\s\p{Cc}]+/gu, ' ').slice(0, 300)
}
