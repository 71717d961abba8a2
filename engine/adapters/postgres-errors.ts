/** Turns what `pg` and PostgreSQL throw into the table's errors: never a server's text that may quote a value of a row. */
import { DatabaseError } from 'pg'
import { JobsdError } from '../core/errors.ts'
import { toStorageError } from '../core/storage-error.ts'

export interface PostgresAct {
  connection: string
  /** What is read, such as `reporting.calls`; the database where it is none yet. */
  path: string
  /** Of one statement. */
  timeoutMs: number
  /** For errors of rows; null outside of a report. */
  report: string | null
}

// Of the classes of SQLSTATE: insufficient resources, object not in prerequisite state, transaction rollback.
const busyClasses = ['53', '55', '40']
const startingUp = '57P03'

/** The error that a failed act means. An error of the table stays as it is. */
export function translatePostgresFailure(error: unknown, act: PostgresAct): unknown {
  if (error instanceof JobsdError) return error
  const { connection, path } = act
  if (error instanceof DatabaseError) return describeAnswer(error.code ?? '', act)
  if (!(error instanceof Error)) return error
  const stored = toStorageError(error)
  if (stored instanceof JobsdError) return stored
  const code = 'code' in error ? String(error.code) : ''
  const reason = unreachableReason(code, error.message)
  if (reason) return new JobsdError('ENDPOINT_UNREACHABLE', { connection, reason }, causeOf(code, reason))
  // The password's own steps: a server that asks for what we do not do, or that does not know it either.
  if (/^SASL|password must be a string/.test(error.message))
    return new JobsdError('AUTH_REFUSED', { connection, path }, causeOf('SASL', 'the login failed'))
  return error
}

function describeAnswer(sqlState: string, { connection, path, timeoutMs, report }: PostgresAct): JobsdError {
  const reason = `PostgreSQL says ${sqlState}`
  const cause = causeOf(sqlState, reason)
  const kind = sqlState.slice(0, 2)
  if (kind === '28') return new JobsdError('AUTH_REFUSED', { connection }, cause)
  if (sqlState === '57014') return new JobsdError('ENDPOINT_TIMEOUT', { connection, timeoutMs }, cause)
  if (busyClasses.includes(kind) || sqlState === startingUp)
    return new JobsdError('TARGET_BUSY', { connection, reason }, cause)
  // The server goes away: it is shut down, or has ended this session.
  if (kind === '08' || kind === '57')
    return new JobsdError('ENDPOINT_UNREACHABLE', { connection, reason }, cause)
  if (sqlState === '42P01' || sqlState === '42703')
    return new JobsdError('DATASET_MISSING', { connection, table: path }, cause)
  if (sqlState === '42501')
    return new JobsdError('TARGET_REFUSED', { connection, path, reason: 'permission denied' }, cause)
  if (sqlState === '3D000')
    return new JobsdError('TARGET_REFUSED', { connection, path, reason: 'there is no such database' }, cause)
  if (report !== null)
    return new JobsdError('REPORT_FAILED', { report, reason: `table ${path}: ${reason}` }, cause)
  return new JobsdError('TARGET_REFUSED', { connection, path, reason }, cause)
}

const systemCodes = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EPIPE',
  'EADDRNOTAVAIL',
]

/** Undefined where it is no failure of the connection. TLS tells its failures by many codes, all with such a beginning or end. */
function unreachableReason(code: string, message: string): string | undefined {
  if (systemCodes.includes(code)) return code
  if (/^ERR_(TLS|SSL|OSSL)|^(CERT|UNABLE|DEPTH|SELF|HOSTNAME|INVALID|CRL)_|EPROTO/.test(code)) {
    return `TLS: ${oneLine(message)}`
  }
  if (/does not support SSL/i.test(message)) return 'it does not speak TLS'
  if (/SSL|TLS/.test(message)) return `TLS: ${oneLine(message)}`
  if (/connection terminated|closed|not queryable|premature close/i.test(message))
    return 'the connection was lost'
  return undefined
}

/** The library's error without what it carries. */
function causeOf(code: string, reason: string): { cause: Error } {
  return { cause: new Error(`${code}: ${reason}`) }
}

function oneLine(text: string): string {
  return text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, 300)
}
